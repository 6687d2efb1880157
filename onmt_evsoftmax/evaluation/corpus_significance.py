"""The same questions for BLEU and chrF, which are no means of sentence scores: sacrebleu's tests."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.metrics.base import Metric, Score, Signature
from sacrebleu.significance import PairedTest

from .significance import IDENTICAL, Resampling, Significance, bootstrap_counts, percentile_interval

CORPUS_METRICS = {"bleu": BLEU, "chrf": CHRF}
"""metric -> how sacrebleu computes it from summed statistics; tokenisation and case come before."""


class MeanOverSeeds:
    """The mean over seeds of a corpus score, in the form that sacrebleu's `PairedTest` asks for.

    A "hypothesis" is what is known of one sentence: its sufficient statistics (n-gram counts
    and lengths), those of all seeds side by side. A sentence is thus drawn or swapped with all
    of its seeds, and the tested score is the one in the table. With one seed it is sacrebleu's
    own test.
    """

    def __init__(self, metric: Metric, seeds: int) -> None:
        self.metric, self.seeds = metric, seeds

    def get_signature(self) -> Signature:
        return Signature({"num_refs": 1})

    def _extract_corpus_statistics(self, hypotheses: np.ndarray, _references: Any) -> np.ndarray:
        return hypotheses

    def _aggregate_and_compute(self, rows: np.ndarray) -> Score:
        return self._compute_score_from_stats(np.sum(rows, axis=0))

    def _compute_score_from_stats(self, sums: np.ndarray) -> Score:
        parts = np.split(np.asarray(sums, dtype=np.float64), self.seeds)
        scores = [self.metric._compute_score_from_stats(part.tolist()).score for part in parts]
        return Score(type(self.metric).__name__, fmean(scores))


def corpus_significance(
    metric: str, system: Sequence[np.ndarray], reference: Sequence[np.ndarray], resampling: Resampling
) -> Significance:
    """sacrebleu's paired tests of the mean over seeds of a corpus score, and its interval.

    sacrebleu's seed is the environment variable ``SACREBLEU_SEED``, which ``resampling.seed``
    is read from as well. Its bootstrap compares absolute differences with their own mean, which
    makes that p-value close to a one-sided one; its randomisation test is two-sided.

    Args:
        metric: of `CORPUS_METRICS`.
        system: per seed the sufficient statistics ``[sentences, counts]``.
        reference: those of the system to compare with, seeds in the same order.
    """
    mean = MeanOverSeeds(CORPUS_METRICS[metric](), len(system))
    rows, baseline = (np.concatenate(seeds, axis=1).astype(np.float64) for seeds in (system, reference))
    if np.array_equal(rows, baseline):
        return IDENTICAL  # sacrebleu counts strictly larger differences only: it would find p = 1 / (n + 1)
    p_values = {}
    for kind, count in (("ar", resampling.trials), ("bs", resampling.samples)):
        systems = [("reference", baseline), ("system", rows)]
        test = PairedTest(systems, {metric: mean}, None, test_type=kind, n_samples=count)
        _, results = test()
        p_values[kind] = float(results[type(mean.metric).__name__][1].p_value)
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
