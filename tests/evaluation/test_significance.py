"""The tests against exact enumeration, the theory of the null hypothesis, and sacrebleu."""

from __future__ import annotations

import itertools
from functools import partial
from statistics import NormalDist

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.bleu import corpus_bleu
from onmt_evsoftmax.evaluation.corpus_significance import MeanOverSeeds, corpus_significance
from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.metrics import METRICS
from onmt_evsoftmax.evaluation.significance import (
    IDENTICAL,
    Resampling,
    bootstrap_counts,
    bootstrap_means,
    joint_p,
    mean_significance,
    percentile_interval,
    random_seed,
    randomisation_p,
    seed_test,
    shifted_p,
    standard_error,
)
from scripts.benchmarks.significance import Setting, experiments

TINY = [
    [3.0, -1.0, 2.5, 0.5, 4.0, -0.25],
    [1.0, 1.0, 1.0, -1.0, 0.0, 0.0],  # many ties with the observed difference
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
]
MANY = Resampling(samples=20000, trials=20000, seed=7)


@pytest.mark.parametrize("differences", TINY)
def test_randomisation_equals_the_enumeration_of_all_signs(differences):
    signs = np.array(list(itertools.product((-1, 1), repeat=len(differences))))
    exact = np.mean(np.abs(signs @ differences) >= abs(sum(differences)) - 1e-9)
    assert randomisation_p(np.array(differences), MANY) == pytest.approx(exact, abs=0.015)


@pytest.mark.parametrize("differences", [row[:5] for row in TINY])
def test_bootstrap_equals_the_enumeration_of_all_samples(differences):
    means = np.array([np.mean(drawn) for drawn in itertools.product(differences, repeat=len(differences))])
    observed = np.mean(differences)
    exact = np.mean(np.abs(means - observed) >= abs(observed) - 1e-9)
    resampled = bootstrap_means(np.array(differences), MANY)
    assert shifted_p(resampled, observed) == pytest.approx(exact, abs=0.015)
    assert resampled.mean() == pytest.approx(observed, abs=0.03)
    assert percentile_interval(resampled) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.11)


def test_no_p_value_is_zero():
    sure = mean_significance(np.full(200, 5.0) + np.arange(200) / 1000, Resampling(99, 199))
    assert (sure.p_bootstrap, sure.p_randomisation) == (1 / 100, 1 / 200)
    assert sure.interval[0] < sure.difference < sure.interval[1]


def test_equal_systems_differ_in_nothing():
    assert mean_significance(np.zeros(10), Resampling()) == IDENTICAL
    assert IDENTICAL.p_randomisation == IDENTICAL.p_bootstrap == 1


def test_under_the_null_p_is_uniform_and_the_interval_covers():
    rng = np.random.default_rng(0)
    draws = [rng.normal(size=60) for _ in range(400)]
    found = [mean_significance(draw, Resampling(300, 300, seed)) for seed, draw in enumerate(draws, 1)]
    for kind in ("p_randomisation", "p_bootstrap"):
        p = np.array([getattr(one, kind) for one in found])
        for level in (0.05, 0.2, 0.5, 0.8):
            slack = 3.5 * np.sqrt(level * (1 - level) / len(p)) + 0.01
            assert np.mean(p <= level) == pytest.approx(level, abs=slack), kind
    covered = np.mean([one.interval[0] <= 0 <= one.interval[1] for one in found])
    assert covered == pytest.approx(0.95, abs=0.045)


def test_a_shift_is_found():
    rng = np.random.default_rng(1)
    found = [mean_significance(rng.normal(0.5, size=60), Resampling(300, 300)) for _ in range(100)]
    assert np.mean([one.p_randomisation < 0.05 for one in found]) > 0.9
    assert np.mean([one.p_bootstrap < 0.05 for one in found]) > 0.9


def test_blocks_do_not_change_the_test(monkeypatch):
    differences = np.random.default_rng(2).normal(0.2, size=50)
    whole = mean_significance(differences, Resampling(200, 200))
    monkeypatch.setattr("onmt_evsoftmax.evaluation.significance.BLOCK", 150)
    blocks = list(bootstrap_counts(50, Resampling(200, 200)))
    assert sum(map(len, blocks)) == 200 and all((block.sum(axis=1) == 50).all() for block in blocks)
    cut = mean_significance(differences, Resampling(200, 200))
    assert cut.p_randomisation == pytest.approx(whole.p_randomisation, abs=0.1)
    assert cut.interval == pytest.approx(whole.interval, abs=1e-9)


def test_student_against_scipy():
    from scipy.stats import ttest_rel

    first, second = [29.4, 29.5, 29.1, 29.6], [29.2, 29.0, 29.15, 29.3]
    expected = ttest_rel(first, second)
    found = seed_test([a - b for a, b in zip(first, second)])
    assert found.p == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_few_or_equal_seeds():
    assert seed_test([0.3]) is None and standard_error([0.3]) is None
    assert seed_test([0.0, 0.0]).p == 1
    assert standard_error([1.0, 2.0, 3.0]) == pytest.approx(1 / np.sqrt(3))


@pytest.mark.parametrize("differences", [[0.5, 0.7, 0.9], [1.0, 1.4], [0.2, -0.3, 0.1, 0.4, 0.3]])
@pytest.mark.parametrize("width", [0.01, 0.4, 1.5])
def test_the_joint_test_is_the_sum_of_a_student_and_a_normal_error(differences, width):
    interval = (0.3 - width / 2, 0.3 + width / 2)
    rng = np.random.default_rng(0)
    errors = standard_error(differences) * rng.standard_t(len(differences) - 1, 10**6)
    errors += width / 3.92 * rng.normal(size=10**6)
    expected = np.mean(np.abs(errors) >= abs(np.mean(differences)))
    assert joint_p(differences, interval) == pytest.approx(expected, abs=0.002)


