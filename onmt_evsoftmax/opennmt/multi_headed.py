"""OpenNMT-py's multi-head attention on top of `onmt_evsoftmax.attention`."""

from __future__ import annotations

import inspect
from typing import Any, Optional

import torch
from onmt.decoders.transformer import TransformerLMDecoderLayer
from onmt.modules import MultiHeadedAttention, multi_headed_attn
from torch import Tensor, nn
from torch.nn.functional import pad

from ..attention import attention

SAYS_WHAT_IT_NEEDS = "return_attn" in inspect.signature(MultiHeadedAttention.forward).parameters
"""Whether callers say if they want the weights; 3.5.1 does, 3.0.4 does not."""

ROTARY_RESERVE = 2048
"""For so many positions more the rotary embeddings are computed when a sentence is longer than they are."""


class MappedMultiHeadedAttention(MultiHeadedAttention):
    """`MultiHeadedAttention` that calls `attention`, so that ev-softmax needs no second look at the scores.

    What 3.5.1 adds to the scores, T5's relative positions and ALiBi, is the bias of `attention`. Rotary embeddings turn
    queries and keys before it. OpenNMT-py's own way, with the mapping as ``softmax`` of its scores, remains for

    * weights that a hook watches, as `AttentionRecorder` does for ``onmt_evsoftmax attend``;
    * relative positions of Shaw et al. (2018): their values sum_j p_ij a_ij need every weight after dropout;
    * tensor parallelism, which has not been run here.

    Weights that a caller wants returned, as alignment and copying do, come from `attention`.
    """

    always_returns_weights: bool
    has_causal_mask: bool
    rope: Tensor

    @staticmethod
    def maybe_ckpt(linear: nn.Module, states: Tensor) -> Tensor:
        """``linear(states)``; an instance of 3.5.1 has its own, which may recompute it in the backward pass."""
        return linear(states)

    @classmethod
    def replacing(cls, module: MultiHeadedAttention, kind: str, parent: nn.Module) -> MappedMultiHeadedAttention:
        """A module to put in the place of ``module``; it shares its parameters, hooks and cache settings.

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
            sliding_window: how many earlier keys are seen, 0 for all; a mask has it already.
            step: of decoding.
        """
        if self._needs_scores():
            more = dict(sliding_window=sliding_window, step=step, return_attn=return_attn, **others)
            return super().forward(key, value, query, mask=mask, **(more if SAYS_WHAT_IT_NEEDS else {}))
        queries, keys, values = self._projected(key, value, query, sliding_window, step or 0)
        padding = self._padding(step or 0)
        return_weights = self.always_returns_weights or return_attn
        result: Any = attention(
            queries,
            keys,
            values,
            function=self.softmax.function,
            bias=self._bias(queries.size(2), keys),
            dropout=self.dropout.p if self.training else 0.0,
            return_weights=return_weights,
            **self._visible(padding if mask is None else mask, sliding_window),
        )
        self.softmax.calls += 1
        context, weights = result if return_weights else (result, None)
        return self._project(self.final_linear, context.transpose(1, 2).flatten(2)), weights

    def _needs_scores(self) -> bool:
        return (
            self.softmax.is_watched
            or self.relative_positions_embeddings is not None
            or getattr(self, "parallel_gpu", 1) > 1
        )

    def _project(self, linear: nn.Module, states: Tensor) -> Tensor:
        decoding = self.layer_cache[0]
        return linear(states) if decoding else self.maybe_ckpt(linear, states)

    def _heads(self, linear: nn.Module, states: Tensor) -> Tensor:
        return self._project(linear, states).unflatten(-1, (-1, self.dim_per_head)).transpose(1, 2)

    def _projected(
        self, key: Tensor, value: Tensor, query: Tensor, sliding_window: int, step: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values ``[batch, heads, length, dim]``; while decoding with those of earlier steps."""
        caching, cache = self.layer_cache
        queries = self._heads(self.linear_query, query)
        cached = caching and cache["keys"].numel() > 0
        if cached and self.attn_type == "context":
            return queries, cache["keys"], cache["values"]
        if caching and self.attn_type == "self":
            key = value = query
        keys, values = self._heads(self.linear_keys, key), self._heads(self.linear_values, value)
        if hasattr(self, "rope"):
            queries, keys = self._turned(queries, keys, step if caching else 0)
        if cached:
            keys = torch.cat((cache["keys"], keys), dim=2)
            values = torch.cat((cache["values"], values), dim=2)
            if 0 < sliding_window < keys.size(2):  # the oldest key leaves the window
                keys, values = keys[:, :, 1:], values[:, :, 1:]
        if caching:
            cache["keys"], cache["values"] = keys, values
        return queries, keys, values

    def _turned(self, queries: Tensor, keys: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """Rotary embeddings (Su et al. 2021) of the positions from ``start`` on."""
        end = start + queries.size(2)
        if end > self.rope.size(0):
            self.rope, self.cos, self.sin = multi_headed_attn.rotaryembeddings(
                self.rotary_dim, maxseqlen=end + ROTARY_RESERVE, base=self.rotary_theta
            )
        rope = self.rope[start:end].to(queries.device)
        return multi_headed_attn.apply_rotary_emb(queries, keys, rope, interleave=self.rotary_interleave)

    def _bias(self, queries: int, keys: Tensor) -> Optional[Tensor]:
        """What depends on the distance between query and key alone: ``[heads, queries, keys]``, or None."""
        length = keys.size(2)
        if getattr(self, "relative_attention_bias", None) is not None:  # T5 (Raffel et al. 2020)
            buckets = multi_headed_attn.compute_bias(
                length,
                length,
                self.is_decoder,
                self.max_relative_positions,
                self.relative_positions_buckets,
                device=keys.device,
            )
            return self.relative_attention_bias(buckets[-queries:]).permute(2, 0, 1)
        if hasattr(self, "alibi"):
            # Press et al. 2022; not alibi(scores), whose memory of one shape is wrong for another
            return self.alibi.get_bias(queries, length, keys.device) * self.alibi.slopes
        return None

    def _padding(self, step: int) -> Optional[Tensor]:
        """Padded keys ``[batch, 1, 1, keys]`` of a language model that decodes; those of later steps are none."""
        padding = self.layer_cache[1].get("key_pad_mask")
        if padding is None:
            return None
        if step > 0:
            padding = self.layer_cache[1]["key_pad_mask"] = pad(padding, (0, 1))
        return padding.unsqueeze(1)

    def _visible(self, mask: Optional[Tensor], sliding_window: int) -> dict[str, Any]:
        """Arguments of `attention`, in the cheapest form of the mask."""
        if mask is None:
            return {}
        if mask.size(-2) > 1 and mask.stride(-2) == 0:  # OpenNMT-py expands the mask of the padding
            return {"mask": ~mask[..., :1, :]}
        if self.has_causal_mask and mask.size(-2) > 1 and not sliding_window:
            # OpenNMT-py joins a causal mask and the padding, which is what the last target token does not see
            return {"mask": ~mask[..., -1:, :], "is_causal": True}
        return {"mask": ~mask}
