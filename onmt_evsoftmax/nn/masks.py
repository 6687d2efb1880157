"""The masks of `torch.nn.MultiheadAttention`, where True and -inf hide, as arguments of `attention`."""

from __future__ import annotations

from typing import Any, Optional

import torch
from torch import Tensor
from torch.nn.functional import pad

from ..base.errors import InputError, InputTypeError
from ..normalizers.masking import check_dense


def attention_masks(
    attn_mask: Optional[Tensor],
    key_padding_mask: Optional[Tensor],
    shape: tuple[int, int, int, int],
    more_keys: int,
    is_causal: bool = False,
) -> dict[str, Any]:
    """``mask``, ``bias`` and ``is_causal`` of `onmt_evsoftmax.attention.attention`.

    Args:
        attn_mask: ``[queries, keys]`` or ``[batch * heads, queries, keys]``, boolean or floating-point.
        key_padding_mask: ``[batch, keys]``, boolean or floating-point.
        shape: batch, heads, queries, keys.
        more_keys: how many keys follow that every query sees.
        is_causal: take this instead of ``attn_mask``, which hides the future; the mask must be ``[queries, keys]``.

    Raises:
        InputError: a mask of another type or shape.
    """
    batch, heads, queries, keys = shape
    given = []
    if attn_mask is not None:
        _check("attn_mask", attn_mask, [(queries, keys), (batch * heads, queries, keys)])
        given.append(attn_mask.reshape(-1, heads if attn_mask.ndim == 3 else 1, queries, keys))
    if key_padding_mask is not None:
        _check("key_padding_mask", key_padding_mask, [(batch, keys)])
        given.append(key_padding_mask[:, None, None])
    mask = bias = None
    for tensor in given[1:] if is_causal else given:
        tensor = pad(tensor, (0, more_keys)) if more_keys else tensor
        if tensor.is_floating_point():
            bias = tensor if bias is None else bias + tensor
        else:
            mask = ~tensor if mask is None else mask & ~tensor
    return {"mask": mask, "bias": bias, "is_causal": is_causal}


def _check(name: str, mask: Tensor, shapes: list[tuple[int, ...]]) -> None:
    if not isinstance(mask, Tensor):
        raise InputTypeError(f"{name} must be a tensor, got {type(mask).__name__}")
    check_dense(name, mask)
    if mask.dtype != torch.bool and not mask.is_floating_point():
        raise InputError(
            f"{name} must be boolean, with True for hidden keys, or floating-point, to add; got {mask.dtype}"
        )
    # not `in`: a compiled size is equal to a number without being found in a tuple
    if not any(mask.ndim == len(shape) and all(a == b for a, b in zip(mask.shape, shape)) for shape in shapes):
        expected = " or ".join(str(shape) for shape in shapes)
        raise InputError(f"{name} has the shape {tuple(mask.shape)}, expected {expected}")
