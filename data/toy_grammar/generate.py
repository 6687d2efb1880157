"""Write the embedded corpus: ``python -m data.toy_grammar.generate --out data/toy_ende``.

The same seed gives the same bytes with every Python from 3.9 on.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from onmt_evsoftmax.base.files import atomic_write

from .patterns import PATTERNS, Pattern
from .sentences import Pair
from .writer import Writer

SEED = 2022
SIZES = {"train": 22000, "valid": 800, "test": 800}
LANGUAGES = ("en", "de")
MIN_TRAIN_COUNT = 5
MAX_WORDS = 22
_DRAWS_PER_PAIR = 40
_LEFTOVER = re.compile(
    r"[{}|_/+=<>\\]|None|  | [,.;?!]|[,;][,.;]|"
    r"\b(?!die\b|der\b|das\b|den\b|sie\b)(\w+) \1\b"
)


def words(sentence: str) -> list[str]:
    """The words of a sentence as they are written, without punctuation."""
    return re.findall(r"[\w'-]+", sentence)


def fault(pair: Pair) -> Optional[str]:
    """What is wrong with the form of a pair, or None: leftovers, spaces, capital, end mark, length."""
    for sentence in pair:
        if _LEFTOVER.search(sentence):
            return "leftover of a pattern, a stray space or a doubled word"
        if not sentence[0].isupper() or sentence[-1] not in ".?!":
            return "no capital at the start or no mark at the end"
        if len(words(sentence)) > MAX_WORDS:
            return "too long"
    return None


def draw_pairs(writer: Writer, number: int) -> list[Pair]:
    """Distinct pairs, also when lower-cased: no English line twice and no German line twice.

    Raises:
        RuntimeError: an English sentence came up with two different translations, or the
            patterns cannot make that many pairs.
    """
    deck = [pattern for pattern, weight in PATTERNS for _ in range(weight)]
    translations: dict[str, str] = {}
    german_seen: set[str] = set()
    pairs: list[Pair] = []
    for _ in range(number * _DRAWS_PER_PAIR):
        pair = _draw(writer, deck)
        if pair is None:
            continue
        en, de = pair.en.lower(), pair.de.lower()
        if translations.setdefault(en, de) != de:
            raise RuntimeError(f"two translations of {pair.en!r}: {translations[en]!r} and {pair.de!r}")
        if de not in german_seen:
            german_seen.add(de)
            pairs.append(pair)
        if len(pairs) == number:
            return pairs
    raise RuntimeError(f"only {len(pairs)} of {number} pairs after {number * _DRAWS_PER_PAIR} draws")


def _draw(writer: Writer, deck: Sequence[Pattern]) -> Optional[Pair]:
    pair = writer.pick(deck)(writer)
    return pair if pair is not None and fault(pair) is None else None


def split(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Train, valid and test. A pair may leave train only if all its words stay frequent there.

    Every word of valid and test, as it is written, occurs at least ``MIN_TRAIN_COUNT`` times
    in train.
    """
    counts = Counter(word for pair in pairs for sentence in pair for word in words(sentence))
    parts: dict[str, list[Pair]] = {name: [] for name in SIZES}
    for pair in pairs:
        own = Counter(word for sentence in pair for word in words(sentence))
        held_out = next((name for name in ("test", "valid") if len(parts[name]) < SIZES[name]), None)
        if held_out and all(counts[word] - number >= MIN_TRAIN_COUNT for word, number in own.items()):
            counts.subtract(own)
            parts[held_out].append(pair)
        else:
            parts["train"].append(pair)
    return parts


def write(parts: dict[str, list[Pair]], folder: Path) -> None:
    """One line-aligned file for each part and language."""
    for name, pairs in parts.items():
        for column, language in enumerate(LANGUAGES):
            with atomic_write(folder / f"{name}.{language}") as stream:
                stream.writelines(pair[column] + "\n" for pair in pairs)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Write the embedded English-German corpus.")
    parser.add_argument("--out", type=Path, default=Path("data/toy_ende"), help="folder for the six files")
    options = parser.parse_args(arguments)
    parts = split(draw_pairs(Writer(SEED), sum(SIZES.values())))
    write(parts, options.out)
    for name, pairs in parts.items():
        print(f"{name}: {len(pairs)} pairs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
