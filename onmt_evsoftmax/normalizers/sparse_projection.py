"""What sparsemax and entmax-1.5 share: masks, half precision, derivatives around the ``entmax`` package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

import torch
from torch import Tensor
from torch.nn import functional

from .masking import accumulation_type, masked_score

OUTSIDE = -3.0
"""Relative to the largest score: sparsemax drops what is 1 below it, entmax-1.5 what is 2 below."""


def project(solver: Callable[[Tensor, int], Tensor], scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
    """``solver(scores, dim)`` over the valid entries.

    A row without any comes out zero, a row with a valid NaN or +inf comes out NaN.

    Scores far below the largest cannot be in the support. They, and masked ones, are moved to
    just outside it, where -inf and 1e30 cannot spoil the sums of the solver.
    """
    limit = masked_score(scores.dtype)
    # not only those that `mask` names: the largest valid score may lie just above the limit
    accurate = functional.threshold(scores.to(accumulation_type(scores.dtype)), limit, -torch.inf)
    if mask is not None:
        accurate = accurate.masked_fill(~mask, -torch.inf)
    largest = accurate.detach().amax(dim, keepdim=True).clamp(min=limit)
    # the solver raises on NaN, which its row gets back from the scale
    shifted = (accurate - largest).nan_to_num(nan=OUTSIDE).clamp(min=OUTSIDE)
    scale = (largest > limit) + (largest - largest)
    return (solver(shifted.movedim(dim, -1), -1).movedim(-1, dim) * scale).to(scores.dtype)


def weighted_product(weights: Tensor, vector: Tensor, dim: int) -> Tensor:
    """s * (u - sum(s * u) / sum(s)) with s = p^(2 - alpha): the Jacobian of alpha-entmax (Peters et al.)."""
    accurate = accumulation_type(vector.dtype)
    weights, vector_ = weights.to(accurate), vector.to(accurate)
    total = weights.sum(dim, keepdim=True)
    # a row without a valid entry has no weights, and no gradient
    mean = (weights * vector_).sum(dim, keepdim=True) / total.masked_fill(total == 0, 1.0)
    return (weights * (vector_ - mean)).to(vector.dtype)
