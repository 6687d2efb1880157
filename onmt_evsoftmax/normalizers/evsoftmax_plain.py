"""ev-softmax written out: compiled, exported and run on a GPU as it stands; `evsoftmax_cpu` is held to it."""

from __future__ import annotations

import math
from typing import Optional

import torch
from torch import Tensor

from ..base.errors import InputError
from .masking import accumulation_type, softmax_over, valid_entries


def evsoftmax_plain(scores: Tensor, mask: Optional[Tensor], dim: int, eps: float = 0.0) -> Tensor:
    """`evsoftmax` written out in differentiable torch operations, without a look at any value."""
    valid = valid_entries(scores, mask)
    accurate = scores.to(accumulation_type(scores.dtype))
    above = ~(accurate < threshold(accurate.detach(), valid, dim))
    if eps != 0:
        biased = torch.where(above, accurate, accurate - drop(eps))
        return softmax_over(biased, valid, dim).to(scores.dtype)
    return softmax_over(accurate, valid & above, dim).to(scores.dtype)


def threshold(scores: Tensor, valid: Tensor, dim: int) -> Tensor:
    """min(mean, max) of the valid entries of each row, with ``dim`` kept as size 1; NaN where there is none."""
    mean = scores.masked_fill(~valid, 0.0).sum(dim, keepdim=True) / valid.sum(dim, keepdim=True)
    return torch.minimum(mean, scores.masked_fill(~valid, -torch.inf).amax(dim, keepdim=True))


def drop(eps: float) -> float:
    """log(1 + eps) - log(eps): what a score outside the support loses in the training form (eq. 10).

    Raises:
        InputError: eps is negative, infinite or no number.
    """
    if not 0 <= eps < math.inf:
        raise InputError(f"eps must be finite and not negative, got {eps}")
    return math.log1p(eps) - math.log(eps) if eps > 0 else math.inf
