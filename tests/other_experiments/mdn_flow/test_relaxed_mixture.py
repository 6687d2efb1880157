"""The relaxed mixture against torch's own Gumbel-softmax, the exact mixture and a one-dimensional integral."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import RelaxedOneHotCategorical

from other_experiments.mdn_flow.bias import density_of_two, literal_log_prob
from other_experiments.mdn_flow.relaxed_mixture import RelaxedMixture, log_density_of_choice


def mixture(components=3, temperature=0.5, nested=4096, features=2):
    random = torch.Generator().manual_seed(5)
    scores, means, log_sigmas = (
        torch.randn(shape, generator=random, dtype=torch.float64)
        for shape in ((components,), (components, features), (components, features))
    )
    return RelaxedMixture(scores.log_softmax(-1), 2 * means, 0.3 * log_sigmas - 0.5, temperature, nested)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_equation_2_is_the_density_of_the_gumbel_softmax(temperature, classes):
    log_weights = torch.randn(classes, dtype=torch.float64).log_softmax(-1)
    log_c = torch.randn(200, classes, dtype=torch.float64).log_softmax(-1)
    known = RelaxedOneHotCategorical(torch.tensor(temperature, dtype=torch.float64), logits=log_weights)
    found = log_density_of_choice(log_c, log_weights, temperature)
    torch.testing.assert_close(found, known.log_prob(log_c.exp()), rtol=1e-12, atol=1e-12)


def test_choices_are_draws_of_the_gumbel_softmax():
    distribution = mixture(temperature=0.7)
    own = distribution.log_choices((20_000,)).exp()
    known = RelaxedOneHotCategorical(torch.tensor(0.7), logits=distribution.log_weights).sample((20_000,))
    torch.testing.assert_close(own.mean(0), known.mean(0), atol=0.015, rtol=0)
    torch.testing.assert_close(own.square().mean(0), known.square().mean(0), atol=0.015, rtol=0)
    torch.testing.assert_close(own.sum(-1), torch.ones_like(own[:, 0]))


def test_choices_keep_their_logarithm_where_the_weight_itself_underflows():
    distribution = RelaxedMixture(torch.zeros(3).log_softmax(-1), torch.zeros(3, 2), torch.zeros(3, 2), 0.02)
    log_c = distribution.log_choices((5000,))
    assert (log_c.exp() == 0).any()
    value, log_joint = distribution.rsample_joint((5000,))
    assert log_c.isfinite().all() and value.isfinite().all() and log_joint.isfinite().all()


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_nested_density_of_two_components_is_the_integral(temperature):
    distribution = mixture(2, temperature, nested=100_000)
    points = distribution.rsample((40,))
    known = density_of_two(distribution, points)
    torch.testing.assert_close(distribution.log_prob(points).exp(), known.exp(), rtol=0.1, atol=3e-3)


def test_integral_is_a_density_and_becomes_the_exact_mixture():
    axis = torch.linspace(-12, 12, 1500, dtype=torch.float64)
    for temperature in (0.01, 0.3):
        distribution = mixture(2, temperature, features=1)
        log_p = density_of_two(distribution, axis[:, None])
        assert log_p.exp().sum().item() * (24 / 1499) == pytest.approx(1, abs=1e-5)
    cold = mixture(2, 1e-4, features=1)
    torch.testing.assert_close(
        density_of_two(cold, axis[:, None]).exp(),
        cold.exact().log_prob(axis[:, None]).exp(),
        atol=2e-3,
        rtol=0,
    )


def test_nested_density_tends_to_the_exact_mixture():
    gaps = []
    for temperature in (1.0, 0.2, 0.01):
        distribution = mixture(3, temperature, nested=8192)
        points = distribution.rsample((1000,))
        gaps.append((distribution.log_prob(points) - distribution.exact().log_prob(points)).mean().item())
    assert gaps[0] > gaps[1] > gaps[2] > -0.03, "KL(relaxed || exact), estimated"
    assert gaps[2] < 0.1


def test_estimate_is_unbiased_for_the_density_and_too_low_for_its_logarithm():
    """Jensen: E[log p_M] <= log p for every M, and increasing in M."""
    distribution = mixture(2, 0.5)
    points = distribution.rsample((50,))
    known = density_of_two(distribution, points)
    bias = []
    for nested in (1, 4, 16, 64):
        distribution.nested = nested
        estimates = torch.stack([distribution.log_prob(points) for _ in range(2000)])
        ratio = (estimates - known).exp().mean(0)
        error = (estimates - known).exp().std(0) / 2000**0.5
        assert ((ratio - 1).abs() < 5 * error + 1e-6).all()
        bias.append((estimates.mean(0) - known).mean().item())
    assert bias == sorted(bias) and bias[-1] < 0
    # the first term of the delta method, Var / (2 M p^2)
    distribution.nested = 1
    variance = torch.stack([distribution.log_prob(points) - known for _ in range(4000)]).exp().var(0)
    assert bias[-1] == pytest.approx(-(variance / (2 * 64)).mean().item(), rel=0.4)


def test_literal_reading_is_wrong_even_when_cold():
    distribution = mixture(3, 0.01, nested=4096)
    literal, recomputed, exact = literal_log_prob(distribution, 1000)
    assert (recomputed - exact).abs().mean() < 0.1
    assert (literal - exact).abs().mean() > 0.3


def test_draws_and_density_have_gradients_everywhere():
    scores = torch.randn(3, dtype=torch.float64, requires_grad=True)
    means = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    log_sigmas = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
    distribution = RelaxedMixture(scores.log_softmax(-1), means, log_sigmas, 0.3, 64)
    value = distribution.rsample((32,))
    assert value.shape == (32, 2) and distribution.event_shape == (2,)
    (distribution.log_prob(value).mean() + distribution.rsample_joint((8,))[1].mean()).backward()
    for leaf in (scores, means, log_sigmas):
        assert leaf.grad.isfinite().all() and leaf.grad.abs().sum() > 0


def test_log_density_is_that_of_the_draws():
    """-E[log p] over draws is the entropy: for equal components that of one Gaussian, whatever tau is."""
    same = RelaxedMixture(torch.zeros(4).log_softmax(-1), torch.zeros(4, 2), torch.zeros(4, 2), 0.4, 8)
    value = same.rsample((20_000,))
    assert -same.log_prob(value).mean().item() == pytest.approx(math.log(2 * math.pi * math.e), abs=0.03)


def test_refuses_what_is_no_temperature():
    with pytest.raises(ValueError, match="temperature must be positive"):
        RelaxedMixture(torch.zeros(1), torch.zeros(1, 1), torch.zeros(1, 1), 0.0)
