"""The targets' densities and entropies, and the maximum-entropy cases' exact solutions."""

from __future__ import annotations

import math

import pytest
import torch

from other_experiments.mdn_flow.constraints import CASES
from other_experiments.mdn_flow.targets import CIRCLE, EXTENT, SPOT_SIGMA, SPOTS, TARGETS, grid


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_target_density_is_that_of_its_draws(target):
    places = grid(181)
    p = target.log_prob(places).exp()
    cell = (2 * EXTENT / 180) ** 2
    assert p.sum().item() * cell == pytest.approx(1, abs=1e-4)
    draws = target.sample(40_000).double()
    # entropy = -E[log p] over draws; and the second moments
    assert -target.log_prob(draws[:5000]).mean().item() == pytest.approx(target.entropy(), abs=0.06)
    torch.testing.assert_close(draws.T.cov(), (places * p[:, None]).T @ places * cell, atol=0.06, rtol=0.03)


def test_entropy_of_spots_far_apart_is_known():
    assert 2 * CIRCLE * math.sin(math.pi / SPOTS) > 8 * SPOT_SIGMA
    alone = math.log(2 * math.pi * math.e * SPOT_SIGMA**2)
    assert TARGETS["eight_gaussians"].entropy() == pytest.approx(alone + math.log(SPOTS), abs=1e-3)


@pytest.mark.parametrize("name", ["gaussian", "dirichlet", "bimodal"])
def test_solution_meets_the_constraints_and_has_the_entropy(name):
    """By quadrature over the flow's space, whose volume is dx / |dx/dy|."""
    case = CASES[name]
    y = torch.linspace(-9, 9, 40_001)[:, None].double() if case.features == 1 else grid(700, 9.0)
    cell = 18 / 40_000 if case.features == 1 else (18 / 699) ** 2
    x, log_volume = case.place(y)
    log_p = case.log_prob(x.float()).double()
    mass = (log_p + log_volume).exp() * cell
    assert mass.sum().item() == pytest.approx(1, abs=2e-3)
    residual = (mass[:, None] * case.statistics(x)).sum(0)
    torch.testing.assert_close(residual, torch.zeros_like(residual), atol=4e-3, rtol=0)
    assert -(mass * log_p).sum().item() == pytest.approx(case.entropy(), abs=4e-3)
