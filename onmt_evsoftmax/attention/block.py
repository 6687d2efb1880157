"""Weights and gradients of one block of queries, in as few passes over its scores as possible.

The plain formulation is `reference`; the tests hold this one to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Optional

import torch
from torch import Tensor, threshold_

from ..normalizers.evsoftmax_plain import drop
from .mean_key import mean_key, thresholds
from .reference import plain_weights
from .request import Request, without_autocast
from .visibility import Visibility

RUNNING_MEAN_COST = 8
"""Cost of the running means of the keys, in multiples of the cost of one mean."""


@dataclass(frozen=True)
class Centring:
    """What is still to be subtracted from the scores of a block before negative ones are dropped.

    Nothing, with neither attribute set: the keys were centred, or the mapping is not ev-softmax.

    Attributes:
        by_row: subtract the mean of each row of scores.
        limits: subtract these thresholds ``[batch, heads, queries, 1]``.
    """

    by_row: bool = False
    limits: Optional[Tensor] = None

    def block(self, batch: slice, heads: slice, queries: slice) -> Centring:
        """The centring of the scores of one block: its share of ``limits``."""
        return self if self.limits is None else Centring(limits=self.limits[batch, heads, queries])


def centre(request: Request) -> tuple[Request, Centring]:
    """Choose the cheapest way to centre the scores, and prepare it once for all blocks.

    Where all queries see the same keys, their mean is subtracted from the keys: the scores come out
    centred and the threshold is zero. softmax does not see a shift of a row, nor does its gradient.
    Where they see different keys, the thresholds are the scores of the mean keys. Where the queries
    are few, their scores are fewer numbers than the keys; these rows are centred themselves, and so are
    those of scores with a bias.

    Returns:
        The request, with centred keys if that is the way, and what `block_weights` has to do.
    """
    visibility = request.visibility
    if request.normalizer.family != "centred" or not _on_cpu(request):
        return request, Centring()
    few = request.query.shape[-1] * (1 if visibility.common else RUNNING_MEAN_COST)
    # a bias is a further term of the scores, which no mean key knows
    if visibility.queries <= few or request.bias is not None:
        return request, Centring(by_row=True)
    if not visibility.common:
        limits = thresholds(request.query, request.key, visibility, request.scale)
        return request, Centring(limits=limits)
    mean = mean_key(request.key, visibility)
    centred = torch.sub(request.key, mean, out=request.key.new_empty(request.key.shape))
    return request.on(request.query, centred, request.value), Centring()


def block_weights(request: Request, centring: Centring) -> Tensor:
    """Weights ``[batch, heads, queries, keys]`` of one block, before dropout.

    Args:
        request: with the keys that `centre` returned.
        centring: what it returned, for these queries.
    """
    visibility = request.visibility
    if request.normalizer.family == "projected" or not _on_cpu(request):
        scores = _scores(request, request.bias)
        return plain_weights(request.normalizer, scores, visibility.mask(), request.eps)
    if centring.by_row:
        scores = _centre_rows(_scores(request, request.bias), visibility)
    else:
        hidden = visibility.bias(request.query.dtype)
        added = [part for part in (hidden, request.bias) if part is not None]
        scores = _scores(request, sum(added[1:], added[0]) if added else None, centring.limits)
    if request.normalizer.family == "centred":
        _drop_negative(scores, request.eps)
    weights = torch.softmax(scores, -1, out=scores)
    _repair(weights, request)
    return weights


def block_gradients(
    request: Request,
    weights: Tensor,
    noise: Optional[Tensor],
    output_gradient: Optional[Tensor],
    weights_gradient: Optional[Tensor],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of query, key, value and scores, given those of the output and of the weights.

    The rows of the gradient of the scores sum to zero, so centred keys serve as well as the keys.

    Args:
        noise: what dropout multiplied the weights by.
    """
    # the backward pass may run inside a region of autocast, which would take the products in half precision
    with without_autocast(request.query.device):
        return _block_gradients(request, weights, noise, output_gradient, weights_gradient)


