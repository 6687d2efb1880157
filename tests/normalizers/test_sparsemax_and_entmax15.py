"""sparsemax and entmax-1.5 against independent solutions of their optimisation problems."""

from __future__ import annotations

import entmax
import pytest
import torch

from onmt_evsoftmax import entmax15, sparsemax

PAIRS = (
    (sparsemax, entmax.sparsemax, entmax.sparsemax_bisect),
    (entmax15, entmax.entmax15, lambda v: entmax.entmax_bisect(v, 1.5)),
)


@pytest.mark.parametrize("ours, exact, bisected", PAIRS)
def test_equals_the_solvers_of_entmax(ours, exact, bisected):
    for scale in (0.01, 1.0, 30.0):
        scores = torch.randn(50, 30, dtype=torch.float64) * scale
        torch.testing.assert_close(ours(scores), exact(scores))
        torch.testing.assert_close(ours(scores), bisected(scores), rtol=0, atol=1e-8)


@pytest.mark.parametrize("ours, exact, _", PAIRS)
def test_gradient_equals_that_of_entmax(ours, exact, _):
    gradients = []
    data, weights = torch.randn(50, 30, dtype=torch.float64), torch.randn(50, 30, dtype=torch.float64)
    for function in (ours, exact):
        scores = data.clone().requires_grad_()
        (function(scores) * weights).sum().backward()
        gradients.append(scores.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("ours, alpha", ((sparsemax, 2.0), (entmax15, 1.5)))
def test_optimality(ours, alpha):
    """p maximises <p, v> + H(p): v - p^(alpha-1) / (alpha-1) is constant on the support, smaller outside."""
    scores = torch.randn(200, 12, dtype=torch.float64) * 2
    p = ours(scores)
    multiplier = scores - p.pow(alpha - 1) / (alpha - 1)
    highest = multiplier.amax(-1, keepdim=True)
    assert ((highest - multiplier).masked_fill(p == 0, 0) < 1e-9).all()
    torch.testing.assert_close(p.sum(-1), torch.ones(200, dtype=torch.float64))


def test_figure_1_of_the_paper():
    assert sparsemax(torch.tensor([0.4, 1.4, -0.8])).tolist() == pytest.approx([0, 1, 0], abs=1e-6)


def test_a_large_offset_costs_no_accuracy():
    scores = torch.randn(20, 8)
    for ours in (sparsemax, entmax15):
        # 1024 is a power of two: the scores keep their differences to 2^-14
        torch.testing.assert_close(ours(scores + 1024), ours(scores), rtol=0, atol=2e-4)
