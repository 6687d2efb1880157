from __future__ import annotations

import math

import pytest
import torch

from onmt_evsoftmax.normalizers import get, softmax
from other_experiments.ssvae.posterior import Posterior

MAPPINGS = ["softmax", "sparsemax", "entmax15", "evsoftmax"]


@pytest.mark.parametrize("name", MAPPINGS)
def test_entropy_and_its_gradient(name):
    scores = torch.tensor([[0.7, 1.4, -0.8], [5.0, 0.0, 0.1]], dtype=torch.float64, requires_grad=True)
    posterior = Posterior(scores, get(name).function)
    torch.testing.assert_close(posterior.entropy(), torch.special.entr(posterior.probabilities).sum(-1))

    def entropy(scores):
        return Posterior(scores, get(name).function).entropy()

    assert torch.autograd.gradcheck(entropy, scores)


@pytest.mark.parametrize("name", MAPPINGS)
def test_gradient_of_entropy_is_finite_where_float32_rounds_to_zero(name):
    scores = torch.tensor([[0.0, 120.0, -120.0]], requires_grad=True)
    Posterior(scores, get(name).function).entropy().sum().backward()
    assert scores.grad.isfinite().all()


def test_support_lists_the_pairs_with_probability():
    scores = torch.tensor([[0.4, 1.4, -0.8], [9.0, 0.0, 0.1]])
    image, label = Posterior(scores, get("evsoftmax").function).support()
    assert list(zip(image.tolist(), label.tolist())) == [(0, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize("without", [None, 2])
def test_samples_follow_the_probabilities(without):
    count = 40000
    scores = torch.tensor([[0.0, 1.0, 2.0, -1.0]]).expand(count, 4)
    left_out = None if without is None else torch.full((count,), without)
    drawn = Posterior(scores, softmax).sample(torch.Generator().manual_seed(0), left_out)
    wanted = scores[0].softmax(-1)
    if without is not None:
        wanted[without] = 0
        wanted /= wanted.sum()
        assert not (drawn == without).any()
    found = torch.bincount(drawn, minlength=4) / count
    torch.testing.assert_close(found, wanted, rtol=0, atol=4 * 0.5 / math.sqrt(count))


def test_the_rest_can_be_sampled_where_it_is_rounded_to_zero():
    posterior = Posterior(torch.tensor([[300.0, 0.0, 0.0]]), softmax)
    label = posterior.sample(torch.Generator().manual_seed(0), posterior.mode())
    assert label.item() in (1, 2)
    assert posterior.log_softmax(label).item() == pytest.approx(-300)
