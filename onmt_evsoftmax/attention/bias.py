"""Masks and biases as a caller may write them: boolean or additive, with our names or with torch's."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor

from ..base.errors import InputError
from ..normalizers.masking import check_dense, nothing_masked, valid_entries
from .implementations import is_traced
from .visibility import Visibility

FULL = "[batch, heads, queries, keys]"


def torch_names(
    attn_mask: Optional[Tensor],
    dropout_p: float,
    mask: Optional[Tensor],
    bias: Optional[Tensor],
    dropout: float,
) -> tuple[Optional[Tensor], Optional[Tensor], float]:
    """``mask``, ``bias`` and ``dropout``, whichever of the two names they came by.

    Raises:
        InputError: one thing came by both names.
    """
    if dropout_p and dropout:
        raise InputError("dropout_p and dropout are two names of one thing; give one of them")
    if attn_mask is None:
        return mask, bias, dropout or dropout_p
    additive = isinstance(attn_mask, Tensor) and attn_mask.is_floating_point()
    if (bias if additive else mask) is not None:
        ours = "bias" if additive else "mask"
        raise InputError(f"attn_mask and {ours} are two names of one thing; give one of them, or combine them")
    return (mask, attn_mask, dropout or dropout_p) if additive else (attn_mask, bias, dropout or dropout_p)


def check_mask(mask: Tensor, query: Tensor, keys: int) -> None:
    """Raise InputError if it is no boolean tensor that broadcasts to the scores."""
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        kind = getattr(mask, "dtype", type(mask).__name__)
        raise InputError(
            f"mask must be a boolean tensor with True for visible keys, got {kind}; "
            "numbers to add to the scores go in as bias"
        )
    _check_shape("mask", mask, query, keys)


def check_bias(bias: Tensor, query: Tensor, keys: int) -> None:
    """Raise InputError if it is no floating-point tensor that broadcasts to the scores."""
    if not isinstance(bias, Tensor) or not bias.is_floating_point():
        kind = getattr(bias, "dtype", type(bias).__name__)
        raise InputError(f"bias must be a floating-point tensor, got {kind}; a boolean one goes in as mask")
    _check_shape("bias", bias, query, keys)


def _check_shape(name: str, tensor: Tensor, query: Tensor, keys: int) -> None:
    check_dense(name, tensor)
    if tensor.device != query.device:
        raise InputError(f"{name} is on {tensor.device}, the query on {query.device}; move it with .to(query.device)")
    full = (*query.shape[:-1], keys)
    # not `in`: a compiled size is equal to a number without being found in a tuple
    fits = tensor.ndim <= 4 and all(own == 1 or own == size for own, size in zip(tensor.shape[::-1], full[::-1]))
    if not fits or tensor.ndim == 0:
        raise InputError(
            f"{name} of shape {tuple(tensor.shape)} does not broadcast to {FULL} = {full}; "
            f"a padding mask [batch, keys] goes in as {name}[:, None, None], or as key_lengths"
        )


def split_bias(bias: Tensor, mask: Optional[Tensor]) -> tuple[Optional[Tensor], Optional[Tensor]]:
    """Split an additive mask: the entries that it hides, joined to ``mask``, and the rest as a bias of four dimensions.

    A mask of 0 and -inf is a mask and nothing else, if its values can be looked at. What hides in the type of the
    bias, such as -65504 in float16, would not in the type of the scores.
    """
    bias = bias[(None,) * (4 - bias.ndim)]
    if not nothing_masked(bias, None):
        visible = valid_entries(bias)
        bias = bias.masked_fill(~visible, 0.0)
        mask = visible if mask is None else mask & visible
    looking = bias.device.type == "cpu" and not is_traced()
    if looking and not bias.requires_grad and not bias.any().item():
        return mask, None
    return mask, bias


def clean_bias(bias: Tensor, visibility: Visibility) -> Tensor:
    """The bias, 0 where it holds NaN or infinities that no query sees."""
    mask = visibility.mask()
    looking = bias.device.type == "cpu" and not is_traced()
    if mask is None or looking and bias.detach().isfinite().all().item():
        return bias
    return bias.where(mask, 0.0)
