"""-ELBO(x, z): what the estimators take the expectation of."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from .model import Model


class NegativeElbo:
    """-ELBO(x, z) of the pairs of the images of a batch with labels z, in nats.

    ELBO(x, z) = log p(x | z, h) + log p(z) - KL(q(h | x, z) || p(h)) with h = mean + std * noise,
    one sample; p(z) = 1/K.

    Args:
        model: `Model`.
        images: ``[N, pixels]``, zeros and ones.
        noise: ``[N, K, latent]``, standard normal: what h of each pair is made from. It is
            given for all pairs, so that the value of a pair does not depend on which are asked for.
    """

    def __init__(self, model: Model, images: Tensor, noise: Tensor) -> None:
        self.model, self.images, self.noise = model, images, noise
        self._image_part = model.encoder.first.features(images)

    def pairs(self, image: Tensor, label: Tensor) -> Tensor:
        """-ELBO of pairs of an image number and a class number, two ``[P]`` to ``[P]``, in one decoder call."""
        part, images, noise = self._image_part[image], self.images[image], self.noise[image, label]
        return self._value(part, images, noise, label)

    def each(self, label: Tensor) -> Tensor:
        """-ELBO of every image with a label of its own, ``[N]``; labels are numbers ``[N]`` or weights ``[N, K]``."""
        if label.is_floating_point():
            noise = self.noise[:, 0]
        else:
            noise = self.noise[torch.arange(len(label)), label]
        return self._value(self._image_part, self.images, noise, label)

    def _value(self, image_part: Tensor, images: Tensor, noise: Tensor, label: Tensor) -> Tensor:
        mean, log_variance = self.model.encoder(image_part, label)
        latent = mean + (log_variance / 2).exp() * noise
        logits = self.model.decoder(latent, label)
        # log(1 + e^l) - x l is the cross-entropy of a Bernoulli with logit l
        reconstruction = functional.softplus(logits).sum(-1) - (images * logits).sum(-1)
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1) / 2
        return reconstruction + divergence + math.log(self.model.labels)
