"""softmax over the k largest scores: a control for ev-softmax with a support of the same size."""

from __future__ import annotations

import numbers
from typing import Optional

import torch
from torch import Tensor, nn

from ..base.errors import InputError
from .function import MappingFunction, softmax_product
from .masking import accumulation_type, check_number, check_scores, softmax_over, valid_entries


def topk_softmax(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, k: Optional[int] = None) -> Tensor:
    """p_k = exp(v_k) / sum over the k largest valid entries; entries equal to the k-th largest all count.

    Args:
        scores, mask, dim: as in `softmax`, and so are masked, NaN and +inf entries.
        k: size of the support, at least 1; more than there are valid entries means all. By
            default half of the valid entries of each row, rounded up: about what ev-softmax
            keeps of symmetric scores.

    Raises:
        InputError: k is below 1, or the scores or the mask do not fit.

    >>> topk_softmax(torch.tensor([0.4, 1.4, -0.8]), k=2)
    tensor([0.2689, 0.7311, 0.0000])
    """
    dim = check_scores(scores, mask, dim)
    if k is not None:
        check_number("k", k, numbers.Integral)
        if k < 1:
            raise InputError(f"k must be at least 1, got {k}")
    if torch.compiler.is_compiling():
        return topk_softmax_plain(scores, mask, dim, k)
    return TopkSoftmaxFunction.apply(scores, mask, dim, k)


class TopkSoftmaxFunction(MappingFunction):
    """`topk_softmax`, saving only its output."""

    product = staticmethod(softmax_product)

    @staticmethod
    def forward(scores: Tensor, mask: Optional[Tensor], dim: int, k: Optional[int]) -> Tensor:
        return topk_softmax_plain(scores, mask, dim, k)


def topk_softmax_plain(scores: Tensor, mask: Optional[Tensor], dim: int, k: Optional[int]) -> Tensor:
    """`topk_softmax` in differentiable torch operations."""
    valid = valid_entries(scores, mask)
    accurate = scores.to(accumulation_type(scores.dtype))
    classes = scores.shape[dim]
    candidates = (
        accurate.detach().masked_fill(~valid, -torch.inf).topk(min(k or (classes + 1) // 2, classes), dim).values
    )
    if k is None:
        last = (valid.sum(dim, keepdim=True) + 1).div(2, rounding_mode="floor").clamp(min=1) - 1
        smallest = candidates.gather(dim, last)
    else:
        smallest = candidates.narrow(dim, -1, 1)
    return softmax_over(accurate, valid & ~(accurate < smallest), dim).to(scores.dtype)


class TopkSoftmax(nn.Module):
    """`topk_softmax` as a module."""

    def __init__(self, dim: int = -1, k: Optional[int] = None) -> None:
        super().__init__()
        self.dim, self.k = dim, k

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return topk_softmax(scores, mask, self.dim, self.k)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, k={self.k}"
