"""Attention between subword pieces -> attention between words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


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
    key_starts = np.flatnonzero(np.diff(key_words, prepend=-1))
    query_starts = np.flatnonzero(np.diff(query_words, prepend=-1))
    summed = np.add.reduceat(weights, key_starts, axis=-1)
    counts = np.bincount(query_words)[:, None]
    return np.add.reduceat(summed, query_starts, axis=-2) / counts
