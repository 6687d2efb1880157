"""Logarithms of densities: Gaussians, mixtures of them, Bernoulli and discretised logistic pixels."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

LEVELS = 256
"""Grey values of a pixel; level i is stored as i / 256, the lower edge of its bin."""
FAR = 1e3
"""In place of an infinite edge: every logistic here is 1 beyond it, and infinity times 0 is no gradient."""


def gaussian(value: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log N(value; mean, diag(exp(log_variance))), summed over the last dimension."""
    squares = (value - mean).square() * torch.exp(-log_variance)
    return -0.5 * (squares + log_variance + math.log(2 * math.pi)).sum(-1)


def gaussian_pairs(value: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """`gaussian` of each value ``[B, M]`` under each of K Gaussians ``[K, M]``: ``[B, K]``, float64.

    (z - m)^2 / v = z^2 / v - 2 z m / v + m^2 / v, of which the first two are matrix products. This
    never builds ``[B, K, M]``. The three nearly cancel where v is small, hence float64.
    """
    value, mean, log_variance = value.double(), mean.double(), log_variance.double()
    precision = torch.exp(-log_variance)
    constant = (mean.square() * precision + log_variance + math.log(2 * math.pi)).sum(-1)
    squares = value.square() @ precision.T - 2 * value @ (mean * precision).T
    return -0.5 * (squares + constant)


def mixture(value: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log 1/K sum_k N(value; mean_k, diag(exp(log_variance_k))), ``[B]``, in the type of ``value``."""
    pairs = gaussian_pairs(value, mean, log_variance)
    return (pairs.logsumexp(-1) - math.log(len(mean))).to(value.dtype)


def bernoulli(pixels: Tensor, logits: Tensor) -> Tensor:
    """log of p^x (1 - p)^(1 - x), p the sigmoid of ``logits``, summed over the pixels."""
    return -functional.binary_cross_entropy_with_logits(logits, pixels, reduction="none").sum(-1)


def logistic_bins(pixels: Tensor, mean: Tensor, log_scale: Tensor, edge_bins: bool = True) -> Tensor:
    """P(bin) under a logistic of location ``mean`` and scale s: CDF(x + 1/256) - CDF(x), for each pixel.

    The difference of the two sigmoids is sigmoid(a) sigmoid(-b) (1 - exp(b - a)), a and b the
    standardised edges, which keeps its relative precision far out in a tail.

    Args:
        pixels: lower edges of bins, i / 256.
        edge_bins: the first and the last bin reach to infinity, so that the 256 sum to one.
    """
    lower, upper = pixels, pixels + 1 / LEVELS
    if edge_bins:
        lower = torch.where(lower < 0.5 / LEVELS, -FAR, lower)
        upper = torch.where(upper > 1 - 0.5 / LEVELS, FAR, upper)
    inverse = torch.exp(-log_scale)
    above, below = (upper - mean) * inverse, (mean - lower) * inverse
    return above.sigmoid() * below.sigmoid() * -torch.expm1(-(above + below))


def discretised_logistic(
    pixels: Tensor, mean: Tensor, log_scale: Tensor, edge_bins: bool = True, floor: float = 1e-7
) -> Tensor:
    """log(P(bin) + floor), summed over the pixels.

    The report subtracts the floor inside the logarithm, which makes it undefined; it is added here.
    """
    probability = logistic_bins(pixels, mean, log_scale, edge_bins)
    return torch.log(probability + max(floor, torch.finfo(probability.dtype).tiny)).sum(-1)
