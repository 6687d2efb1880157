"""Gradients of unit norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


class NormalisedGradients:
    """Divides the gradient of each parameter tensor by its norm, then lets the optimiser step.

    Adam does not see the scale of a gradient that stays the same over the steps. What this takes
    away is the difference between steps: each counts alike in the moving averages.

    Args:
        optimiser: what makes the step.
        epsilon: added to the norm; a gradient of zero stays zero.
    """

    def __init__(self, optimiser: torch.optim.Optimizer, epsilon: float = 1e-12) -> None:
        self.optimiser, self.epsilon = optimiser, epsilon

    def zero_grad(self) -> None:
        self.optimiser.zero_grad()

    @torch.no_grad()
    def step(self) -> None:
        for group in self.optimiser.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.div_(parameter.grad.norm() + self.epsilon)
        self.optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        return self.optimiser.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.optimiser.load_state_dict(dict(state))
