"""OpenNMT-py's multi-head attention on top of `onmt_evsoftmax.attention`."""

from __future__ import annotations

import inspect
from typing import Any, Optional

import torch
from onmt.decoders.transformer import TransformerLMDecoderLayer
from onmt.modules import MultiHeadedAttention
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..attention import attention

SAYS_WHAT_IT_NEEDS = "return_attn" in inspect.signature(MultiHeadedAttention.forward).parameters
"""Whether callers say if they want the weights; 3.5.1 does, 3.0.4 does not."""


class MappedMultiHeadedAttention(MultiHeadedAttention):
    """`MultiHeadedAttention` that calls `attention` wherever its scores are plain dot products.

    The threshold of ev-softmax then costs no second look at the scores. Relative positions, ALiBi,
    rotary embeddings, sliding windows, checkpointing, and weights that somebody watches take
    OpenNMT-py's own way: they need the scores, and the mapping stands in it as ``softmax``.
    """

    always_returns_weights: bool
    has_causal_mask: bool

    @classmethod
    def replacing(cls, module: MultiHeadedAttention, kind: str, parent: nn.Module) -> nn.Module:
        """One that shares parameters, hooks and cache settings with ``module`` and is to stand in its place.

        Args:
            kind: ``encoder``, ``decoder`` or ``cross``.
            parent: the layer that calls the module.
        """
        new = cls.__new__(cls)
        new.__dict__.update(module.__dict__)
        # in 3.0.4 these callers always slice the weights
        wants = kind == "cross" or isinstance(parent, TransformerLMDecoderLayer)
        new.always_returns_weights = wants and not SAYS_WHAT_IT_NEEDS
        new.has_causal_mask = kind == "decoder"
        return new

    def forward(
        self,
        key: Tensor,
        value: Tensor,
        query: Tensor,
        mask: Optional[Tensor] = None,
        sliding_window: int = 0,
        step: Optional[int] = 0,
        return_attn: bool = False,
        **others: Any,
    ) -> tuple[Tensor, Optional[Tensor]]:
        """Context ``[batch, queries, model]``, and weights ``[batch, heads, queries, keys]`` or None.

        Args:
            key: ``[batch, keys, model]``; value and query likewise.
            mask: boolean ``[batch, 1, queries, keys]``, True where a key is hidden.
        """
        if sliding_window or self._needs_scores():
            more = dict(sliding_window=sliding_window, step=step, return_attn=return_attn, **others)
            return super().forward(key, value, query, mask=mask, **(more if SAYS_WHAT_IT_NEEDS else {}))
        keys, values = self._keys_and_values(key, value, query)
        return_weights = self.always_returns_weights or return_attn
        result = attention(
            self._heads(self.linear_query(query)),
            keys,
            values,
            function=self.softmax.function,
            dropout=self.dropout.p if self.training else 0.0,
            return_weights=return_weights,
            **self._visible(mask),
        )
        self.softmax.calls += 1
        context, weights = result if return_weights else (result, None)
        return self.final_linear(context.transpose(1, 2).flatten(2)), weights

    def _needs_scores(self) -> bool:
        return (
            self.softmax.is_watched
            or self.max_relative_positions != 0
            or getattr(self, "relative_attention_bias", None) is not None
            or getattr(self, "parallel_gpu", 1) > 1
            or getattr(self, "maybe_ckpt", None) is checkpoint
            or self.layer_cache[1].get("key_pad_mask") is not None
        )

    def _heads(self, tensor: Tensor) -> Tensor:
        return tensor.unflatten(-1, (-1, self.dim_per_head)).transpose(1, 2)

    def _keys_and_values(self, key: Tensor, value: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        """``[batch, heads, keys, dim]``, with those of earlier steps while decoding."""
        caching, cache = self.layer_cache
        cached = caching and cache["keys"].numel() > 0
        if cached and self.attn_type == "context":
            return cache["keys"], cache["values"]
        if caching and self.attn_type == "self":
            key = value = query
        keys, values = self._heads(self.linear_keys(key)), self._heads(self.linear_values(value))
        if cached:
            keys = torch.cat((cache["keys"], keys), dim=2)
            values = torch.cat((cache["values"], values), dim=2)
        if caching:
            cache["keys"], cache["values"] = keys, values
        return keys, values

    def _visible(self, mask: Optional[Tensor]) -> dict[str, Any]:
        """Arguments of `attention`, in the cheapest form of the mask."""
        if mask is None:
            return {}
        if mask.size(-2) > 1 and mask.stride(-2) == 0:  # OpenNMT-py expands the mask of the padding
            return {"mask": ~mask[..., :1, :]}
        if self.has_causal_mask and mask.size(-2) > 1:
            # OpenNMT-py joins a causal mask and the padding, which is what the last target token does not see
            return {"mask": ~mask[..., -1:, :], "is_causal": True}
        return {"mask": ~mask}
