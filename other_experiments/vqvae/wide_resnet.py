"""A wide residual network (Zagoruyko and Komodakis, 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from onmt_evsoftmax.base.errors import InputError

STEM = 16
"""Channels before the first group; the groups have 1, 2 and 4 times as many, times the width."""


class WideResNet(nn.Module):
    """WRN-depth-width: three groups of (depth - 4) / 6 blocks, ``[N, C, S, S]`` -> scores ``[N, classes]``.

    Every convolution but the first is preceded by batch normalisation and ReLU. The second and third group
    halve rows and columns; after the last one their mean is taken, so S is free.

    Args:
        stride: of the first convolution; 2 costs a quarter of the time and some accuracy.

    Raises:
        InputError: the depth is not 6 n + 4.
    """

    def __init__(self, channels: int, classes: int, depth: int, width: int, stride: int = 1) -> None:
        super().__init__()
        blocks, rest = divmod(depth - 4, 6)
        if rest or blocks < 1:
            raise InputError(f"judge.depth: must be 10, 16, 22, ..., got {depth}")
        layers: list[nn.Module] = [nn.Conv2d(channels, STEM, 3, stride, padding=1, bias=False)]
        size = STEM
        for group in range(3):
            for block in range(blocks):
                wider = STEM * width << group
                layers.append(Block(size, wider, 2 if group and not block else 1))
                size = wider
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(size), nn.ReLU())
        self.output = nn.Linear(size, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.output.bias)

    def forward(self, images: Tensor) -> Tensor:
        return self.output(self.features(images).mean((2, 3)))


class Block(nn.Module):
    """x + two 3x3 convolutions of x; a 1x1 convolution takes the place of x where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = None
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        active = torch.relu(self.norm1(images))
        shortcut = images if self.shortcut is None else self.shortcut(active)
        return shortcut + self.conv2(torch.relu(self.norm2(self.conv1(active))))
