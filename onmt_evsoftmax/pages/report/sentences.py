"""Which sentences a page shows first: those where two functions differ most, then evenly spaced ones."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Optional

import numpy as np

from ...evaluation.runs import Groups


def bleu_differences(groups: Groups, function: str, other: str) -> Optional[np.ndarray]:
    """Sentence BLEU of ``function`` minus that of ``other``, mean over the seeds that both have.

    Returns:
        ``[sentences]``, or None where they share no seed that was scored with BLEU.
    """
    scores = [
        {seed: run.sentence_scores["bleu"] for seed, run in groups.get(name, {}).items() if "bleu" in run.scores}
        for name in (function, other)
    ]
    gaps = [scores[0][seed] - scores[1][seed] for seed in scores[0] if seed in scores[1]]
    return np.mean(gaps, axis=0) if gaps else None


def extremes(differences: np.ndarray, count: int) -> tuple[list[int], list[int]]:
    """The ``count`` sentences with the largest differences above 0, and those with the smallest below.

    Ties: the first sentence of the test set first.

    >>> extremes(np.array([0.0, 3.0, -1.0, 3.0, 5.0]), 2)
    ([4, 1], [2])
    """
    rising = np.argsort(differences, kind="stable")
    falling = np.argsort(-differences, kind="stable")
    best = [int(index) for index in falling[:count] if differences[index] > 0]
    worst = [int(index) for index in rising[:count] if differences[index] < 0]
    return best, worst


def page_order(sentences: int, first: Sequence[int] = ()) -> Iterator[int]:
    """Every sentence once: ``first``, then the others so that any beginning is nearly evenly spaced.

    The order is that of the van der Corput sequence: numbers with their bits reversed.

    >>> list(page_order(8, [3]))
    [3, 0, 4, 2, 6, 1, 5, 7]
    """
    yield from first
    seen = set(first)
    bits = max(sentences - 1, 0).bit_length()
    for place in range(1 << bits):
        index = int(f"{place:0{bits}b}"[::-1], 2) if bits else 0
        if index < sentences and index not in seen:
            yield index


def mark_differences(text: str, other: str) -> str:
    """``text`` as HTML, the words that ``other`` does not have in this place inside ``<mark>``.

    >>> mark_differences("ein <b> Hund bellt", "ein Hund schläft")
    'ein <mark>&lt;b&gt;</mark> Hund <mark>bellt</mark>'
    """
    words, others = text.split(), other.split()
    parts = []
    for kind, start, stop, *_ in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        run = html.escape(" ".join(words[start:stop]))
        if run:
            parts.append(run if kind == "equal" else f"<mark>{run}</mark>")
    return " ".join(parts)
