"""Attention as this test understands Transformers, in float64 and written out: no line of it is the package's."""

from __future__ import annotations

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

NAME = "oracle"


def weights_by_definition(scores, visible, function):
    """Weights of rows of scores by the definition of the function, over the visible keys alone."""
    scores = scores.masked_fill(~visible, 0.0)
    count = visible.sum(-1, keepdim=True)
    if function == "evsoftmax":
        kept = visible & (scores >= scores.sum(-1, keepdim=True) / count.clamp(min=1))
    else:
        kept = visible
    exponentials = torch.where(kept, (scores - scores.amax(-1, keepdim=True)).exp(), 0.0)
    return exponentials / exponentials.sum(-1, keepdim=True).where(count > 0, 1.0)


def register_oracle(function="evsoftmax", function_of=None):
    """Register ``oracle``, with the mask that eager attention gets: additive, whole, and never left out.

    Args:
        function_of: module -> function, where the modules differ.
    """

    def forward(module, query, key, value, attention_mask, scaling=None, dropout=0.0, position_bias=None, **others):
        scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
        groups = query.shape[1] // key.shape[1]
        key, value = (tensor.double().repeat_interleave(groups, 1) for tensor in (key, value))
        scores = torch.einsum("bhqd,bhkd->bhqk", query.double(), key) * scaling
        visible = torch.ones_like(scores, dtype=torch.bool)
        if position_bias is not None:
            scores = scores + position_bias
        if attention_mask is not None:
            visible = (attention_mask > -1e4).expand_as(scores)
            scores = scores + attention_mask.where(attention_mask > -1e4, 0.0)
        elif query.shape[2] > 1 and others.get("is_causal", getattr(module, "is_causal", False)):
            visible = visible.tril()  # models that build no mask, and leave it to their own eager attention
        weights = weights_by_definition(scores, visible, function_of(module) if function_of else function)
        output = torch.einsum("bhqk,bhkd->bqhd", weights, value).to(query.dtype).contiguous()
        return output, weights.to(query.dtype)

    AttentionInterface.register(NAME, forward)
    AttentionMaskInterface.register(NAME, eager_mask)
    return NAME
