"""Importance sampling: the exact value of a linear Gaussian model, the bound, memory, continuing."""

import math

import pytest
import torch
from torch import nn

from other_experiments.vampprior import densities, importance
from other_experiments.vampprior.model import Components

LATENT, PIXELS = 2, 5


class LinearGaussian(nn.Module):
    """z ~ N(0, I), x ~ N(W z, s^2 I); q(z | x) is the exact posterior's mean with a wrong variance."""

    def __init__(self, widen):
        super().__init__()
        random = torch.Generator().manual_seed(1)
        self.weight = torch.randn(PIXELS, LATENT, generator=random, dtype=torch.float64)
        self.noise, self.widen, self.rows = 0.7, widen, []

    @property
    def decoder(self):
        return self

    def encoder(self, images):
        precision = torch.eye(LATENT).double() + self.weight.T @ self.weight / self.noise**2
        mean = images @ self.weight @ precision.inverse() / self.noise**2
        variance = self.widen * precision.inverse().diagonal()
        return mean, variance.log().expand_as(mean)

    def components(self):
        zeros = torch.zeros(1, LATENT).double()
        return Components(zeros, zeros)

    def log_prior(self, latent, components):
        return densities.gaussian(latent, *components)

    def log_prob(self, images, latent):
        self.rows.append(len(latent))
        log_variance = torch.tensor(2 * math.log(self.noise)).double()
        return densities.gaussian(images, latent @ self.weight.T, log_variance.expand(PIXELS))

    def exact(self, images):
        covariance = self.weight @ self.weight.T + self.noise**2 * torch.eye(PIXELS).double()
        zeros = torch.zeros(PIXELS).double()
        return torch.distributions.MultivariateNormal(zeros, covariance).log_prob(images)


IMAGES = torch.randn(6, PIXELS, generator=torch.Generator().manual_seed(2)).double()


def scores(model, samples, **options):
    return importance.Scores(*map(torch.cat, zip(*importance.estimate(model, IMAGES, samples, 0, **options))))


def test_it_converges_to_the_exact_value_of_a_linear_gaussian_model():
    model = LinearGaussian(widen=1.5)
    errors = [(scores(model, s).log_likelihood - model.exact(IMAGES)).abs().max() for s in (10, 20000)]
    assert errors[1] < 0.03 < errors[0]


@pytest.mark.parametrize("widen", [0.5, 1.0, 3.0])
def test_it_is_never_below_the_elbo(widen):
    found = scores(LinearGaussian(widen), 500)
    assert (found.log_likelihood >= found.elbo).all()
    torch.testing.assert_close(found.elbo, found.reconstruction - found.kl)
    noise = 0.05  # of 500 samples; q with a factor of 1 is nearly the posterior
    assert (found.elbo < LinearGaussian(widen).exact(IMAGES) + noise).all()


def test_memory_is_that_of_a_thousand_rows_whatever_the_samples():
    for samples in (1, 300, 2500):
        model = LinearGaussian(1.0)
        scores(model, samples)
        assert max(model.rows) <= importance.ROWS and sum(model.rows) == len(IMAGES) * samples


def test_it_continues_where_it_stopped():
    model = LinearGaussian(1.0)
    whole = scores(model, 400)  # two images a piece
    assert torch.equal(scores(model, 400, start=4).elbo, whole.elbo[4:])
