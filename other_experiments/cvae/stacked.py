"""Linear layers of several independent models, computed in one call."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class StackedLinear(nn.Module):
    """``S`` linear layers side by side: ``[S, B, inputs]`` -> ``[S, B, outputs]``.

    Layer s is initialised from generator s with the distribution of `torch.nn.Linear`, weight
    first, so it does not depend on the other layers. ``weight`` is ``[S, inputs, outputs]``: the
    product that gives its gradient then has that layout too, and nothing is transposed.
    """

    def __init__(self, generators: Sequence[torch.Generator], inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(len(generators), inputs, outputs))
        self.bias = nn.Parameter(torch.empty(len(generators), 1, outputs))
        with torch.no_grad():
            for layer, generator in enumerate(generators):
                weight = torch.empty(outputs, inputs).uniform_(-bound, bound, generator=generator)
                self.weight[layer] = weight.T
                self.bias[layer].uniform_(-bound, bound, generator=generator)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, inputs, self.weight)


def perceptron(generators: Sequence[torch.Generator], inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """One hidden layer with ReLU, stacked."""
    return nn.Sequential(
        StackedLinear(generators, inputs, hidden), nn.ReLU(), StackedLinear(generators, hidden, outputs)
    )
