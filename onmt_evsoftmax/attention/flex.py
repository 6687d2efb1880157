"""Attention in one fused pass: torch.nn.attention.flex_attention with the mapping as a score_mod."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Optional

import torch
from torch import Tensor

from ..normalizers.evsoftmax_plain import drop
from .mean_key import thresholds
from .request import Request
from .visibility import Visibility

DEVICES = ("cuda", "cpu")


def flex_obstacle(request: Request) -> Optional[str]:
    """Why `flex` cannot run this; None if it can."""
    device = request.query.device.type
    if request.normalizer.family not in ("softmax", "centred"):
        return f"{request.normalizer.name} needs a whole row of scores at once; use dense or reference"
    if request.bias is not None:
        return "it takes no bias, which moves the mean of a row; use dense or blockwise"
    if request.return_weights:
        return "it never has the weights; use dense"
    if request.dropout:
        return "flex_attention has no dropout; use dense or blockwise"
    if device not in DEVICES:
        return f"flex_attention knows {' and '.join(DEVICES)}, not {device}"
    if request.query.dtype == torch.float64:
        return "flex_attention is compiled for at most float32; use dense or blockwise"
    if device == "cpu" and request.needs_grad:
        return "flex_attention has no backward pass on a CPU; use dense or blockwise, or torch.no_grad()"
    return None


def flex(request: Request) -> tuple[Tensor, Optional[Tensor]]:
    """The scores never leave the kernel; a key in the future of a whole block is not looked at."""
    tensors = request.tensors
    if not request.needs_grad:  # on a CPU the kernel refuses what could need a gradient, even under no_grad
        query, key, value = tensors
        tensors = query.detach(), key.detach(), value.detach()
    output = compiled(request.query.device.type)(
        *tensors,
        score_mod=None if request.normalizer.family == "softmax" else score_mod(request),
        block_mask=block_mask(request),
        scale=request.scale,
    )
    return output, None


def score_mod(request: Request) -> Callable[..., Tensor]:
    """score -> score + log(1{score >= threshold of its row} + eps), up to a constant (paper, eqs. 7, 10)."""
    accurate = request.accurate()
    with torch.no_grad():
        limits = thresholds(accurate.query, accurate.key, request.visibility, request.scale).squeeze(-1)
    loss = limits.new_tensor(drop(request.eps))  # a number would be compiled in, or fail to be

    def keep_above(score: Tensor, batch: Tensor, head: Tensor, query: Tensor, _key: Tensor) -> Tensor:
        return torch.where(score >= limits[batch, head, query], score, score - loss)

    return keep_above


def block_mask(request: Request):
    """The masks of a request as flex_attention's BlockMask; None if every query sees every key."""
    from torch.nn.attention.flex_attention import create_block_mask

    visibility = request.visibility
    if visibility.common and visibility.valid is None:
        return None
    (batch, heads, queries, _), keys = request.query.shape, request.key.shape[-2]
    if visibility.valid is None and visibility.pairs is None:
        return _causal_block_mask(queries, keys, str(visibility.device))
    return create_block_mask(_mask_mod(visibility), batch, heads, queries, keys, device=visibility.device)


@lru_cache(maxsize=16)
def _causal_block_mask(queries: int, keys: int, device: str):
    from torch.nn.attention.flex_attention import create_block_mask

    visibility = Visibility(queries, keys, torch.device(device), causal=True)
    return create_block_mask(_mask_mod(visibility), None, None, queries, keys, device=device)


def _mask_mod(visibility: Visibility) -> Callable[..., Tensor]:
    offset = visibility.keys - visibility.queries
    masks = [mask for mask in (visibility.valid, visibility.pairs) if mask is not None]

    def visible(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        result = key <= query + offset if visibility.causal else key >= 0
        for mask in masks:
            b, h, q = (index if size > 1 else index * 0 for index, size in zip((batch, head, query), mask.shape))
            result = result & mask[b, h, q, key]
        return result

    return visible


@lru_cache(maxsize=len(DEVICES))
def compiled(device: str) -> Callable[..., Tensor]:
    """flex_attention, compiled when first called; uncompiled it would write all scores to memory.

    On a CPU it is compiled for each combination of shapes: torch 2.13 generates wrong C++ for shapes that
    vary. After ``torch._dynamo.config.recompile_limit`` of them it raises.
    """
    from torch.nn.attention.flex_attention import flex_attention

    # fullgraph: an error, not a silent return to the uncompiled form, when compilation gives up
    return torch.compile(flex_attention, fullgraph=True, dynamic=False if device == "cpu" else None)