def test_the_joint_test_ends_in_those_over_seeds_and_over_sentences():
    from scipy.special import ndtr

    differences = [0.5, 0.7, 0.9]
    assert joint_p(differences, (0.7, 0.7)) == pytest.approx(seed_test(differences).p)
    assert joint_p([0.5, 0.5], (0.0, 1.0)) == pytest.approx(2 * ndtr(-0.5 / (0.5 / 1.959964)))
    assert joint_p([0.0, 0.0], (0.0, 0.0)) == 1 and joint_p([0.5], (0.0, 1.0)) is None


def test_the_joint_test_is_never_surer_than_either():
    rng = np.random.default_rng(3)
    for _ in range(200):
        differences = rng.normal(0.4, 0.3, size=rng.integers(2, 6)).tolist()
        half = rng.uniform(0.01, 1)
        mean = np.mean(differences)
        over_sentences = 2 * (1 - NormalDist().cdf(abs(mean) / (half / 1.959964)))
        p = joint_p(differences, (mean - half, mean + half))
        assert max(over_sentences, seed_test(differences).p) <= p + 1e-8 and p <= 1


def test_only_the_joint_test_holds_its_level():
    """A short run of the benchmark, where the others fail worst."""
    wrong = {
        setting: {test: np.mean(p < 0.05) for test, p in experiments(Setting(*setting), 400).items()}
        for setting in ((2, 0.6), (3, 0.6), (10, 0.3))
    }
    assert all(shares["joint"] < 0.075 for shares in wrong.values())
    assert wrong[2, 0.6]["sentences"] > 0.3 and wrong[2, 0.6]["hierarchical bootstrap"] > 0.15
    assert np.mean(experiments(Setting(3, 0.1, difference=1.0), 200)["joint"] < 0.05) > 0.8


@pytest.mark.parametrize("value", ["0", "none", "-3", ""])
def test_a_seed_that_cannot_be_reproduced_is_refused(monkeypatch, value):
    monkeypatch.setenv("SACREBLEU_SEED", value)
    with pytest.raises(InputError, match="SACREBLEU_SEED"):
        random_seed()


SCORERS = {"bleu": BLEU, "chrf": CHRF, "chrfpp": partial(CHRF, word_order=2), "ter": TER}
"""metric -> how sacrebleu computes it."""


def sentences(seed, errors, count=60):
    """References, and hypotheses with a share of their words replaced."""
    rng = np.random.default_rng(0)
    words = [f"w{number:02}" for number in range(40)]
    references = [[words[i] for i in rng.integers(0, 40, size=rng.integers(6, 15))] for _ in range(count)]
    rng = np.random.default_rng(seed)
    changed = [[words[rng.integers(40)] if rng.random() < errors else w for w in ref] for ref in references]
    return [" ".join(words) for words in changed], [" ".join(words) for words in references]


def statistics(metric, seed, errors):
    return np.array(METRICS[metric].score(Texts(*sentences(seed, errors), "de")).details["sentence_statistics"])


@pytest.mark.parametrize("metric, scorer", SCORERS.items())
def test_one_seed_is_sacrebleus_own_test(metric, scorer):
    (system, references), (baseline, _) = sentences(1, 0.25), sentences(2, 0.3)
    found = corpus_significance(
        METRICS[metric].corpus_score(),
        [statistics(metric, 1, 0.25)],
        [statistics(metric, 2, 0.3)],
        Resampling(200, 300),
    )
    for kind, samples, p in (("bs", 200, found.p_bootstrap), ("ar", 300, found.p_randomisation)):
        systems = [("baseline", baseline), ("system", system)]
        test = PairedTest(systems, {metric: scorer()}, [references], test_type=kind, n_samples=samples)
        expected = next(value for name, value in test()[1].items() if name != "System")
        assert p == pytest.approx(expected[1].p_value, abs=0.01)  # its own sums are in float32
    assert found.difference == pytest.approx(expected[1].score - expected[0].score)
    assert found.interval[0] < found.difference < found.interval[1]


@pytest.mark.parametrize("metric", SCORERS)
def test_the_tested_score_is_the_mean_over_seeds(metric):
    row = METRICS[metric]
    rows = np.concatenate([statistics(metric, seed, 0.3) for seed in (1, 2, 3)], axis=1)
    expected = np.mean([row.score(Texts(*sentences(seed, 0.3), "de")).corpus for seed in (1, 2, 3)])
    mean = MeanOverSeeds(row.corpus_score(), 3)
    assert mean._aggregate_and_compute(rows).score == pytest.approx(expected)


def test_copies_of_a_seed_are_no_further_evidence():
    """Three copies of one seed must not be more significant than the seed itself."""
    system, baseline = statistics("bleu", 1, 0.25), statistics("bleu", 2, 0.3)
    once = corpus_significance(corpus_bleu, [system], [baseline], Resampling(200, 300))
    thrice = corpus_significance(corpus_bleu, [system] * 3, [baseline] * 3, Resampling(200, 300))
    assert thrice.p_randomisation == pytest.approx(once.p_randomisation, abs=0.01)
    assert thrice.interval == pytest.approx(once.interval)


def test_the_same_output_twice_is_no_difference_for_a_corpus_metric():
    rows = statistics("bleu", 1, 0.3)
    assert corpus_significance(corpus_bleu, [rows], [rows.copy()], Resampling(50, 50)) == IDENTICAL
