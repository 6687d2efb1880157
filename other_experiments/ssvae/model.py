"""The networks: q(z | x), q(h | x, z) and p(x | z, h) (paper, sections 4.2 and E.2; Kingma et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class LinearWithLabel(nn.Module):
    """W [a; z] + b for a vector a and a label z, computed as (W_a a + b) + W_z z.

    The first part does not depend on z: for an image it is computed once and used for each of
    its classes.
    """

    def __init__(self, features: int, labels: int, outputs: int) -> None:
        super().__init__()
        self.features = nn.Linear(features, outputs)
        self.labels = nn.Parameter(torch.empty(labels, outputs))
        bound = 1 / math.sqrt(features + labels)  # what nn.Linear takes for [a; z]
        for parameter in (self.features.weight, self.features.bias, self.labels):
            nn.init.uniform_(parameter, -bound, bound)

    def label_part(self, label: Tensor) -> Tensor:
        """W_z z, ``[P, outputs]``, of class numbers ``[P]`` or of weights of the classes ``[P, K]``."""
        if label.is_floating_point():
            return label @ self.labels
        return functional.embedding(label, self.labels)


class Encoder(nn.Module):
    """q(h | x, z): a diagonal Gaussian, from ReLU layers of the given widths."""

    def __init__(self, pixels: int, labels: int, hidden: Sequence[int], latent: int) -> None:
        super().__init__()
        self.first = LinearWithLabel(pixels, labels, hidden[0])
        self.rest = layers([*hidden, 2 * latent])

    def forward(self, image_part: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, ``[P, latent]`` each; ``image_part`` is ``first.features(images)``."""
        hidden = torch.relu(image_part + self.first.label_part(label))
        mean, log_variance = self.rest(hidden).chunk(2, -1)
        return mean, log_variance


class Decoder(nn.Module):
    """p(x | z, h): independent Bernoulli pixels, from ReLU layers of the given widths.

    Attributes:
        calls: how many pairs (z, h) were decoded since it was last set to zero.
    """

    def __init__(self, pixels: int, labels: int, hidden: Sequence[int], latent: int) -> None:
        super().__init__()
        self.first = LinearWithLabel(latent, labels, hidden[0])
        self.rest = layers([*hidden, pixels])
        self.calls = 0

    def forward(self, latent: Tensor, label: Tensor) -> Tensor:
        """Logits of the pixels, ``[P, pixels]``."""
        self.calls += len(latent)
        hidden = torch.relu(self.first.features(latent) + self.first.label_part(label))
        return self.rest(hidden)


class Model(nn.Module):
    """The three networks, with a uniform prior on z and a standard normal one on h."""

    def __init__(
        self,
        pixels: int,
        labels: int = 10,
        classifier_hidden: Sequence[int] = (256, 256, 256),
        hidden: Sequence[int] = (128,),
        latent: int = 8,
    ) -> None:
        super().__init__()
        self.labels, self.latent = labels, latent
        self.classifier = layers([pixels, *classifier_hidden, labels])
        self.encoder = Encoder(pixels, labels, hidden, latent)
        self.decoder = Decoder(pixels, labels, hidden, latent)


def layers(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers from each width to the next, with a ReLU between two of them."""
    modules: list[nn.Module] = []
    for inputs, outputs in zip(widths, widths[1:]):
        modules += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*modules[:-1])
