"""The one autograd function behind every mapping: the gradient is a function of the output alone."""

from __future__ import annotations

from typing import Any, Optional

import torch
from torch import Tensor
from torch.autograd import forward_ad


class MappingFunction(torch.autograd.Function):
    """Base of the mappings p(v) whose Jacobian is symmetric and determined by p.

    A subclass gives ``forward(scores, mask, dim, *options)`` and ``product(output, vector, dim)``,
    the Jacobian at ``output`` times ``vector``. Being symmetric it serves forward and reverse
    mode. Only the output is saved. ``dim`` must be negative, so that `torch.vmap` can put its
    dimension in front.
    """

    @classmethod
    def apply(cls, *arguments: Any) -> Tensor:
        if torch._C._are_functorch_transforms_active():
            return super().apply(*arguments)
        # torch.autograd.Function.apply inspects the signature of forward to fill in defaults, of
        # which there are none; that takes as long as the softmax of a few thousand scores
        return super(torch.autograd.Function, cls).apply(*arguments)  # type: ignore[misc]  # of C

    @staticmethod
    def product(output: Tensor, vector: Tensor, dim: int) -> Tensor:
        raise NotImplementedError

    @classmethod
    def setup_context(cls, ctx: Any, inputs: tuple, output: Tensor) -> None:
        ctx.dim, ctx.inputs = inputs[2], len(inputs)
        ctx.save_for_backward(output)
        if forward_ad._current_level >= 0:  # somebody asks for jvp
            ctx.save_for_forward(output)

    @classmethod
    def backward(cls, ctx: Any, gradient: Tensor) -> tuple:
        (output,) = ctx.saved_tensors
        return (cls.product(output, gradient, ctx.dim),) + (None,) * (ctx.inputs - 1)

    @classmethod
    def jvp(cls, ctx: Any, tangent: Tensor, *_: Any) -> Tensor:
        (output,) = ctx.saved_tensors
        return cls.product(output, tangent, ctx.dim)

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple, scores: Tensor, mask: Optional[Tensor], dim: int, *options: Any) -> tuple:
        rank = scores.ndim + (in_dims[0] is None)
        scores = _batch_first(scores, in_dims[0], info.batch_size, rank)
        if mask is not None:
            mask = _batch_first(mask, in_dims[1], info.batch_size, rank)
        return cls.apply(scores, mask, dim, *options), 0


def _batch_first(tensor: Tensor, batch_dim: Optional[int], batch_size: int, rank: int) -> Tensor:
    """The tensor with its batch dimension in front, and singletons behind that up to ``rank``."""
    if batch_dim is None:
        tensor = tensor.expand(batch_size, *tensor.shape)
    else:
        tensor = tensor.movedim(batch_dim, 0)
    return tensor.reshape(batch_size, *(1,) * (rank - tensor.ndim), *tensor.shape[1:])


def traceable(function: type[MappingFunction], scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
    """What ``function.apply`` gives, in operations that torch.compile and torch.export can follow.

    They refuse autograd functions with forward mode. The result is the mapping linearised at
    the scores: its value and its first derivative are exact, its second derivative is not.
    """
    fixed = scores.detach()
    output = function.forward(fixed, mask, dim)
    step = (scores - fixed).nan_to_num()  # zero, also where -inf minus -inf is not a number
    return output + function.product(output, step, dim)


def softmax_product(output: Tensor, vector: Tensor, dim: int) -> Tensor:
    """p * (u - sum(p * u)): the Jacobian of softmax, and of softmax over a subset (paper, eqs. 8, 9)."""
    return torch._softmax_backward_data(vector, output, dim, output.dtype)
