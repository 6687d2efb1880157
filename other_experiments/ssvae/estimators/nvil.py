"""NVIL: the score function estimator with a learned baseline (Mnih and Gregor 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..objective import NegativeElbo
from ..posterior import Posterior
from .estimator import Estimator, score_function, with_gradient
from .running_mean import RunningMean


class Nvil(Estimator):
    """grad f(z) + (f(z) - b - C(x)) grad log q(z), z ~ q. One decoder call; unbiased.

    b is the average of earlier f, and C(x) a network with one hidden layer, which learns to
    predict f - b by least squares (Mnih and Gregor 2014, section 2.3.1).
    """

    def __init__(self, pixels: int, settings: Mapping[str, Any]) -> None:
        super().__init__(pixels, settings)
        width = settings["baseline_hidden"]
        self.network = nn.Sequential(nn.Linear(pixels, width), nn.ReLU(), nn.Linear(width, 1))
        self.baseline = RunningMean(settings["baseline_decay"])

    def forward(self, posterior: Posterior, objective: NegativeElbo, generator: torch.Generator) -> Tensor:
        label = posterior.sample(generator)
        value = objective.each(label)
        advantage = value.detach() - self.baseline.value() - self.network(objective.images).squeeze(-1)
        self.baseline.update(value)
        estimate = score_function(value, advantage, posterior.log_softmax(label))
        return estimate + with_gradient(advantage.square())
