"""Is the mean of one system's sentence scores really different from that of another?

Both tests see *paired* scores: the two systems translated the same sentences. With several
seeds a sentence's difference is the mean over the seeds, so that a sentence is drawn or
swapped with all of its seeds at once: seeds are not further independent sentences.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Optional

import numpy as np

from ..base.errors import InputError

CONFIDENCE = 0.95
BLOCK = 10_000_000
"""How many random numbers are held at a time."""

TESTS = ("joint", "randomisation", "bootstrap", "seeds")
"""The names of the tests: of seeds and sentences together, of sentences in two ways, of seeds."""

OVER_SENTENCES = ("randomisation", "bootstrap")
"""The tests that resample sentences alone: they do not say whether other seeds would agree."""

TIE = 1e-9
"""Relative slack: a resampled difference that equals the observed one up to rounding counts."""


def random_seed() -> int:
    """The seed of every test: ``SACREBLEU_SEED``, the variable of sacrebleu, or its default 12345.

    Raises:
        InputError: it is no positive integer; sacrebleu takes 0 for "not reproducible".
    """
    text = os.environ.get("SACREBLEU_SEED", "12345")
    if not text.isdecimal() or int(text) == 0:
        raise InputError(f"SACREBLEU_SEED={text}: expected a positive integer")
    return int(text)


@dataclass(frozen=True)
class Resampling:
    """How often to draw: ``samples`` of the bootstrap, ``trials`` of the randomisation."""

    samples: int = 1000
    trials: int = 10000
    seed: int = field(default_factory=random_seed)


@dataclass(frozen=True)
class Significance:
    """System minus reference, on the sentences of one test set.

    Attributes:
        difference: of the two scores of the test set.
        interval: bootstrap percentile interval of the difference, of 95 %.
        p_randomisation: p-value of paired approximate randomisation.
        p_bootstrap: p-value of paired bootstrap resampling.
    """

    difference: float
    interval: tuple[float, float]
    p_randomisation: float
    p_bootstrap: float


IDENTICAL = Significance(0.0, (0.0, 0.0), 1.0, 1.0)


def mean_significance(differences: np.ndarray, resampling: Resampling) -> Significance:
    """Both tests for the mean of paired differences ``[sentences]``."""
    if not differences.any():
        return IDENTICAL
    resampled = bootstrap_means(differences, resampling)
    observed = float(differences.mean())
    return Significance(
        observed,
        percentile_interval(resampled),
        randomisation_p(differences, resampling),
        shifted_p(resampled, observed),
    )


def randomisation_p(differences: np.ndarray, resampling: Resampling) -> float:
    """Paired approximate randomisation, two-sided (Riezler and Maxwell 2005, figure 1).

    If the systems were alike, swapping their outputs for a sentence would change nothing but
    the sign of its difference. Over R random choices of signs,
    ``p = (1 + #{|mean(±d)| >= |mean(d)|}) / (R + 1)``.
    """
    rng = np.random.default_rng(resampling.seed)
    observed = abs(differences.mean()) * (1 - TIE)
    hits = 0
    for size in _blocks(resampling.trials, len(differences)):
        signs = rng.integers(2, size=(size, len(differences)), dtype=np.int8) * 2 - 1
        hits += int((np.abs(signs @ differences) / len(differences) >= observed).sum())
    return (hits + 1) / (resampling.trials + 1)


def bootstrap_means(differences: np.ndarray, resampling: Resampling) -> np.ndarray:
    """Means of ``samples`` test sets, drawn from the sentences with replacement (Koehn 2004)."""
    counts = bootstrap_counts(len(differences), resampling)
    return np.concatenate([block @ differences for block in counts]) / len(differences)


def bootstrap_counts(sentences: int, resampling: Resampling) -> Iterator[np.ndarray]:
    """How often each sentence was drawn: blocks ``[samples, sentences]`` whose rows sum to ``sentences``."""
    rng = np.random.default_rng(resampling.seed)
    equal = np.full(sentences, 1 / sentences)
    for size in _blocks(resampling.samples, sentences):
        yield rng.multinomial(sentences, equal, size=size).astype(np.float64)


def shifted_p(resampled: np.ndarray, observed: float) -> float:
    """p-value of the paired bootstrap, two-sided (Riezler and Maxwell 2005, figure 2).

    The resampled differences d* scatter around the observed d as those of equal systems would
    around 0: ``p = (1 + #{|d* - d| >= |d|}) / (B + 1)``.
    """
    hits = int((np.abs(resampled - observed) >= abs(observed) * (1 - TIE)).sum())
    return (hits + 1) / (len(resampled) + 1)


def percentile_interval(resampled: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval that holds the middle ``confidence`` of resampled values."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


def _blocks(total: int, width: int) -> Iterator[int]:
    """Sizes that add up to ``total``, each so small that ``size * width`` numbers fit into memory."""
    largest = max(1, BLOCK // width)
    for start in range(0, total, largest):
        yield min(largest, total - start)


@dataclass(frozen=True)
class SeedTest:
    """Would other seeds agree? Student's paired t-test of the seeds' test-set scores.

    Attributes:
        p: two-sided p-value.
        interval: of 95 %, of the mean difference.
    """

    p: float
    interval: tuple[float, float]


def seed_test(differences: Sequence[float], confidence: float = CONFIDENCE) -> Optional[SeedTest]:
    """Paired t-test of seed i against seed i; None for fewer than two seeds.

    With S differences of mean m and standard error e = s / √S, t = m / e has S - 1 degrees of
    freedom if the systems are alike, and m ± t(0.975) e is the interval.
    """
    from scipy.special import stdtr, stdtrit

    error, freedom = standard_error(differences), len(differences) - 1
    if error is None:
        return None
    mean = fmean(differences)
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    if error == 0:
        return SeedTest(float(mean == 0), (mean, mean))
    return SeedTest(2 * float(stdtr(freedom, -abs(mean / error))), (mean - half, mean + half))


def joint_p(differences: Sequence[float], interval: tuple[float, float]) -> Optional[float]:
    """Would other seeds *and* other sentences agree? None for fewer than two seeds.

    The difference of S seeds on one test set has two errors: e_seeds = s / √S, with S - 1 degrees of
    freedom, and e_sentences, half of the bootstrap's interval / 1.96. With T of Student's t distribution
    and Z of the normal one,

        p = P(|e_seeds T + e_sentences Z| >= |d|),

    the solution of Behrens and Fisher for two errors that are not known equally well. It is `seed_test`
    where sentences bring no error, the normal test where seeds bring none, and else larger than both.
    The chance in a single translation counts in both errors, so p is rather too large than too small:
    scripts/benchmarks/significance.py measures how often this and other tests are wrong.

    Args:
        differences: of the test set's score, one per seed.
        interval: of their mean, over sentences, of `CONFIDENCE`.
    """
    from scipy.special import ndtr, ndtri

    over_seeds, freedom = standard_error(differences), len(differences) - 1
    if over_seeds is None:
        return None
    mean = fmean(differences)
    over_sentences = (interval[1] - interval[0]) / 2 / float(ndtri((1 + CONFIDENCE) / 2))
    if over_seeds == over_sentences == 0:
        return float(mean == 0)

    # T = Z / √(χ² / freedom): for a given χ² the sum is normal. Even steps of log χ² integrate it
    # to many digits, for its density and all derivatives vanish at both ends.
    logarithm = np.linspace(-80 / freedom, math.log(freedom + 20 * math.sqrt(freedom) + 100), 2000)
    density = freedom / 2 * logarithm - np.exp(logarithm) / 2
    density = np.exp(density - density.max())
    deviation = np.sqrt(over_seeds**2 * freedom / np.exp(logarithm) + over_sentences**2)
    return float(np.average(2 * ndtr(-abs(mean) / deviation), weights=density))


def standard_error(values: Sequence[float]) -> Optional[float]:
    """Sample standard deviation / √n; None for a single value."""
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
