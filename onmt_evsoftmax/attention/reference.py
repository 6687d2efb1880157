"""Attention written out: the oracle of the other implementations."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor

from ..normalizers.evsoftmax_plain import evsoftmax_plain
from ..normalizers.registry import Normalizer
from ..normalizers.softmax import softmax_plain
from .request import Request


def reference(request: Request) -> tuple[Tensor, Optional[Tensor]]:
    """Scores, weights, dropout, context: four differentiable steps, any mapping, any derivative."""
    query, key, value = request.accurate().tensors
    scores = query @ key.transpose(-2, -1) * request.scale
    if request.bias is not None:
        scores = scores + request.bias.to(scores.dtype)
    weights = plain_weights(request.normalizer, scores, request.visibility.mask(), request.eps)
    output = torch.nn.functional.dropout(weights, request.dropout) @ value
    dtype = request.query.dtype
    return output.to(dtype), weights.to(dtype) if request.return_weights else None


def plain_weights(normalizer: Normalizer, scores: Tensor, mask: Optional[Tensor], eps: float) -> Tensor:
    """The mapping over the last dimension, in its plainest form."""
    if normalizer.family == "softmax":
        return softmax_plain(scores, mask, -1)
    if normalizer.family == "centred":
        return evsoftmax_plain(scores, mask, -1, eps)
    return normalizer.function(scores, mask)
