"""Moment constraints whose maximum-entropy distribution is known."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Dirichlet, MultivariateNormal

CONCENTRATION = (2.0, 3.0, 4.0)
MEAN, COVARIANCE = (1.0, -0.5), ((0.5, 0.3), (0.3, 0.4))
WELL = 0.1
"""E[(z^2 - 1)^2] of the bimodal case."""


@dataclass(frozen=True)
class Case:
    """Find the density of highest entropy with E[statistics(x)] = 0.

    Attributes:
        features: D of the flow.
        place: maps the flow's output y to x and gives log |dx/dy|, ``[N, D]`` to ``[N, *]`` and ``[N]``.
        statistics: ``[N, *]`` to ``[N, C]``, the wanted values subtracted.
        entropy: of the solution in nats, exact.
        log_prob: of the solution at x.
    """

    name: str
    printed_name: str
    features: int
    place: Callable[[Tensor], tuple[Tensor, Tensor]]
    statistics: Callable[[Tensor], Tensor]
    entropy: Callable[[], float]
    log_prob: Callable[[Tensor], Tensor]


def _stay(y: Tensor) -> tuple[Tensor, Tensor]:
    return y, y.new_zeros(y.shape[:-1])


def _gaussian() -> MultivariateNormal:
    return MultivariateNormal(torch.tensor(MEAN), torch.tensor(COVARIANCE))


def _moments(x: Tensor) -> Tensor:
    """E[x] and the three different entries of E[x x^T]."""
    mean, covariance = x.new_tensor(MEAN), x.new_tensor(COVARIANCE)
    rows, columns = torch.triu_indices(2, 2)
    second = covariance + mean[:, None] * mean
    return torch.cat([x - mean, x[:, rows] * x[:, columns] - second[rows, columns]], -1)


def _to_simplex(y: Tensor) -> tuple[Tensor, Tensor]:
    """softmax(y, 0); the density is one of the first two of the three coordinates, as `Dirichlet` has it."""
    log_x = torch.cat([y, y.new_zeros(*y.shape[:-1], 1)], -1).log_softmax(-1)
    return log_x, log_x.sum(-1)


def _log_means(log_x: Tensor) -> Tensor:
    """E[log x_k] = digamma(a_k) - digamma(sum a)."""
    a = log_x.new_tensor(CONCENTRATION)
    return log_x - (a.digamma() - a.sum().digamma())


def _well(x: Tensor) -> Tensor:
    return (x.square() - 1).square() - WELL


@functools.cache
def _well_solution() -> tuple[float, float]:
    """lambda and log Z of p(x) = exp(-lambda (x^2 - 1)^2) / Z with E[(x^2 - 1)^2] = WELL.

    By bisection over lambda and quadrature over x.
    """
    x = torch.linspace(-5, 5, 20_001, dtype=torch.float64)
    energy, cell = (x.square() - 1).square(), 10 / 20_000
    low, high = 1e-3, 1e3
    for _ in range(80):
        middle = math.sqrt(low * high)
        mean = (torch.softmax(-middle * energy, 0) * energy).sum().item()
        low, high = (middle, high) if mean > WELL else (low, middle)
    return low, ((-low * energy).logsumexp(0) + math.log(cell)).item()


def _well_entropy() -> float:
    strength, log_z = _well_solution()
    return log_z + strength * WELL


def _log_well(x: Tensor) -> Tensor:
    strength, log_z = _well_solution()
    return -strength * (x[..., 0].square() - 1).square() - log_z


CASES = {
    case.name: case
    for case in (
        Case(
            "gaussian",
            "two moments: Gaussian",
            2,
            _stay,
            _moments,
            lambda: _gaussian().entropy().item(),
            lambda x: _gaussian().log_prob(x),
        ),
        Case(
            "dirichlet",
            "E[log x] on the simplex: Dirichlet",
            2,
            _to_simplex,
            _log_means,
            lambda: Dirichlet(torch.tensor(CONCENTRATION)).entropy().item(),
            lambda log_x: Dirichlet(torch.tensor(CONCENTRATION)).log_prob(log_x.exp()),
        ),
        Case("bimodal", "E[(x^2 - 1)^2] = 0.1: two modes", 1, _stay, _well, _well_entropy, _log_well),
    )
}
