"""torch's own fused attention, for softmax."""

from __future__ import annotations

from typing import Optional

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from .request import Request


def sdpa(request: Request) -> tuple[Tensor, Optional[Tensor]]:
    """`torch.nn.functional.scaled_dot_product_attention`; what sees no key comes out zero."""
    visibility = request.visibility
    square = visibility.queries == visibility.keys  # where torch's causal mask means the same as ours
    simple = visibility.causal and square and visibility.valid is None and visibility.pairs is None
    output = scaled_dot_product_attention(
        *request.tensors,
        attn_mask=None if simple else visibility.mask(),
        dropout_p=request.dropout,
        is_causal=simple,
        scale=request.scale,
    )
    return output, None
