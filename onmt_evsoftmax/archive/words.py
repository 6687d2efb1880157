"""Attention between subword pieces -> attention between words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def word_starts(words: Sequence[int]) -> np.ndarray:
    """Where each word begins; ``words`` as `onmt_evsoftmax.archive.segmentation.word_ids` gives them.

    >>> word_starts([0, 0, 1, 2]).tolist()
    [0, 2, 3]
    """
    return np.flatnonzero(np.diff(words, prepend=-1))


def merge_weights(weights: np.ndarray, query_words: Sequence[int], key_words: Sequence[int]) -> np.ndarray:
    """Merge the pieces of words: a word's keys are summed, its queries are averaged.

        W[u, v] = 1 / |u| · sum_{q in u} sum_{k in v} w[q, k]

    A row that sums to 1 still does, and a merged weight is 0 exactly when all its parts are.

    Args:
        weights: ``[..., queries, keys]``, none negative.
        query_words, key_words: the word of each piece, ascending from 0 without gaps
            (`onmt_evsoftmax.archive.segmentation.word_ids`).

    Returns:
        ``[..., query words, key words]``
    """
    summed = np.add.reduceat(weights, word_starts(key_words), axis=-1)
    counts = np.bincount(query_words)[:, None]
    return np.add.reduceat(summed, word_starts(query_words), axis=-2) / counts
