"""Scalable-Softmax: softmax whose temperature follows the number of keys (Nakanishi 2025)."""

from __future__ import annotations

from typing import Optional, Union

import torch
from torch import Tensor, nn

from .masking import check_number
from .row_function import over_rows

S = 0.43
"""Of the paper's figures; also where the learned one starts."""


def ssmax(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, s: Union[float, Tensor] = S) -> Tensor:
    """softmax of s log(n) v over the n valid entries, which is n^(s v_k) / sum_l n^(s v_l) (arXiv 2501.19399, eq. 3).

    n counts the entries of a row that are valid, so a sentence has the same weights alone and in a batch. With one
    valid entry the weight is one. Masked, NaN and +inf entries are as in `softmax`.

    Args:
        scores, mask, dim: as in `softmax`.
        s: a number, or a tensor that broadcasts to the scores with ``dim`` moved to the end.

    Raises:
        InputError: the scores or the mask do not fit, or s is neither number nor tensor.

    >>> ssmax(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0.3153, 0.5058, 0.1789])
    """
    if not isinstance(s, Tensor):
        check_number("s", s)

    def rows(v: Tensor, valid: Tensor) -> Tensor:
        factor = s * valid.sum(-1, keepdim=True).to(v.dtype).log()
        # the largest is taken off first: a factor of 0 times an infinite score would not show it
        shifted = (v - v.amax(-1, keepdim=True)) * factor
        return torch.softmax(shifted.masked_fill(~valid, -torch.inf), -1)

    return over_rows(rows, scores, mask, dim)


class LearnedSSMax(nn.Module):
    """`ssmax` with one learned s for each head."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.s = nn.Parameter(torch.full((heads, 1, 1), S))

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return ssmax(scores, mask, s=self.s)
