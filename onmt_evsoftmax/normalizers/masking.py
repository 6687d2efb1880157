"""Which entries of a row of scores are valid, and softmax over a chosen part of them."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, Optional

import torch
from torch import Tensor

from ..base.errors import InputError, InputTypeError

MASKED_SCORE = -1e8
"""A score at or below this counts as masked (float64, float32, bfloat16).

Models mask with -inf, with -1e18 (OpenNMT-py), with -1e9 or with the lowest number of the
type, and compute no score that comes near. A fill such as -1e4 would be an ordinary score.
"""

MASKED_SCORE_HALF = -6e4
"""`MASKED_SCORE` of float16, whose lowest number is -65504."""


def masked_score(dtype: torch.dtype) -> float:
    """The score at or below which an entry of this type counts as masked."""
    return MASKED_SCORE_HALF if dtype == torch.float16 else MASKED_SCORE


def check_scores(scores: Tensor, mask: Optional[Tensor], dim: int) -> int:
    """Check the arguments of a mapping; return ``dim`` counted from the end.

    Raises:
        InputError: the scores are no dense floating-point tensor, have no dimension ``dim`` or no
            entry along it, or the mask is not boolean or does not broadcast to the scores.
        InputTypeError: the scores or the mask are no tensor, or ``dim`` no whole number; also a TypeError.
    """
    if not isinstance(scores, Tensor):
        raise InputTypeError(f"scores must be a tensor, got {_kind(scores)}; write torch.as_tensor(scores).float()")
    check_dense("scores", scores)
    if not scores.is_floating_point():
        raise InputError(f"scores must be floating-point, got {scores.dtype}; convert them with .float()")
    if not isinstance(dim, numbers.Integral):
        raise InputTypeError(f"dim must be one whole number, got {dim!r}")
    if not -scores.ndim <= dim < scores.ndim:
        raise InputError(f"dim {dim} is out of range for scores of shape {tuple(scores.shape)}")
    if scores.shape[dim] == 0:
        raise InputError(f"scores of shape {tuple(scores.shape)} have no entry along dim {dim} to normalise")
    if mask is not None:
        _check_mask(scores, mask)
    return dim - scores.ndim if dim >= 0 else dim


def _check_mask(scores: Tensor, mask: Any) -> None:
    if isinstance(mask, numbers.Integral) and not isinstance(mask, bool):
        raise InputTypeError(
            f"the second argument is the mask, got the number {mask}; for the dimension write dim={mask}"
        )
    if not isinstance(mask, Tensor):
        raise InputTypeError(
            f"mask must be a boolean tensor with True for valid entries, got {_kind(mask)}; write torch.as_tensor(mask)"
        )
    check_dense("mask", mask)
    if mask.dtype != torch.bool:
        raise InputError(f"mask must be boolean with True for valid entries, got {mask.dtype}; convert it with .bool()")
    fits = mask.ndim <= scores.ndim and all(
        own == 1 or own == size for own, size in zip(reversed(mask.shape), reversed(scores.shape))
    )
    if not fits:
        raise InputError(
            f"mask of shape {tuple(mask.shape)} does not broadcast to scores of shape {tuple(scores.shape)}"
        )


def check_dense(name: str, tensor: Tensor) -> None:
    """Raise InputError if it is sparse, nested or in another layout that a mapping cannot go through."""
    if tensor.is_nested:
        raise InputError(f"{name} must not be a nested tensor; pad it with .to_padded_tensor(-torch.inf)")
    if tensor.layout != torch.strided:
        raise InputError(f"{name} must be a dense tensor, got the layout {tensor.layout}; convert it with .to_dense()")


def check_number(name: str, value: Any, kind: type = numbers.Real) -> None:
    """Raise InputTypeError if it is no number, nor a tensor that holds one."""
    if not isinstance(value, kind) and not (isinstance(value, Tensor) and value.numel() == 1):
        whole = "whole " if kind is numbers.Integral else ""
        raise InputTypeError(f"{name} must be one {whole}number, got {value!r}")


def _kind(value: Any) -> str:
    """The type of a value, for a message, as its user would write it."""
    module, name = type(value).__module__, type(value).__qualname__
    return name if module == "builtins" else f"{module}.{name}"


def valid_entries(scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
    """Boolean tensor of the scores' shape: True where an entry is neither masked nor -1e18 nor -inf.

    A NaN that the mask does not hide is valid, so that it shows in the result.
    """
    valid = ~(scores <= masked_score(scores.dtype))
    return valid if mask is None else valid & mask


def nothing_masked(scores: Tensor, mask: Optional[Tensor]) -> bool:
    """Whether every entry is certain to be valid; False also where that cannot be seen for free.

    The values cannot be looked at while they are traced or vmapped, and a look stalls a GPU.
    """
    transformed = torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
    if mask is not None or transformed or scores.device.type != "cpu":
        return False
    return scores.numel() == 0 or scores.detach().amin().item() > masked_score(scores.dtype)


def spread(mask: Tensor, scores: Tensor, dim: int) -> Tensor:
    """The mask, expanded if it does not have the scores' length along ``dim``."""
    full = mask.ndim >= -dim and mask.shape[dim] == scores.shape[dim]
    return mask if full else mask.expand_as(scores)


def indicator(flags: Tensor, dtype: torch.dtype) -> Tensor:
    """1 where True, 0 where False."""
    # bytes are converted six times as fast as booleans
    return flags.view(torch.uint8).to(dtype)


def masking_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where valid, -inf where masked: what to add to scores."""
    return torch.threshold_(indicator(mask, dtype).sub_(1), -0.5, -torch.inf)


def recompute_rows(
    function: Callable[..., Tensor],
    rows: Tensor,
    probabilities: Tensor,
    scores: Tensor,
    mask: Optional[Tensor],
    dim: int,
) -> None:
    """Overwrite some rows of ``probabilities`` by ``function(scores, mask, dim)`` of these rows alone.

    Args:
        rows: boolean, of the scores' shape without ``dim``.
    """
    if mask is not None:
        mask = mask.expand_as(scores).movedim(dim, -1)[rows]
    probabilities.movedim(dim, -1)[rows] = function(scores.movedim(dim, -1)[rows], mask, -1)


def accumulation_type(dtype: torch.dtype) -> torch.dtype:
    """The type that sums are taken in: at least float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def softmax_over(scores: Tensor, support: Tensor, dim: int) -> Tensor:
    """softmax over the entries of ``support``, zero elsewhere; a row without any is all zeros."""
    kept = scores.masked_fill(~support, -torch.inf)
    return torch.softmax(kept, dim).masked_fill(~support.any(dim, keepdim=True), 0.0)
