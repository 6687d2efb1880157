"""SFE: the score function estimator with a moving average as its baseline (Williams 1992)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..objective import NegativeElbo
from ..posterior import Posterior
from .estimator import Estimator, score_function
from .running_mean import RunningMean


class Sfe(Estimator):
    """grad f(z) + (f(z) - b) grad log q(z), z ~ q, b the average of earlier f. One decoder call; unbiased."""

    def __init__(self, pixels: int, settings: Mapping[str, Any]) -> None:
        super().__init__(pixels, settings)
        self.baseline = RunningMean(settings["baseline_decay"])

    def forward(self, posterior: Posterior, objective: NegativeElbo, generator: torch.Generator) -> Tensor:
        label = posterior.sample(generator)
        value = objective.each(label)
        advantage = value - self.baseline.value()
        self.baseline.update(value)  # after its use: a baseline that has seen z would bias the gradient
        return score_function(value, advantage, posterior.log_softmax(label))
