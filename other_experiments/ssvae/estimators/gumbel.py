"""Gumbel-softmax: a relaxed sample, differentiated as if it were exact (Jang et al. 2017)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..objective import NegativeElbo
from ..posterior import Posterior
from .estimator import Estimator


class Gumbel(Estimator):
    """f(z~) with z~ = softmax((scores + Gumbel noise) / temperature). One decoder call; biased.

    The temperature is max(minimum, exp(-rate * step)) (Jang et al. 2017, section 4.2); the steps
    are counted here and kept in checkpoints.
    """

    step: Tensor

    def __init__(self, pixels: int, settings: Mapping[str, Any]) -> None:
        super().__init__(pixels, settings)
        self.rate, self.minimum = settings["temperature_rate"], settings["temperature_minimum"]
        self.register_buffer("step", torch.zeros((), dtype=torch.long))

    @property
    def temperature(self) -> float:
        return max(self.minimum, math.exp(-self.rate * self.step.item()))

    def forward(self, posterior: Posterior, objective: NegativeElbo, generator: torch.Generator) -> Tensor:
        relaxed = self.relaxed_sample(posterior.scores, generator)
        self.step += 1
        return objective.each(relaxed)

    def relaxed_sample(self, scores: Tensor, generator: torch.Generator) -> Tensor:
        """Weights of the classes, ``[N, K]``."""
        exponential = torch.empty_like(scores).exponential_(generator=generator)
        return torch.softmax((scores - exponential.log()) / self.temperature, -1)
