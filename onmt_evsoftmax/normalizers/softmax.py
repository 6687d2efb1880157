"""softmax, with the treatment of masked entries that all mappings here share."""

from __future__ import annotations

import math
from typing import Optional

import torch
from torch import Tensor, nn

from .function import MappingFunction, softmax_product
from .masking import (
    accumulation_type,
    check_scores,
    masked_score,
    masking_bias,
    recompute_rows,
    softmax_over,
    valid_entries,
)


def softmax(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1) -> Tensor:
    """p_k = exp(v_k) / sum_l exp(v_l) over the valid entries (paper, eq. 3).

    Args:
        scores: floating-point, any shape.
        mask: boolean, broadcasts to the scores, True = valid. Scores of -inf or at most
            `masking.MASKED_SCORE` count as masked as well.
        dim: the dimension that sums to one.

    Returns:
        Probabilities of the scores' shape and type; zero where masked, and all zero in a row
        without a valid entry. A valid NaN or +inf makes its row NaN.

    Raises:
        InputError: the scores are no dense floating-point tensor, or have no entry along ``dim``; the mask is not
            boolean or does not broadcast. What is no tensor, or no number, is an `InputTypeError`.

    >>> softmax(torch.tensor([0.0, 0.0, -torch.inf]))
    tensor([0.5000, 0.5000, 0.0000])
    """
    dim = check_scores(scores, mask, dim)
    if torch.compiler.is_compiling():
        return softmax_plain(scores, mask, dim)
    return SoftmaxFunction.apply(scores, mask, dim)


REACH = 1e3
"""The exponential of a score this far below the largest one of its row is zero, in float64 too."""


class SoftmaxFunction(MappingFunction):
    """`softmax` in as few passes over the scores as their values allow."""

    product = staticmethod(softmax_product)

    @staticmethod
    def forward(scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
        function = softmax_cpu if scores.device.type == "cpu" else softmax_plain
        return function(scores, mask, dim)


def softmax_plain(scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
    """`softmax` in differentiable torch operations, without a look at any value."""
    return softmax_over(scores.to(accumulation_type(scores.dtype)), valid_entries(scores, mask), dim).to(scores.dtype)


def softmax_cpu(scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
    """`softmax` in one pass besides softmax's own with a mask, in none without.

    The exponential of a masked score is zero unless its row is masked, or nearly so, as a whole.
    """
    if scores.numel() == 0:
        return torch.empty_like(scores)
    accurate = scores.to(accumulation_type(scores.dtype))
    if mask is not None:
        accurate = accurate + masking_bias(mask, accurate.dtype)
    limit = masked_score(scores.dtype)
    probabilities = torch.softmax(accurate, dim).to(scores.dtype)
    first = probabilities.select(dim, 0)
    # no masked score is within reach of such a first entry; a NaN anywhere in a row shows in its first
    if not accurate.select(dim, 0).amin().item() > limit + REACH or math.isnan(first.sum().item()):
        broken = first.isnan() | (accurate.amax(dim) <= limit + REACH)
        recompute_rows(softmax_plain, broken, probabilities, scores, mask, dim)
    return probabilities


class Softmax(nn.Module):
    """`softmax` as a module."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return softmax(scores, mask, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