def _block_gradients(
    request: Request,
    weights: Tensor,
    noise: Optional[Tensor],
    output_gradient: Optional[Tensor],
    weights_gradient: Optional[Tensor],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    if output_gradient is None:
        assert weights_gradient is not None, "one of the two is what there is to differentiate"
        value_gradient, gradient = torch.zeros_like(request.value), weights_gradient.clone()
    else:
        dropped = weights if noise is None else weights * noise
        value_gradient = dropped.transpose(-2, -1) @ output_gradient
        gradient = output_gradient @ request.value.transpose(-2, -1)
        if noise is not None:
            gradient *= noise
        if weights_gradient is not None:
            gradient += weights_gradient
    if request.normalizer.product is not None:
        gradient = request.normalizer.product(weights, gradient, -1)
    else:
        torch._softmax_backward_data(gradient, weights, -1, weights.dtype, grad_input=gradient)
    query_gradient = request.query.new_empty(request.query.shape)
    key_gradient = request.key.new_empty(request.key.shape)
    _multiply(gradient, request.key, request.scale, query_gradient)
    _multiply(gradient.transpose(-2, -1), request.query, request.scale, key_gradient)
    return query_gradient, key_gradient, value_gradient, gradient


def _on_cpu(request: Request) -> bool:
    return request.query.device.type == "cpu"


def _scores(request: Request, bias: Optional[Tensor] = None, limits: Optional[Tensor] = None) -> Tensor:
    """scale * query . key + bias - limits, which is one pass besides the product's own; no limits without a bias."""
    scores = request.query.new_empty((*request.query.shape[:-1], request.key.shape[-2]))
    if bias is not None and limits is not None:
        torch.sub(bias, limits, out=scores)
    elif bias is not None:
        scores.copy_(bias)
    return _multiply(request.query, request.key.transpose(-2, -1), request.scale, scores, bias is not None)


def _multiply(left: Tensor, right: Tensor, scale: float, result: Tensor, add: bool = False) -> Tensor:
    """Set the result to scale * left @ right, or add that to it."""
    result.flatten(0, 1).baddbmm_(left.flatten(0, 1), right.flatten(0, 1), beta=int(add), alpha=scale)
    return result


def _centre_rows(scores: Tensor, visibility: Visibility) -> Tensor:
    """Subtract from each row the mean of what is visible, and set the rest to -inf, in place."""
    mask = visibility.mask()
    if mask is None:
        return scores.sub_(scores.mean(-1, keepdim=True))
    visible = mask.to(scores.dtype)
    scores *= visible  # the softmax is blind to a hidden score
    means = scores.sum(-1, keepdim=True).div_(visible.sum(-1, keepdim=True).clamp_(min=1))
    return scores.sub_(means).add_(visible.log_())  # log is exact at 0 and 1


def _drop_negative(scores: Tensor, eps: float) -> None:
    """Add log(1{score >= 0} + eps) in place, up to a constant (paper, eqs. 7, 10)."""
    if eps > 0:
        scores.add_(scores.sign().clamp_(max=0), alpha=drop(eps))
        return
    # threshold_ keeps what is greater; a denormal number is 0 under torch.set_flush_denormal, and 0 is to be kept
    threshold_(scores, -torch.finfo(scores.dtype).smallest_normal, -torch.inf)


def _repair(weights: Tensor, request: Request) -> None:
    """Zeros for queries that see no key; other rows of NaN are computed again by the plain form.

    All scores of a row may be negative where they are equal and the mean is rounded; or NaN came in.
    """
    first = weights.select(-1, 0)
    if not math.isnan(first.sum().item()):
        return
    mask = request.visibility.mask()
    broken = first.isnan()
    if mask is not None:
        blind = ~mask.any(-1).expand_as(broken)
        weights.masked_fill_(blind.unsqueeze(-1), 0.0)
        broken &= ~blind
        if not broken.any():
            return
    heads = broken.any(-1)
    scores = request.query[heads] @ request.key[heads].transpose(-2, -1) * request.scale
    if request.bias is not None:
        scores += request.bias.expand_as(weights)[heads]
    if mask is not None:
        mask = mask.expand_as(weights)[heads]
    weights[broken] = plain_weights(request.normalizer, scores, mask, request.eps)[broken[heads]]
