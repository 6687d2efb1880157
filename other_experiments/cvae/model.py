"""The conditional variational autoencoder: prior p(z|y), posterior q(z|x,y), decoder p(x|z)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..common.seeding import generator
from .mapping import log_probabilities, probabilities
from .stacked import perceptron


class Terms(NamedTuple):
    """The two terms of each image's loss: -log p(x|z) in nats, and KL(q(z|x,y) || p(z|y)), both ``[S, B]``."""

    reconstruction: Tensor
    kl: Tensor


class ConditionalVAE(nn.Module):
    """One model per seed, all trained together; S seeds, K latent classes, Y labels (paper, E.1).

    Args:
        seeds: model s is initialised from seed s alone.
        mapping: name of the function that makes both distributions over z.
        pixels: of an image.
        config: ``split, classes, prior_hidden, hidden, temperature, eps``.
    """

    def __init__(self, seeds: Sequence[int], mapping: str, pixels: int, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.mapping, self.temperature, self.eps = mapping, config["temperature"], config["eps"]
        self.labels, self.classes, self.pixels = len(config["split"]), config["classes"], pixels
        generators = [generator(seed, "initialisation") for seed in seeds]
        self.prior = perceptron(generators, self.labels, config["prior_hidden"], self.classes)
        self.posterior = perceptron(generators, pixels + self.labels, config["hidden"], self.classes)
        self.decoder = perceptron(generators, self.classes, config["hidden"], pixels)
        self.seeds = tuple(seeds)

    def forward(self, inputs: Tensor, labels: Tensor, gumbel: Tensor) -> Terms:
        """The two terms of the evidence lower bound (paper, eq. 2), with one relaxed sample of z.

        Args:
            inputs: pixels in [0, 1] followed by the one-hot label, ``[S, B, pixels + Y]``.
            labels: ``[S, B]``.
            gumbel: standard Gumbel noise, ``[S, B, K]``.
        """
        log_q = log_probabilities(self.mapping, self.posterior(inputs), self.eps)
        log_p = log_probabilities(self.mapping, self.prior_scores(), self.eps)
        log_p = log_p.gather(1, labels[..., None].expand(-1, -1, self.classes))
        z = torch.softmax((log_q + gumbel) / self.temperature, -1)
        logits = self.decoder(z)
        pixels = inputs[..., : self.pixels]
        reconstruction = functional.binary_cross_entropy_with_logits(logits, pixels, reduction="none").sum(-1)
        return Terms(reconstruction, (log_q.exp() * (log_q - log_p)).sum(-1))

    def prior_scores(self) -> Tensor:
        """Scores of the latent classes given each label, ``[S, Y, K]``."""
        return self.prior(torch.eye(self.labels).expand(len(self.seeds), -1, -1))

    def posterior_probabilities(self, inputs: Tensor) -> Tensor:
        """q(z|x,y) without eps, ``[S, B, K]``; ``inputs`` as in `forward`."""
        return probabilities(self.mapping, self.posterior(inputs))

    def decoded_classes(self) -> Tensor:
        """The image of each latent class, pixels in [0, 1], ``[S, K, pixels]``."""
        return torch.sigmoid(self.decoder(torch.eye(self.classes).expand(len(self.seeds), -1, -1)))
