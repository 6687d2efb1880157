"""A moving average that remembers itself in checkpoints."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RunningMean(nn.Module):
    """Exponential moving average of batch means, corrected for its start at zero.

    Args:
        decay: how much of the average a step keeps.
    """

    total: Tensor
    weight: Tensor

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("total", torch.zeros(()))
        self.register_buffer("weight", torch.zeros(()))

    def value(self) -> Tensor:
        """The average so far, a scalar; 0 before the first update."""
        return self.total / self.weight.clamp(min=1 - self.decay)

    @torch.no_grad()
    def update(self, values: Tensor) -> None:
        """Take the mean of ``values`` in."""
        self.total.lerp_(values.mean().to(self.total), 1 - self.decay)
        self.weight.lerp_(torch.ones_like(self.weight), 1 - self.decay)
