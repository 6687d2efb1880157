"""The IWSLT 2014 German-English texts, prepared as everyone prepares them.

The recipe is that of Ranzato et al. (2016), as fairseq's ``prepare-iwslt14.sh`` has it, without its last
step, the segmentation into subwords. What it leaves is tokenized by Moses with escaped characters
(``&apos;``) and lower-cased: 160,239 / 7,283 / 6,750 pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from sacremoses import MosesTokenizer

from ...base.errors import InputError
from ...base.files import read_lines
from ...base.progress import Progress
from ...base.workers import Workers
from ..corpus.config import Filter
from ..corpus.filtering import filter_pairs
from .catalogue import LANGUAGES
from .lines import write_lines
from .segments import read_segments

DROPPED_LINES = ("<url>", "<talkid>", "<keywords>")
DROPPED_TAGS = ("<title>", "</title>", "<description>", "</description>")
TEST_SETS = ("TED.dev2010", "TEDX.dev2012", "TED.tst2010", "TED.tst2011", "TED.tst2012")
"""In the order in which they make up the test set."""
CLEAN = Filter(min_length=1, max_length=175, max_ratio=1.5)
LONGEST_TOKEN = 1000  # characters; Moses' clean-corpus-n.perl drops a pair with a longer one
HELD_OUT = 23  # every 23rd pair is for validation


def build(files: Mapping[str, Path], out: Path, workers: Workers, progress: Progress) -> None:
    """Write ``{train,valid,test}.{en,de}`` into ``out``.

    Args:
        files: the members of the archive, by base name.
    """
    raw = {language: read_training(files[f"train.tags.de-en.{language}"]) for language in LANGUAGES}
    _check_pairs(raw, "train.tags.de-en")
    pairs = clean(zip(*_tokenize("train", raw, workers, progress)))
    lower = [(src.lower(), tgt.lower()) for src, tgt in pairs]
    _write(out, "train", (pair for number, pair in enumerate(lower, start=1) if number % HELD_OUT))
    _write(out, "valid", lower[HELD_OUT - 1 :: HELD_OUT])
    tests: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for part in TEST_SETS:
        sides = {language: read_test(files[f"IWSLT14.{part}.de-en.{language}.xml"]) for language in LANGUAGES}
        _check_pairs(sides, f"IWSLT14.{part}.de-en")
        for language in LANGUAGES:
            tests[language] += sides[language]
    tokenized = zip(*_tokenize("test", tests, workers, progress))
    _write(out, "test", ((src.lower(), tgt.lower()) for src, tgt in tokenized))


def read_training(path: Path) -> list[str]:
    """The talks without the lines and the tags that tell about a talk; its title and description stay."""
    lines = [line for line in read_lines(path) if not any(tag in line for tag in DROPPED_LINES)]
    for tag in DROPPED_TAGS:
        lines = [line.replace(tag, "") for line in lines]
    return lines


def read_test(path: Path) -> list[str]:
    """The sentences of a test set; entities stay, as in everyone's copy of it."""
    return [line.replace("’", "'") for line in read_segments(path, unescape=False)]


def clean(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs of 1 to 175 tokens a side, neither side more than 1.5 times as long as the other."""
    kept, _ = filter_pairs(pairs, CLEAN)
    return [pair for pair in kept if max(map(len, " ".join(pair).split())) <= LONGEST_TOKEN]


def moses(language: str) -> Callable[[str], str]:
    """Moses' tokenizer with its own defaults: characters escaped, hyphens kept inside words."""
    tokenizer = MosesTokenizer(lang=language)
    return lambda line: " ".join(tokenizer.tokenize(line, return_str=True).split())


def _tokenize(name: str, sides: Mapping[str, list[str]], workers: Workers, progress: Progress) -> list[list[str]]:
    with progress.step(f"tokenize.{name}") as bar:
        bar.start(sum(map(len, sides.values())))
        return [list(workers.map(partial(moses, language), sides[language], bar.advance)) for language in LANGUAGES]


def _check_pairs(sides: Mapping[str, list[str]], name: str) -> None:
    src, tgt = LANGUAGES
    if len(sides[src]) != len(sides[tgt]):
        raise InputError(
            f"{name}: {len(sides[src])} lines of {src} but {len(sides[tgt])} of {tgt} in the archive; it is "
            f"damaged or another one than expected"
        )


def _write(out: Path, split: str, pairs: Iterable[tuple[str, str]]) -> None:
    sides = list(zip(*pairs)) or [(), ()]
    for language, lines in zip(LANGUAGES, sides):
        write_lines(out / f"{split}.{language}", lines)
