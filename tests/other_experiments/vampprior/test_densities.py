"""Densities against torch.distributions, and bins that sum to one."""

import math

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from other_experiments.vampprior import densities


@pytest.fixture
def gaussians():
    random = torch.Generator().manual_seed(0)
    value, mean = (3 * torch.randn(n, 40, generator=random) for n in (7, 11))
    return value, mean, 8 * torch.rand(11, 40, generator=random) - 6


def test_pairs_are_gaussians_of_every_pair(gaussians):
    value, mean, log_variance = gaussians
    expected = Independent(Normal(mean.double(), (log_variance.double() / 2).exp()), 1)
    found, expected = densities.gaussian_pairs(*gaussians), expected.log_prob(value.double()[:, None])
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-8)
    own = densities.gaussian(value[:, None], mean, log_variance)
    torch.testing.assert_close(own.double(), densities.gaussian_pairs(*gaussians), rtol=1e-5, atol=1e-3)


def test_the_prior_is_the_mean_of_the_components(gaussians):
    value, mean, log_variance = (part.double() for part in gaussians)
    components = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    expected = MixtureSameFamily(Categorical(torch.ones(len(mean))), components).log_prob(value)
    torch.testing.assert_close(densities.mixture(value, mean, log_variance), expected)


def test_far_from_all_components_the_mixture_is_finite():
    value = torch.full((1, 40), 1e3)
    log_prob = densities.mixture(value, torch.zeros(5, 40), torch.full((5, 40), -6.0))
    assert log_prob.isfinite().all()  # exp of it underflows; logsumexp does not


LEVELS = torch.arange(densities.LEVELS, dtype=torch.float64) / densities.LEVELS


@pytest.mark.parametrize("log_scale", [-4.5, -2.0, 0.0])
@pytest.mark.parametrize("mean", [1 / 512, 0.3, 1 - 1 / 512])
def test_bins_sum_to_one(mean, log_scale):
    scale = torch.tensor(log_scale, dtype=torch.float64)
    bins = densities.logistic_bins(LEVELS, torch.tensor(mean, dtype=torch.float64), scale)
    assert bins.sum().item() == pytest.approx(1, abs=1e-12)
    assert (bins > 0).all()


@pytest.mark.parametrize("edge_bins", [True, False])
def test_edge_bins_absorb_the_tails_and_nothing_else_does(edge_bins):
    mean, scale = 0.2, math.exp(-1.0)
    location, log_scale = torch.tensor([mean, -1.0], dtype=torch.float64)
    bins = densities.logistic_bins(LEVELS, location, log_scale, edge_bins)

    def cdf(x):
        return 1 / (1 + math.exp(-(x - mean) / scale))

    inner = [cdf((i + 1) / 256) - cdf(i / 256) for i in range(256)]
    assert bins[1:-1].tolist() == pytest.approx(inner[1:-1], rel=1e-9)
    first, last = (cdf(1 / 256), 1 - cdf(255 / 256)) if edge_bins else (inner[0], inner[-1])
    assert (bins[0].item(), bins[-1].item()) == pytest.approx((first, last), rel=1e-9)


def test_gradients_are_finite_in_the_far_tails_and_the_edge_bins():
    pixels = torch.tensor([0.0, 255 / 256, 0.0, 255 / 256])
    mean = torch.tensor([0.0, 0.0, 1.0, 1.0], requires_grad=True)
    log_scale = torch.full((4,), -4.5, requires_grad=True)
    for floor in (0.0, 1e-7):
        value = densities.discretised_logistic(pixels, mean, log_scale, floor=floor)
        assert value.isfinite()
        assert all(g.isfinite().all() for g in torch.autograd.grad(value, (mean, log_scale)))


def test_bernoulli_is_that_of_torch():
    pixels, logits = torch.bernoulli(torch.full((3, 5), 0.5)), torch.randn(3, 5)
    expected = torch.distributions.Bernoulli(logits=logits).log_prob(pixels).sum(-1)
    torch.testing.assert_close(densities.bernoulli(pixels, logits), expected)
