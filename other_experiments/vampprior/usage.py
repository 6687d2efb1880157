"""How many of the prior's components are in use."""

from __future__ import annotations

import torch
from torch import Tensor

from ..common.seeding import generator
from . import densities
from .model import Model


@torch.no_grad()
def effective_components(model: Model, images: Tensor, seed: int) -> float:
    """exp of the entropy of the mean responsibility of each component over the images.

    The responsibility of component k for z is q(z | u_k) / sum_j q(z | u_j), with one z from
    q(z | x) for each image. It is K if the components share the images evenly, 1 if one takes all;
    never more than K, and hardly more than the number of images.
    """
    mean, log_variance = model.encoder(images)
    noise = torch.randn(mean.shape, generator=generator(seed, "responsibilities"))
    latent = mean + torch.exp(0.5 * log_variance) * noise
    share = densities.gaussian_pairs(latent, *model.components()).softmax(-1).mean(0)
    return perplexity(share)


def perplexity(share: Tensor) -> float:
    """exp of the entropy of a distribution ``[K]``; 0 log 0 is 0."""
    return torch.special.entr(share).sum().exp().item()
