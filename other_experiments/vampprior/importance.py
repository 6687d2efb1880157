"""log p(x) by importance sampling from q(z | x), in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ..common.seeding import generator
from . import densities
from .model import Components, Model

ROWS = 1000
"""Decoded images at a time, whatever the number of samples."""


class Scores(NamedTuple):
    """Estimates for each image, ``[N]`` each, in nats.

    Attributes:
        log_likelihood: log 1/S sum_s w_s, a lower bound of log p(x) in the mean that rises with S.
        elbo: 1/S sum_s log w_s, with the same samples; never above ``log_likelihood``.
        reconstruction: mean of log p(x | z).
        kl: mean of log q(z | x) - log p(z).
    """

    log_likelihood: Tensor
    elbo: Tensor
    reconstruction: Tensor
    kl: Tensor


@torch.no_grad()
def estimate(model: Model, images: Tensor, samples: int, seed: int, start: int = 0) -> Iterator[Scores]:
    """log p(x) with w = p(x | z) p(z) / q(z | x), z from q(z | x), some images at a time.

    Memory is that of `ROWS` decoded images. The random numbers of an image depend on ``seed`` and
    its number, not on where an earlier call stopped; ``start`` images are left out, for they are
    done. It must be a number of images that earlier pieces came to.
    """
    components, piece = model.components(), images_of_a_piece(samples)
    for first in range(start, len(images), piece):
        part = images[first : first + piece]
        yield _piece(model, part, samples, components, generator(seed, f"importance sampling {first}"))


def images_of_a_piece(samples: int) -> int:
    """How many images `estimate` scores at a time."""
    return max(1, ROWS // samples)


def _piece(model: Model, images: Tensor, samples: int, components: Components, random: torch.Generator) -> Scores:
    mean, log_variance = model.encoder(images)
    reconstructions, kls = [], []
    for first in range(0, samples, ROWS):
        count = min(ROWS, samples - first)
        noise = torch.randn(count, *mean.shape, generator=random, dtype=mean.dtype).to(mean)
        latent = mean + torch.exp(0.5 * log_variance) * noise
        log_posterior = densities.gaussian(latent, mean, log_variance)
        flat = latent.flatten(0, 1)
        log_prior = model.log_prior(flat, components).view(count, -1)
        repeated = images.expand(count, *images.shape).flatten(0, 1)
        reconstructions.append(model.decoder.log_prob(repeated, flat).view(count, -1))
        kls.append(log_posterior - log_prior)
    reconstruction, kl = torch.cat(reconstructions).double(), torch.cat(kls).double()
    weights = reconstruction - kl
    return Scores(weights.logsumexp(0) - math.log(samples), weights.mean(0), reconstruction.mean(0), kl.mean(0))
