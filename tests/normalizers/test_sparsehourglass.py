"""sparsehourglass: its formula, its limits, and its refusals."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax import SparseHourglass, sparsehourglass, sparsemax
from onmt_evsoftmax.base.errors import InputError


@pytest.mark.parametrize("q", (0.1, 1.0, 5.0))
def test_formula(q):
    scores = torch.randn(40, 6, dtype=torch.float64) * 3
    factor = (1 + 6 * q) / (scores.sum(-1, keepdim=True).abs() + 6 * q)
    torch.testing.assert_close(sparsehourglass(scores, q=q), sparsemax(factor * scores))
    torch.testing.assert_close(SparseHourglass(q=q)(scores), sparsehourglass(scores, q=q))


def test_points_of_the_simplex_stay():
    points = torch.distributions.Dirichlet(torch.ones(5, dtype=torch.float64)).sample((30,))
    torch.testing.assert_close(sparsehourglass(points), points)


def test_limits_of_q():
    scores = torch.randn(30, 6, dtype=torch.float64) + 1
    torch.testing.assert_close(sparsehourglass(scores, q=1e9), sparsemax(scores), rtol=0, atol=1e-6)
    torch.testing.assert_close(sparsehourglass(scores, q=1e-9), sparsehourglass(7 * scores, q=1e-9), rtol=0, atol=1e-6)


@pytest.mark.parametrize("q", (0.0, -1.0, float("nan")))
def test_q_must_be_positive(q):
    with pytest.raises(InputError, match="q must be positive"):
        sparsehourglass(torch.zeros(3), q=q)
