"""Attention with all scores in memory: the fastest for short sequences, and the one that has weights."""

from __future__ import annotations

from typing import Any, Optional

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .block import block_gradients, block_weights, centre
from .dropout import noise
from .request import Request


def dense(request: Request) -> tuple[Tensor, Optional[Tensor]]:
    """All queries as one block; of the scores only the weights are kept for the backward pass."""
    accurate, dtype = request.accurate(), request.query.dtype
    if request.needs_grad:
        output, weights = DenseAttention.apply(*accurate.tensors, accurate.bias, accurate.stripped())
    else:
        output, weights, *_ = _forward(accurate)
    return output.to(dtype), weights.to(dtype) if request.return_weights else None


def _forward(request: Request) -> tuple[Tensor, Tensor, Tensor, Optional[Tensor]]:
    """Context, weights, keys as used and noise."""
    request, centring = centre(request)
    weights = block_weights(request, centring)
    factors = noise(weights, request.dropout) if request.dropout else None
    dropped = weights if factors is None else weights * factors
    return dropped @ request.value, weights, request.key, factors


class DenseAttention(torch.autograd.Function):
    """One autograd node from query, key, value and bias to context and weights."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Optional[Tensor], request: Request) -> tuple:
        output, weights, key, factors = _forward(request.on(query, key, value).adding(bias))
        ctx.request = request
        ctx.bias_shape = bias.shape if bias is not None and ctx.needs_input_grad[3] else None
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(query, key, value, weights, factors)
        return output, weights if request.return_weights else None

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, output_gradient: Optional[Tensor], weights_gradient: Optional[Tensor]) -> tuple:
        query, key, value, weights, factors = ctx.saved_tensors
        request = ctx.request.on(query, key, value)
        if output_gradient is None and weights_gradient is None:
            return (None,) * 5
        *gradients, scores = block_gradients(request, weights, factors, output_gradient, weights_gradient)
        return (*gradients, scores.sum_to_size(ctx.bias_shape) if ctx.bias_shape else None, None)
