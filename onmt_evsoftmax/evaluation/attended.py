"""How much each token attends to: attended positions and attended words of an attention archive.

A position is attended when its weight is > 0; a word is attended when any of its pieces is.
Rows are query *tokens*, that is pieces, the closing ``</s>`` of a target included; only keys
are merged to words. The archive holds no padding, so neither do the counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..archive import AttentionArchive
from ..archive.segmentation import word_ids
from ..archive.words import word_starts

UNITS = ("words", "positions")
"""What is counted: source words or source pieces."""

MEASURES = ("positions", "words", "share", "entropy")
"""The figures that every layer and head has, see `KindMeans`."""

ANY_HEAD = "_any_head"
"""The end of the name of a figure that counts what at least one head attends to: the union over heads."""

HEADLINES = tuple(unit + heads for unit in UNITS for heads in ("", ANY_HEAD))
"""The figures that are a `Spread` over all target tokens, see `AttendedWords`."""


@dataclass(frozen=True)
class Spread:
    """Mean and (population) standard deviation."""

    mean: float
    std: float


@dataclass(frozen=True)
class KindMeans:
    """Means over all query tokens of one kind of attention; every list is ``[layers][heads]``.

    Attributes:
        query_tokens: how many query tokens there are.
        positions: attended positions per query token.
        words: attended words per query token.
        share: attended positions / valid positions; row t of decoder self-attention has
            t + 1 valid positions, every other row as many as there are keys.
        entropy: -Σ p log p of a query token's weights, in nats.
    """

    query_tokens: int
    positions: list[list[float]]
    words: list[list[float]]
    share: list[list[float]]
    entropy: list[list[float]]


@dataclass(frozen=True)
class AttendedWords:
    """What a model attends to on a test set.

    The headline figures are those of cross-attention in the last decoder layer. For each target
    token every head is counted by itself, and the counts are averaged over the heads; then mean
    and standard deviation are taken over all target tokens of the test set. ``.._any_head`` counts
    for each target token what at least one head attends to, that is where the mean of the heads'
    weights is > 0. It lies between the headline and the heads' number times the headline.

    Attributes:
        target_tokens: how many target tokens there are.
        words: headline, in source words.
        positions: headline, in source pieces.
        words_any_head, positions_any_head: the union over the heads.
        kinds: every kind, layer and head.
        sentence_target_tokens: target tokens of each sentence.
        sentence_words: headline mean of each sentence, in words.
        sentence_positions: headline mean of each sentence, in pieces.
    """

    target_tokens: int
    words: Spread
    positions: Spread
    words_any_head: Spread
    positions_any_head: Spread
    kinds: dict[str, KindMeans]
    sentence_target_tokens: list[int]
    sentence_words: list[float]
    sentence_positions: list[float]


def count_attended(weights: np.ndarray, words: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Attended positions and attended words of each query token.

    Args:
        weights: ``[layers, heads, queries, keys]``.
        words: index of the word of each key, ascending (see `segmentation.word_ids`).

    Returns:
        two integer arrays ``[layers, heads, queries]``.
    """
    attended = weights > 0
    starts = word_starts(words)  # none when the source is an empty line
    return attended.sum(axis=-1), np.logical_or.reduceat(attended, starts, axis=-1).sum(axis=-1)


def measure_attended(archive: AttentionArchive) -> AttendedWords:
    """Count what is attended, holding one sentence in memory at a time.

    Raises:
        InputError: the archive is damaged, or holds no cross-attention.
    """
    archive.require("cross")
    tallies: dict[str, _Tally] = {}
    words, positions, any_words, any_positions = (_Headline() for _ in range(4))
    for index, sentence in enumerate(archive):
        for kind, weights in sentence.attention.items():
            keys = word_ids(sentence.tokens(kind)[1], archive.metadata["segmentation"])
            attended = count_attended(weights, keys)
            tally = tallies.setdefault(kind, _Tally(*weights.shape[:2]))
            if tally.positions.shape != weights.shape[:2]:
                raise archive.damaged(f"sentence {index}: {kind} has other layers or heads")
            tally.add(weights, *attended, causal=kind == "decoder")
            if kind == "cross":
                positions.add(attended[0][-1])
                words.add(attended[1][-1])
                union = count_attended(weights[-1:].max(axis=1, keepdims=True), keys)
                any_positions.add(union[0][-1])
                any_words.add(union[1][-1])
    return AttendedWords(
        target_tokens=words.tokens,
        words=words.spread(),
        positions=positions.spread(),
        words_any_head=any_words.spread(),
        positions_any_head=any_positions.spread(),
        kinds={kind: tally.means() for kind, tally in tallies.items()},
        sentence_target_tokens=words.sentence_tokens,
        sentence_words=words.sentence_means,
        sentence_positions=positions.sentence_means,
    )


class _Tally:
    """Sums over the query tokens of one kind of attention, layer by layer and head by head."""

    def __init__(self, layers: int, heads: int) -> None:
        self.queries = 0
        self.positions = np.zeros((layers, heads), dtype=np.int64)
        self.words = np.zeros((layers, heads), dtype=np.int64)
        self.share = np.zeros((layers, heads))
        self.entropy = np.zeros((layers, heads))

    def add(self, weights: np.ndarray, positions: np.ndarray, words: np.ndarray, causal: bool) -> None:
        queries, keys = weights.shape[2:]
        valid = np.arange(1, queries + 1) if causal else max(keys, 1)
        self.queries += queries
        self.positions += positions.sum(axis=-1)
        self.words += words.sum(axis=-1)
        self.share += (positions / valid).sum(axis=-1)
        # log 1 where the weight is 0: the limit of p log p is 0
        logarithms = np.log(np.where(weights > 0, weights, 1), dtype=np.float64)
        self.entropy -= (weights * logarithms).sum(axis=(-2, -1))

    def means(self) -> KindMeans:
        sums = (self.positions, self.words, self.share, self.entropy)
        return KindMeans(self.queries, *((total / max(self.queries, 1)).tolist() for total in sums))


@dataclass
class _Headline:
    """Counts of a test set, for one headline figure: exact, in integers, until `spread` divides."""

    heads: int = 1
    tokens: int = 0
    total: int = 0
    squares: int = 0
    sentence_tokens: list[int] = field(default_factory=list)
    sentence_means: list[float] = field(default_factory=list)

    def add(self, counts: np.ndarray) -> None:
        """``counts``: integers ``[heads, tokens]`` of one sentence."""
        self.heads, tokens = counts.shape
        summed = counts.sum(axis=0)
        self.tokens += tokens
        self.total += int(summed.sum())
        self.squares += int((summed**2).sum())
        self.sentence_tokens.append(tokens)
        self.sentence_means.append(float(summed.mean() / self.heads))

    def spread(self) -> Spread:
        variance = self.tokens * self.squares - self.total**2
        scale = self.tokens * self.heads
        return Spread(self.total / scale, math.sqrt(variance) / scale)
