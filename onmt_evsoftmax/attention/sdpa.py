"""torch's own fused attention, for softmax."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from .request import Request


def sdpa(request: Request) -> tuple[Tensor, Optional[Tensor]]:
    """`torch.nn.functional.scaled_dot_product_attention`; a query that sees no key gets a context of zero."""
    visibility, mask = request.visibility, request.visibility.mask
    square = visibility.queries == visibility.keys  # where torch's causal mask means the same as ours
    alone = visibility.valid is None and visibility.pairs is None and request.bias is None
    simple = visibility.causal and square and alone
    output = scaled_dot_product_attention(
        *request.tensors,
        attn_mask=None if simple else _added(request.bias, mask(), request.query.dtype),
        dropout_p=request.dropout,
        is_causal=simple,
        scale=request.scale,
    )
    return output, None


def _added(bias: Optional[Tensor], mask: Optional[Tensor], dtype: torch.dtype) -> Optional[Tensor]:
    """Mask and bias as torch takes them: one tensor."""
    if bias is None:
        return mask
    bias = bias.to(dtype)
    return bias if mask is None else bias.masked_fill(~mask, -torch.inf)
