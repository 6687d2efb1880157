"""The prior over code maps: a class-conditional gated PixelCNN (van den Oord et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

FIRST_KERNEL = 7
"""Side of the first layer's window; it excludes the position itself (mask A)."""
KERNEL = 3
"""Side of every other layer's window (mask B)."""


def gate(scores: Tensor, dim: int = 1) -> Tensor:
    """tanh of the first half of the channels times the sigmoid of the second."""
    values, gates = scores.chunk(2, dim)
    return torch.tanh(values) * torch.sigmoid(gates)


def bias_of(layer: nn.Conv2d) -> Tensor:
    """The bias of a convolution that has one."""
    assert layer.bias is not None
    return layer.bias


class GatedLayer(nn.Module):
    """One layer of both stacks, ``[N, hidden, H, W]`` each.

    The vertical stack of row i sees rows above i only, the horizontal one at (i, j) besides those the
    columns left of j in its row: with windows that are cut off, so no weight is masked. In the first
    layer the window ends before the position itself; the later ones may use it, for what they read
    there was made without it.

    Args:
        classes: of the images; each has a bias of its own in the gates.
        first: whether it is the first layer, which reads the codes' embeddings.
    """

    def __init__(self, hidden: int, classes: int, first: bool) -> None:
        super().__init__()
        self.first, self.side = first, FIRST_KERNEL if first else KERNEL
        self.reach = self.side // 2
        own = 0 if first else 1
        self.vertical = nn.Conv2d(hidden, 2 * hidden, (self.reach + own, self.side))
        self.horizontal = nn.Conv2d(hidden, 2 * hidden, (1, self.reach + own))
        self.downward = nn.Conv2d(2 * hidden, 2 * hidden, 1)
        self.output = nn.Conv2d(hidden, hidden, 1)
        self.conditions = nn.Embedding(classes, 2 * hidden)

    def forward(self, above: Tensor, left: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The two stacks of the layer below, and class numbers ``[N]`` -> the two stacks of this one."""
        condition = self.conditions(labels)[:, :, None, None]
        height, width, reach = above.shape[2], above.shape[3], self.reach
        # the window of row i ends with row i, or in the first layer with row i - 1; likewise to the left
        vertical = self.vertical(functional.pad(above, (reach, reach, reach, 0)))[:, :, :height]
        horizontal = self.horizontal(functional.pad(left, (reach, 0)))[:, :, :, :width]
        across = self.output(gate(self.downward(vertical) + horizontal + condition))
        return gate(vertical + condition), across if self.first else across + left


class PixelCNN(nn.Module):
    """p(code at (i, j) | the codes before it row by row, the class of the image).

    Args:
        codes: size of the codebook.
        classes: of the images.
        settings: ``layers``, ``hidden`` (channels), ``head`` (units before the scores) and ``output_scale``,
            a factor on the initial weights of the scores. A small one keeps a sparse mapping's support
            wide at first, so that every code has a gradient.
    """

    def __init__(self, codes: int, classes: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, head = settings["hidden"], settings["head"]
        self.embedding = nn.Embedding(codes, hidden)
        self.layers = nn.ModuleList(GatedLayer(hidden, classes, number == 0) for number in range(settings["layers"]))
        self.head = nn.Conv2d(hidden, head, 1)
        self.scores = nn.Conv2d(head, codes, 1)
        with torch.no_grad():
            self.scores.weight.mul_(settings["output_scale"])
            bias_of(self.scores).zero_()

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Codes ``[N, H, W]`` and class numbers ``[N]`` -> float32 scores ``[N, codes, H, W]``."""
        units = self.units(codes, labels).to(self.scores.weight.dtype)
        with torch.autocast(units.device.type, enabled=False):  # bfloat16 scores would tie, and blur the supports
            return self.scores(units).float()

    def units(self, codes: Tensor, labels: Tensor) -> Tensor:
        """The head's units after their ReLU, ``[N, head, H, W]``. A prior whose units are all off has died."""
        above = left = self.embedding(codes).permute(0, 3, 1, 2)
        for layer in self.layers:
            above, left = layer(above, left, labels)
        return functional.relu(self.head(left))
