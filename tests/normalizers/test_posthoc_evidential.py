"""Theorem 3.1: ev-softmax equals the filter by belief masses; and the masses equal Dempster's rule."""

from __future__ import annotations

import itertools

import pytest
import torch

from onmt_evsoftmax import (
    PosthocEvidential,
    evsoftmax,
    posthoc_evidential,
    posthoc_evidential_from_features,
    softmax,
)
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import belief_masses, evidential_weights


@pytest.mark.parametrize("classes", (2, 3, 4, 5, 8, 16, 33, 64, 100, 256))
def test_theorem_3_1_on_random_problems(classes):
    problems, features = 1200, 6
    phi = torch.randn(problems, features, dtype=torch.float64)
    weight = torch.randn(problems, classes, features, dtype=torch.float64)
    bias = torch.randn(problems, classes, dtype=torch.float64)
    expected = torch.vmap(posthoc_evidential_from_features)(phi, weight, bias)
    scores = torch.einsum("nkj,nj->nk", weight, phi) + bias
    for result in (evsoftmax(scores), posthoc_evidential(scores)):
        torch.testing.assert_close(result, expected, rtol=1e-9, atol=1e-14)
        assert torch.equal(result > 0, expected > 0)


def test_weights_are_centred_scores():
    phi, weight, bias = torch.randn(3, 4, 5), torch.randn(7, 5), torch.randn(7)
    for given_bias in (None, bias):
        scores = torch.nn.functional.linear(phi, weight, given_bias)
        torch.testing.assert_close(
            evidential_weights(phi, weight, given_bias),
            scores - scores.mean(-1, keepdim=True),
            rtol=1e-4,
            atol=1e-5,
        )
        torch.testing.assert_close(
            posthoc_evidential_from_features(phi, weight, given_bias), evsoftmax(scores), rtol=1e-4, atol=1e-5
        )


def masses_by_dempsters_rule(weights, features):
    """Singleton masses of one problem, by combining the simple mass functions of eqs. 17 and 18 one by one.

    Sets of classes are bit masks; each weight w_jk = w_k / J speaks for {z_k} or for its complement.
    """
    classes = len(weights)
    everything = 2**classes - 1
    combined = {everything: 1.0}
    for k, _ in itertools.product(range(classes), range(features)):
        w = weights[k] / features
        focal = 1 << k if w > 0 else everything ^ (1 << k)
        certain = 1 - torch.exp(-w.abs()).item()
        step = {}
        for subset, mass in combined.items():
            step[subset & focal] = step.get(subset & focal, 0.0) + mass * certain
            step[subset] = step.get(subset, 0.0) + mass * (1 - certain)
        combined = step
    return torch.tensor([combined.get(1 << k, 0.0) for k in range(classes)], dtype=torch.float64)


@pytest.mark.parametrize("classes, features", ((2, 1), (3, 1), (3, 4), (4, 2), (5, 3)))
def test_masses_follow_dempsters_rule(classes, features):
    for _ in range(20):
        weights = torch.randn(classes, dtype=torch.float64)
        weights -= weights.mean()
        expected = masses_by_dempsters_rule(weights, features)
        result = belief_masses(weights)
        torch.testing.assert_close(result / result.sum(), expected / expected.sum())


def test_a_mass_is_zero_exactly_without_evidence():
    # nothing for class 2, nothing against class 0: lemma 3.3
    assert (belief_masses(torch.tensor([1.0, 0.5, -1.5])) == 0).tolist() == [False, False, True]
    # conflict: evidence against every class but none for any leaves all of them possible
    assert (belief_masses(torch.tensor([-1.0, -2.0, -3.0])) > 0).all()
    # no evidence at all
    assert (belief_masses(torch.zeros(3)) == 0).all()


def test_no_evidence_at_all_is_uniform():
    # eq. 32: all weights zero
    result = posthoc_evidential_from_features(torch.zeros(5), torch.randn(4, 5))
    assert result.tolist() == pytest.approx([0.25] * 4)


def test_the_module_is_softmax_in_training_mode_and_sparse_in_evaluation_mode():
    scores, mask = torch.randn(6, 5, 3), torch.rand(6, 5, 3) > 0.3
    module = PosthocEvidential(dim=1)
    assert torch.equal(module(scores, mask), softmax(scores, mask, dim=1))
    assert torch.equal(module.eval()(scores, mask), posthoc_evidential(scores, mask, dim=1))
    assert torch.equal(module.train()(scores), softmax(scores, dim=1))


def test_features_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="3 features do not fit"):
        posthoc_evidential_from_features(torch.zeros(3), torch.zeros(5, 4))
