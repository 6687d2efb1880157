"""MultiMax: softmax of scores that two pieces of a modulator bend (Zhou, Fritz & Keuper, ICML 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional, Union

import torch
from torch import Tensor, nn

from ..base.errors import InputError
from .row_function import over_rows

Numbers = Union[Tensor, Sequence[float]]

FAR = 1e15
"""Squares of more would leave float32, and a slope of zero times infinity is not zero."""


def multimax(
    scores: Tensor,
    mask: Optional[Tensor] = None,
    dim: int = -1,
    t: Numbers = (0.0, 0.0, 0.0, 0.0),
    r: Numbers = (0.0, 0.0, 0.0, 0.0),
) -> Tensor:
    """softmax of v + t0 (r0 - v)+ + t1 (v - r1)+ + t2 ((r2 - v)+)^2 + t3 ((v - r3)+)^2 over the valid entries.

    Negative t0, t2 lower what is low, negative t1, t3 draw the high ones together; with t = 0 it is softmax (arXiv
    2406.01189, eq. 6). No weight is exactly zero. Masked, NaN and +inf entries are as in `softmax`.

    Args:
        scores, mask, dim: as in `softmax`.
        t: four slopes.
        r: four places, in units of the scores, where the pieces begin.

    Raises:
        InputError: the scores or the mask do not fit, or t or r are not four numbers.

    >>> multimax(torch.tensor([0.4, 1.4, -0.8]), t=(-2.0, 0.0, 0.0, 0.0))
    tensor([0.2646, 0.7193, 0.0161])
    """
    four = _four("t", t), _four("r", r)

    def rows(v: Tensor, valid: Tensor) -> Tensor:
        slopes, places = (numbers.to(v.device, v.dtype) for numbers in four)
        below, above = (places[0] - v).relu(), (v - places[1]).relu()
        squares = [far.clamp(0.0, FAR).square() for far in (places[2] - v, v - places[3])]
        bend = slopes[0] * below + slopes[1] * above + slopes[2] * squares[0] + slopes[3] * squares[1]
        return torch.softmax((v + bend).masked_fill(~valid, -torch.inf), -1)

    return over_rows(rows, scores, mask, dim, 0.0)


def _four(name: str, given: Numbers) -> Tensor:
    try:
        numbers = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        numbers = torch.empty(0)
    if numbers.shape != (4,):
        raise InputError(f"{name} must be four numbers, got {given!r}")
    return numbers


class LearnedMultiMax(nn.Module):
    """`multimax` with learned t and r, one set for all heads of a layer; it starts as softmax.

    At t = 0 the places have no gradient yet; they move as soon as the slopes do.
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.t = nn.Parameter(torch.zeros(4))
        self.r = nn.Parameter(torch.zeros(4))

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return multimax(scores, mask, t=self.t, r=self.r)
