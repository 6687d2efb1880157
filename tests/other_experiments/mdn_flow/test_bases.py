"""Component weights that are exactly zero, and RAD's fold."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get
from other_experiments.mdn_flow.bases import BASES, make_base
from other_experiments.mdn_flow.model import make_model
from other_experiments.mdn_flow.rad import FoldedNormal
from other_experiments.mdn_flow.relaxed_mixture import RelaxedMixture, gaussian_mixture
from other_experiments.mdn_flow.targets import grid
from other_experiments.mdn_flow.weights import log_weights

SCORES = torch.tensor([2.0, 1.5, -1.0, -4.0], dtype=torch.float64)


@pytest.mark.parametrize("mapping", ["softmax", "sparsemax", "evsoftmax"])
def test_log_weights_are_the_logarithms_of_the_mapping(mapping):
    torch.testing.assert_close(log_weights(SCORES, mapping).exp(), get(mapping).function(SCORES))


@pytest.mark.parametrize("kind", ["exact", "relaxed"])
@pytest.mark.parametrize("mapping", ["sparsemax", "evsoftmax"])
def test_dropped_components_count_for_nothing_forwards_and_backwards(mapping, kind):
    scores = SCORES.clone().requires_grad_()
    means = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    log_sigmas = torch.zeros(4, 2, dtype=torch.float64, requires_grad=True)
    log_alpha = log_weights(scores, mapping)
    dropped = log_alpha == -torch.inf
    assert dropped.tolist() == [False, False, True, True]
    points = torch.randn(50, 2, dtype=torch.float64)
    if kind == "exact":
        distribution = gaussian_mixture(log_alpha, means, log_sigmas.exp())
        alone = gaussian_mixture(log_alpha[~dropped], means[~dropped], log_sigmas[~dropped].exp())
        torch.testing.assert_close(distribution.log_prob(points), alone.log_prob(points))
    else:
        distribution = RelaxedMixture(log_alpha, means, log_sigmas, 0.3, 32)
        assert (distribution.log_choices((100,))[:, dropped] == -torch.inf).all()
    distribution.log_prob(points).mean().backward()
    for leaf in (scores, means, log_sigmas):
        assert leaf.grad.isfinite().all()
        assert (leaf.grad[dropped] == 0).all() and (leaf.grad[~dropped] != 0).any()


def test_training_form_of_evsoftmax_lets_dropped_components_learn():
    scores = SCORES.clone().requires_grad_()
    log_alpha = log_weights(scores, "evsoftmax", eps=1e-6)
    assert log_alpha.isfinite().all()
    log_alpha[3].backward()
    assert scores.grad[3] > 0.9


def folded(continuity):
    gate = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 9)).double()
    slopes = torch.tensor([[1.0, 0.7, 1.5], [0.5, 1.2, 0.9]], dtype=torch.float64)
    return FoldedNormal(slopes, torch.tensor([0.8, 0.5], dtype=torch.float64), gate, continuity)


@pytest.mark.parametrize("continuity", [0.0, 1.0])
def test_rad_is_a_density_and_its_draws_have_it(continuity):
    distribution = folded(continuity)
    places = grid(600, 9.0)
    p = distribution.log_prob(places).exp().detach()
    cell = (18 / 599) ** 2
    assert p.sum().item() * cell == pytest.approx(1, abs=0.01)
    draws = distribution.sample((40_000,))
    mean = (p[:, None] * places).sum(0) * cell
    torch.testing.assert_close(draws.mean(0), mean, atol=0.06, rtol=0)
    square = (p[:, None] * places.square()).sum(0) * cell
    torch.testing.assert_close(draws.square().mean(0), square, rtol=0.05, atol=0)


def test_rad_unfolds_what_it_folded():
    distribution = folded(0.0)
    u = 3 * torch.randn(500, 2, dtype=torch.float64)
    z, piece = distribution.fold(u)
    torch.testing.assert_close(distribution.unfold(z, piece), u)
    assert set(piece.flatten().tolist()) == {0, 1, 2}


@pytest.mark.parametrize("continuity, jumps", [(1.0, False), (0.0, True)])
def test_only_a_gate_that_closes_at_the_folds_makes_rad_continuous(continuity, jumps):
    distribution = folded(continuity)
    for border in (0.8, -0.8):
        beside = torch.tensor([[border - 1e-7, 0.1], [border + 1e-7, 0.1]], dtype=torch.float64)
        below, above = distribution.log_prob(beside).exp().tolist()
        assert (abs(below - above) > 1e-4) == jumps


@pytest.mark.parametrize("name", BASES)
def test_every_base_carries_a_flow(settings, name):
    model = make_model("maf", name, 2, settings(), seed=0)
    log_p = model().log_prob(torch.randn(20, 2))
    assert log_p.shape == (20,) and log_p.isfinite().all()
    log_p.mean().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_the_flow_is_the_same_over_every_base(settings):
    flows = [make_model("maf", name, 2, settings(), seed=3).transform.state_dict() for name in BASES]
    for other in flows[1:]:
        assert all(torch.equal(value, other[key]) for key, value in flows[0].items())


def test_unknown_names_are_errors(settings):
    with pytest.raises(InputError, match="unknown base 'gamma'; known: normal"):
        make_base("gamma", 2, settings())
    with pytest.raises(InputError, match="flow: unknown 'glow'; known: none"):
        make_model("glow", "normal", 2, settings(), 0)
