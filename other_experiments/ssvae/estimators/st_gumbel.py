"""Straight-through Gumbel-softmax: an exact sample with the gradient of a relaxed one (Jang et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from .estimator import with_gradient
from .gumbel import Gumbel


class StraightThroughGumbel(Gumbel):
    """`Gumbel` with the largest weight rounded to one, the others to zero, on the way forward only."""

    def relaxed_sample(self, scores: Tensor, generator: torch.Generator) -> Tensor:
        relaxed = super().relaxed_sample(scores, generator)
        exact = torch.zeros_like(relaxed).scatter(-1, relaxed.argmax(-1, keepdim=True), 1.0)
        return exact + with_gradient(relaxed)
