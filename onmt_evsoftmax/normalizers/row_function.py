"""A function of the user's, held to what every mapping here promises: masks, precision, rows without a valid entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

import torch
from torch import Tensor, nn

from ..base.errors import InputError
from .masking import accumulation_type, check_scores, valid_entries

HIDDEN = -1e18
"""Finite, because infinity times the zero gradient of a masked score is NaN."""


class RowFunction(nn.Module):
    """``function(scores, mask)`` over the last dimension as ``function(scores, mask=None, dim=-1)``.

    Sums are taken in at least float32, a row without a valid entry is all zeros, and -inf, -1e18 and a mask mean
    the same.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1) -> Tensor:
        """See `onmt_evsoftmax.normalizers.registry.register`."""
        return over_rows(self.function, scores, mask, dim)


def over_rows(
    function: Callable[[Tensor, Tensor], Tensor], scores: Tensor, mask: Optional[Tensor], dim: int, fill: float = HIDDEN
) -> Tensor:
    """``function(rows, valid)`` along ``dim``, with rows of at least float32 that all have a valid entry.

    Args:
        scores, mask, dim: as in `softmax`, and so are masked entries.
        fill: what masked entries of the rows hold.
    """
    dim = check_scores(scores, mask, dim)
    valid = valid_entries(scores, mask).movedim(dim, -1)
    seen = valid.any(-1, keepdim=True)
    accurate = scores.to(accumulation_type(scores.dtype)).movedim(dim, -1)
    # a row without a valid entry is given one made of zeros, and its result is not used
    rows = accurate.masked_fill(~valid, fill).masked_fill(~seen, 0.0)
    weights = function(rows, valid | ~seen).masked_fill(~seen, 0.0)
    return weights.movedim(-1, dim).to(scores.dtype)


def check_rows(name: str, make: Callable[[], Callable[[Tensor, Tensor], Tensor]], is_trained: bool = True) -> None:
    """Try a function on scores ``[2, 2, 3, 4]``; in the second row of each head the third key is masked.

    Args:
        make: gives the function.
        is_trained: whether models are to be trained with it.

    Raises:
        InputError: it raises; what it returns is not of the scores' shape and type, has a negative or masked weight
            or a row whose sum is not one; a masked key or another sentence changes a row; or a function that is to
            be trained has no gradient, or one that is not finite.
    """
    scores = torch.randn(2, 2, 3, 4, generator=torch.Generator().manual_seed(1))
    mask = torch.ones(2, 2, 3, 4, dtype=torch.bool)
    mask[:, :, 1, 2] = False
    given = scores.masked_fill(~mask, HIDDEN).requires_grad_()
    try:
        with torch.enable_grad():
            function = make()
            weights = function(given, mask)
            problem = _problem(weights, given, mask) or _dependence(function, weights, given, mask)
            if problem is None and is_trained:
                problem = _gradient_problem(weights, given)
    except Exception as error:
        problem = f"on a small example it raises {type(error).__name__}: {error}"
    if problem:
        raise InputError(f"{name}: {problem}; see onmt_evsoftmax.register")


def _problem(weights: Tensor, scores: Tensor, mask: Tensor) -> Optional[str]:
    """What is wrong with the weights themselves."""
    if not isinstance(weights, Tensor) or weights.shape != scores.shape or weights.dtype != scores.dtype:
        found = f"{weights.dtype} of shape {tuple(weights.shape)}" if isinstance(weights, Tensor) else type(weights)
        return f"the weights of scores of shape {tuple(scores.shape)} are {found}"
    if not (weights >= 0).all():
        return "a weight is negative or NaN"
    if weights[~mask].any():
        return "a masked score has a weight"
    if not torch.allclose(weights.sum(-1), torch.ones_like(weights.sum(-1)), atol=1e-4):
        return "the weights of a row do not sum to one"
    return None


def _dependence(
    function: Callable[[Tensor, Tensor], Tensor], weights: Tensor, scores: Tensor, mask: Tensor
) -> Optional[str]:
    """What a row depends on besides its own valid scores."""
    kept = [0, 1, 3]  # of the second row
    without = function(scores[:, :, 1:2, kept], mask[:, :, 1:2, kept])
    if not torch.allclose(weights[:, :, 1:2, kept], without, atol=1e-5):
        return "a masked score changes the weights of the others; leave it out of sums and means with the mask"
    if not torch.allclose(weights[:1], function(scores[:1], mask[:1]), atol=1e-5):
        return "another sentence of the batch changes the weights of a row"
    return None


def _gradient_problem(weights: Tensor, scores: Tensor) -> Optional[str]:
    if not weights.requires_grad:
        return "the weights have no gradient, so nothing can be trained with it; with trained_as=... it need not"
    weights.square().sum().backward()
    return None if scores.grad is None or scores.grad.isfinite().all() else "the gradient of a score is not finite"
