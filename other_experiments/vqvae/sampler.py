"""Code maps drawn from a PixelCNN, position by position, with every position computed once."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor

from onmt_evsoftmax.normalizers import get

from .pixelcnn import GatedLayer, PixelCNN, bias_of, gate


class Sample(NamedTuple):
    """Codes, int64 ``[N, H, W]``, and the sizes of the supports that they were drawn from, ``[N, H, W]``."""

    codes: Tensor
    support: Tensor


class CachedLayer:
    """What one layer remembers: its vertical stack by rows, its horizontal stack by columns of the present row.

    A map of H x W costs the vertical stack H calls, each of one row, and the horizontal one H * W calls, each
    of one position: in all the arithmetic of one forward pass.
    """

    def __init__(self, layer: GatedLayer, labels: Tensor, height: int, width: int) -> None:
        self.layer, self.reach = layer, layer.reach
        hidden = layer.output.out_channels
        condition = layer.conditions(labels)
        self._condition = condition[:, :, None, None]
        # a window is a slice of the row, so position before channel, in the weights as in the row
        self._horizontal = layer.horizontal.weight[:, :, 0].permute(2, 1, 0).flatten(0, 1)
        self._shift = condition + layer.horizontal.bias
        self._output = layer.output.weight[:, :, 0, 0].T
        self._above = condition.new_zeros(len(labels), hidden, height + self.reach, width + 2 * self.reach)
        self._left = condition.new_zeros(len(labels), width + self.reach, hidden)
        self._downward = condition.new_zeros(0)

    def begin_row(self, i: int, above: Tensor) -> Tensor:
        """The last row that it may see, ``[N, hidden, W]``: i, or in the first layer i - 1 -> its own row i."""
        window = self.layer.vertical.kernel_size[0]
        last = i + self.reach - (1 if self.layer.first else 0)  # rows are shifted by the padding
        if last >= self.reach:
            self._above[:, :, last, self.reach : self.reach + above.shape[-1]] = above
        vertical = self.layer.vertical(self._above[:, :, last + 1 - window : last + 1])
        downward = self.layer.downward(vertical)[:, :, 0].transpose(1, 2)
        self._downward = downward + self._shift[:, None]
        return gate(vertical + self._condition)[:, :, 0]

    def column(self, j: int, left: Tensor) -> Tensor:
        """The last position that it may see, ``[N, hidden]``: j, or in the first layer j - 1 -> its own position j."""
        first = self.layer.first
        if not first:
            self._left[:, j + self.reach] = left
        elif j > 0:
            self._left[:, j - 1 + self.reach] = left
        window = self._left[:, j : j + self.layer.horizontal.kernel_size[1]].flatten(1)
        inner = gate(torch.addmm(self._downward[:, j], window, self._horizontal))
        across = torch.addmm(bias_of(self.layer.output), inner, self._output)
        return across if first else across + left


class CachedScores:
    """The scores of a PixelCNN at one position after another; equal to those of its forward pass.

    For each row i call ``begin_row(i)``; for each column j of it ``at(j)``, then ``put(j, codes)``.
    """

    def __init__(self, model: PixelCNN, labels: Tensor, height: int, width: int) -> None:
        self._model, self._width = model, width
        self._layers = [CachedLayer(cast(GatedLayer, layer), labels, height, width) for layer in model.layers]
        self._row = model.embedding.weight.new_zeros(len(labels), width, model.embedding.embedding_dim)
        self._head, self._scores = model.head.weight[:, :, 0, 0].T, model.scores.weight[:, :, 0, 0].T

    def begin_row(self, i: int) -> None:
        """The vertical stack of row i, which needs the codes of all rows above it."""
        above = self._row.transpose(1, 2)
        for layer in self._layers:
            above = layer.begin_row(i, above)

    def at(self, j: int) -> Tensor:
        """Scores ``[N, codes]`` of column j, which need the codes left of it."""
        left = self._row[:, max(j - 1, 0)]
        for layer in self._layers:
            left = layer.column(j, left)
        units = torch.addmm(bias_of(self._model.head), left, self._head).relu_()
        return torch.addmm(bias_of(self._model.scores), units, self._scores)

    def put(self, j: int, codes: Tensor) -> None:
        """The codes ``[N]`` of column j."""
        self._row[:, j] = self._model.embedding(codes)


def draw(scores: Tensor, method: str, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Codes ``[N]`` from scores ``[N, codes]`` by the mapping ``method``, and the sizes of the supports ``[N]``.

    The first code of the support at which the running sum of the probabilities exceeds a uniform number.
    """
    probabilities = get(method).function(scores, dim=1)
    # a GPU adds in another order at each place, so the sum may grow a little at a probability of zero
    sums = probabilities.cumsum(1).masked_fill_(probabilities == 0, 0)
    whole = sums.amax(1, keepdim=True)
    level = torch.rand(len(scores), 1, generator=random).to(scores) * whole
    # rounding may not lift it to the whole sum, which no code exceeds
    level = torch.minimum(level, torch.nextafter(whole, torch.zeros_like(whole)))
    return (sums > level).to(torch.uint8).argmax(1), (probabilities > 0).sum(1)


@torch.no_grad()
def sample(model: PixelCNN, labels: Tensor, height: int, width: int, method: str, random: torch.Generator) -> Sample:
    """Code maps of the classes ``labels`` ``[N]``, drawn through the mapping ``method``."""
    scores = CachedScores(model, labels, height, width)
    codes = labels.new_zeros(len(labels), height, width)
    support = torch.zeros_like(codes)
    for i in range(height):
        scores.begin_row(i)
        for j in range(width):
            codes[:, i, j], support[:, i, j] = draw(scores.at(j), method, random)
            scores.put(j, codes[:, i, j])
    return Sample(codes, support)


@torch.no_grad()
def naive_sample(
    model: PixelCNN, labels: Tensor, height: int, width: int, method: str, random: torch.Generator
) -> Sample:
    """What `sample` returns, by one forward pass of the whole map per position: its oracle."""
    codes = labels.new_zeros(len(labels), height, width)
    support = torch.zeros_like(codes)
    for i in range(height):
        for j in range(width):
            codes[:, i, j], support[:, i, j] = draw(model(codes, labels)[:, :, i, j], method, random)
    return Sample(codes, support)
