"""How many of the prior's components are in use."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..common.seeding import generator
from . import densities
from .model import Model


class Usage(NamedTuple):
    """Effective numbers of components, from 1 to K.

    The responsibility of component k for z is r_k = q(z | u_k) / sum_j q(z | u_j).

    Attributes:
        used: exp of the entropy of the mean of r over the images; K if they are shared evenly, which
            components that are all the same do too.
        distinct: exp of that entropy minus the mean entropy of r: the information that z has about
            k. Components that are all the same count as one. Never more than the number of images.
    """

    used: float
    distinct: float


@torch.no_grad()
def usage(model: Model, images: Tensor, seed: int) -> Usage:
    """Of the components, by one z from q(z | x) for each image; `Usage` says what is counted."""
    mean, log_variance = model.encoder(images)
    noise = torch.randn(mean.shape, generator=generator(seed, "responsibilities")).to(mean)
    latent = mean + torch.exp(0.5 * log_variance) * noise
    return count(densities.gaussian_pairs(latent, *model.components()).softmax(-1))


def count(responsibilities: Tensor) -> Usage:
    """`Usage` of components with responsibilities ``[N, K]``, whose rows sum to one."""
    total = entropy(responsibilities.mean(0))
    information = total - entropy(responsibilities).mean()
    return Usage(total.exp().item(), information.exp().item())


def entropy(share: Tensor) -> Tensor:
    """-sum p log p over the last dimension, in nats; 0 log 0 is 0."""
    return torch.special.entr(share).sum(-1)
