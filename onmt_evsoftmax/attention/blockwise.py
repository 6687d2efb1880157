"""Attention in blocks of queries, whose scores are computed again for the backward pass.

Memory is linear in the lengths: query, key, value, what is returned, and the scores of one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple, Optional

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .block import Centring, block_gradients, block_weights, centre
from .dropout import noise
from .request import Request
from .visibility import narrowed

BLOCK_SCORES = {"cpu": 2**19}
"""Scores of one block: on the CPU few enough for its caches, elsewhere enough to fill the device."""
ELSEWHERE = 2**24


class Block(NamedTuple):
    """Some queries with the keys they see; the slices say where they belong."""

    batch: slice
    heads: slice
    queries: slice
    keys: slice
    request: Request
    centring: Centring

    @property
    def rows(self) -> tuple[slice, slice, slice]:
        return self.batch, self.heads, self.queries

    @property
    def columns(self) -> tuple[slice, slice, slice]:
        return self.batch, self.heads, self.keys


def blockwise(request: Request) -> tuple[Tensor, Optional[Tensor]]:
    """Attention of one block of queries after the other; none is compared with keys in its future."""
    accurate = request.accurate()
    # the same numbers are drawn again in the backward pass
    seed = int(torch.randint(2**62, ())) if request.dropout else 0
    output = BlockwiseAttention.apply(*accurate.tensors, accurate.bias, accurate.stripped(), seed)
    return output.to(request.query.dtype), None


class BlockwiseAttention(torch.autograd.Function):
    """One autograd node that keeps nothing but its inputs."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        bias: Optional[Tensor],
        request: Request,
        seed: int,
    ) -> Tensor:
        ctx.request, ctx.seed = request, seed
        ctx.save_for_backward(query, key, value, bias)
        output = value.new_zeros((*query.shape[:-1], value.shape[-1]))
        generator = torch.Generator(query.device).manual_seed(seed)
        for block in blocks(request.on(query, key, value).adding(bias)):
            weights = block_weights(block.request, block.centring)
            if request.dropout:
                weights *= noise(weights, request.dropout, generator)
            torch.matmul(weights, block.request.value, out=output[block.rows])
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, output_gradient: Tensor) -> tuple:
        *tensors, bias = ctx.saved_tensors
        request = ctx.request.on(*tensors).adding(bias)
        gradients = tuple(torch.zeros_like(tensor) for tensor in request.tensors)
        bias_gradient = torch.zeros_like(bias) if ctx.needs_input_grad[3] else None
        generator = torch.Generator(request.query.device).manual_seed(ctx.seed)
        for block in blocks(request):
            weights = block_weights(block.request, block.centring)
            factors = noise(weights, request.dropout, generator) if request.dropout else None
            *parts, scores = block_gradients(block.request, weights, factors, output_gradient[block.rows], None)
            for gradient, part, where in zip(gradients, parts, (block.rows, block.columns, block.columns)):
                gradient[where] += part
            if bias_gradient is not None:
                bias_part = narrowed(bias_gradient, *block.rows, block.keys)
                bias_part += scores.sum_to_size(bias_part.shape)
        return (*gradients, bias_gradient, None, None)


def blocks(request: Request) -> Iterator[Block]:
    """The blocks of a request, in an order that depends on nothing but shapes."""
    request, centring = centre(request)
    (batch, heads, queries, _), keys = request.query.shape, request.key.shape[-2]
    limit = BLOCK_SCORES.get(request.query.device.type, ELSEWHERE)
    rows = max(1, min(queries, limit // keys))
    some_heads = max(1, limit // (rows * keys)) if rows == queries else 1
    sentences = max(1, some_heads // heads) if some_heads >= heads else 1
    for b, h, q in product(_slices(batch, sentences), _slices(heads, some_heads), _slices(queries, rows)):
        seen = min(keys, q.stop + keys - queries) if request.visibility.causal else keys
        if seen < 1:  # nothing comes before these queries: their output and gradients stay zero
            continue
        part = request.on(request.query[b, h, q], request.key[b, h, :seen], request.value[b, h, :seen])
        part = part.seeing(request.visibility.block(b, h, q, seen))
        part = part.adding(narrowed(request.bias, b, h, q, slice(seen)))
        yield Block(b, h, q, slice(seen), part, centring.block(b, h, q))


def _slices(length: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
