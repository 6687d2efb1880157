"""Measurements: the priors against the true distribution of digits, and how sparse they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .distances import DISTANCES, target
from .judge import Judge
from .mapping import probabilities
from .model import ConditionalVAE


class Measurement(NamedTuple):
    """The prior p(z|y) that a method makes, ``[S, Y, K]``, and its distances from the truth, ``[S, Y]`` each.

    S seeds, Y labels, K latent classes; the distances are those of `DISTANCES`.
    """

    prior: Tensor
    distances: dict[str, Tensor]


@torch.no_grad()
def measure(
    model: ConditionalVAE, judge: Judge, methods: Sequence[str], split: Sequence[Sequence[int]]
) -> dict[str, Measurement]:
    """Compare p(z~|y) = sum_k Q(z~|x_k) p(z_k|y) with the uniform distribution (paper, E.1).

    Args:
        methods: the mappings that make a prior out of the model's scores; two for a softmax model.
    """
    verdicts = judge.probabilities(model.decoded_classes())  # Q, [S, K, 10]
    scores, truth = model.prior_scores(), target(split)
    measurements = {}
    for method in methods:
        prior = probabilities(method, scores)
        digits = prior @ verdicts
        distances = {name: distance(digits, truth) for name, distance in DISTANCES.items()}
        measurements[method] = Measurement(prior, distances)
    return measurements


def records(
    measurements: Mapping[str, Measurement], seeds: Sequence[int], place: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One record per method and seed; lists have one number per label.

    Args:
        place: put into every record, such as the iteration; a list in it holds one value per seed.
    """
    rows = []
    for method, measurement in measurements.items():
        for index, seed in enumerate(seeds):
            own = {key: value[index] if isinstance(value, list) else value for key, value in place.items()}
            distances = {name: rounded(values[index]) for name, values in measurement.distances.items()}
            modes = (measurement.prior[index] > 0).sum(-1).tolist()
            rows.append({"method": method, "seed": seed, **own, **distances, "modes": modes})
    return rows


@torch.no_grad()
def posterior_use(model: ConditionalVAE, inputs: Tensor) -> list[dict[str, Any]]:
    """How the posteriors of each seed use the classes over the given images, ``[N, pixels + Y]``.

    ``posterior_modes`` is the mean number of classes with probability above zero;
    ``posterior_classes`` that of classes that are more likely than 1 % on average over the images.
    """
    parts = (part.expand(len(model.seeds), -1, -1) for part in inputs.split(1000))
    posterior = torch.cat([model.posterior_probabilities(part) for part in parts], dim=1)
    modes = (posterior > 0).sum(-1).double().mean(-1).tolist()
    used = (posterior.mean(1) > 0.01).sum(-1).tolist()
    return [{"posterior_modes": round(m, 3), "posterior_classes": u} for m, u in zip(modes, used)]


def rounded(values: Tensor) -> list[float]:
    """The values to six digits, which keeps the log small."""
    return [round(value, 6) for value in values.tolist()]
