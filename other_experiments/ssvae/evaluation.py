"""Accuracy, ELBO, support and decoder calls of a trained model."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..common.seeding import generator
from .estimators.marginal import marginal
from .model import Model
from .objective import NegativeElbo
from .posterior import Posterior

BATCH = 500
"""Images at a time: ten decoded images of each must fit in memory."""

Function = Callable[[Tensor], Tensor]


@torch.no_grad()
def validate(model: Model, normalizer: Function, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Scores after an epoch: accuracy, mean support of q(z | x), and the ELBO from one exact sample per image.

    The sample is not relaxed, whatever the estimator; its noise is the same at every call.
    """
    random = generator(0, "validation")
    correct = support = bound = 0.0
    for batch, target in zip(images.split(BATCH), labels.split(BATCH)):
        posterior = Posterior(model.classifier(batch), normalizer)
        objective = NegativeElbo(model, batch, draw_noise(model, batch, random))
        value = objective.each(posterior.sample(random))
        correct += (posterior.mode() == target).sum().item()
        support += (posterior.probabilities > 0).sum().item()
        bound += (posterior.entropy() - value).sum().item()
    return {"accuracy": correct / len(images), "elbo": bound / len(images), "support": support / len(images)}


@torch.no_grad()
def test(model: Model, normalizer: Function, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Final scores: accuracy, the ELBO with the exact expectation over z, and decoder calls per image."""
    random = generator(0, "test")
    model.decoder.calls = 0
    correct = bound = 0.0
    for batch, target in zip(images.split(BATCH), labels.split(BATCH)):
        posterior = Posterior(model.classifier(batch), normalizer)
        value = marginal(posterior, NegativeElbo(model, batch, draw_noise(model, batch, random)))
        correct += (posterior.probabilities.argmax(-1) == target).sum().item()
        bound += (posterior.entropy() - value).sum().item()
    calls = model.decoder.calls / len(images)
    return {"accuracy": correct / len(images), "elbo": bound / len(images), "decoder_calls": calls}


def draw_noise(model: Model, images: Tensor, random: torch.Generator) -> Tensor:
    """Standard normal numbers for h of every pair of an image and a class, ``[N, K, latent]``."""
    shape = (len(images), model.labels, model.latent)
    return torch.randn(shape, generator=random)
