"""Paired tests of corpus scores such as BLEU, which are no means over sentences: those of sacrebleu, over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
from sacrebleu.metrics.base import Score, Signature
from sacrebleu.significance import PairedTest

from .metric import CorpusScore
from .significance import IDENTICAL, Resampling, Significance, bootstrap_counts, percentile_interval

NAME = "corpus score"
"""What `PairedTest` files its results under."""


class MeanOverSeeds:
    """The mean over seeds of a corpus score, in the form that sacrebleu's `PairedTest` asks for.

    A "hypothesis" is what is known of one sentence: its sufficient statistics (n-gram counts
    and lengths), those of all seeds side by side. A sentence is thus drawn or swapped with all
    of its seeds, and the tested score is the one in the table. With one seed it is sacrebleu's
    own test.
    """

    def __init__(self, corpus_score: CorpusScore, seeds: int) -> None:
        self.corpus_score, self.seeds = corpus_score, seeds

    def get_signature(self) -> Signature:
        return Signature({"num_refs": 1})

    def _extract_corpus_statistics(self, hypotheses: np.ndarray, _references: Any) -> np.ndarray:
        return hypotheses

    def _aggregate_and_compute(self, rows: np.ndarray) -> Score:
        return self._compute_score_from_stats(np.sum(rows, axis=0))

    def _compute_score_from_stats(self, sums: np.ndarray) -> Score:
        parts = np.split(np.asarray(sums, dtype=np.float64), self.seeds)
        return Score(NAME, fmean(self.corpus_score(part.tolist()) for part in parts))


def corpus_significance(
    corpus_score: CorpusScore,
    system: Sequence[np.ndarray],
    reference: Sequence[np.ndarray],
    resampling: Resampling,
) -> Significance:
    """sacrebleu's paired tests of the mean over seeds of a corpus score, and its interval.

    sacrebleu's seed is the environment variable ``SACREBLEU_SEED``, which ``resampling.seed``
    is read from as well. Its bootstrap compares absolute differences with their own mean, which
    makes that p-value close to a one-sided one; its randomisation test is two-sided.

    Args:
        corpus_score: see `metric.CorpusScore`.
        system: per seed the sufficient statistics ``[sentences, counts]``.
        reference: those of the system to compare with, seeds in the same order.
    """
    mean = MeanOverSeeds(corpus_score, len(system))
    rows, baseline = (np.concatenate(seeds, axis=1).astype(np.float64) for seeds in (system, reference))
    if np.array_equal(rows, baseline):
        return IDENTICAL  # sacrebleu counts strictly larger differences only: it would find p = 1 / (n + 1)
    p_values = {}
    systems: list[tuple[str, Any]] = [("reference", baseline), ("system", rows)]
    metrics: dict[str, Any] = {NAME: mean}
    for kind, count in (("ar", resampling.trials), ("bs", resampling.samples)):
        results: dict[str, Any] = PairedTest(systems, metrics, None, test_type=kind, n_samples=count)()[1]
        p_values[kind] = float(results[NAME][1].p_value)
    observed = mean._aggregate_and_compute(rows).score - mean._aggregate_and_compute(baseline).score
    interval = percentile_interval(_bootstrap_differences(mean, rows, baseline, resampling))
    return Significance(observed, interval, p_values["ar"], p_values["bs"])


def _bootstrap_differences(
    mean: MeanOverSeeds, rows: np.ndarray, baseline: np.ndarray, resampling: Resampling
) -> np.ndarray:
    """The difference on each resampled test set."""

    def scores(sums: np.ndarray) -> np.ndarray:
        return np.array([mean._compute_score_from_stats(row).score for row in sums])

    counts = bootstrap_counts(len(rows), resampling)
    return np.concatenate([scores(block @ rows) - scores(block @ baseline) for block in counts])
