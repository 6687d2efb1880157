"""From the arguments of Transformers' attention functions to those of `onmt_evsoftmax.attention`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

import torch
from torch import Tensor, nn

from ..attention import attention
from ..base import catalogue
from ..base.errors import InputError
from .modules import count_call, is_watched, kind_of
from .names import KINDS, SELF, AttentionFunctions

HARMLESS = frozenset(
    {
        "cache_position",
        "deterministic",
        "num_items_in_batch",
        "output_attentions",
        "output_hidden_states",
        "output_router_logits",
        "position_embeddings",
        "position_ids",
        "return_dict",
        "sliding_window",  # the mask has it
        "use_cache",
        "use_return_dict",
    }
)
"""Arguments of Transformers' attention functions that change no score, beside those that are translated."""

PACKED = frozenset({"cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k", "seq_idx"})
"""Where sequences begin that are packed into one row; a mask that keeps them apart says the same."""

HIDES = -9e3
"""An additive mask hides a key from here on. Models write -inf, the lowest number of the type, -1e9 or -1e4, which is
-9984 in bfloat16."""

DOUBTFUL = -50.0
"""Between this and `HIDES` an additive mask means to hide, as Swin's -100 does, and would count in a mean."""


def adapter(name: str, functions: AttentionFunctions, check_mask: Callable[[str], None]) -> Callable:
    """The function to register as ``name``.

    Args:
        check_mask: raises where Transformers would not make a mask for ``name``.
    """

    described = {kind: catalogue.get(functions.of(kind)) for kind in KINDS}

    def forward(
        module: nn.Module,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Optional[Tensor],
        scaling: Optional[float] = None,
        dropout: float = 0.0,
        is_causal: Optional[bool] = None,
        position_bias: Optional[Tensor] = None,
        **others: Any,
    ) -> tuple[Tensor, Optional[Tensor]]:
        """Context ``[batch, queries, heads, dim]``, and weights ``[batch, heads, queries, keys]`` or None.

        Args:
            query: ``[batch, heads, queries, dim]``.
            key: ``[batch, key heads, keys, dim]``; value likewise.
            attention_mask: ``[batch or 1, heads or 1, queries, keys]``, boolean with True for visible, or additive.
                None: everything is visible, or the past alone where the module is causal.
            position_bias: added to the scores, of a shape like the mask's.

        Raises:
            InputError: an argument that changes the scores, and that `attention` does not know.
        """
        _check_others(module, others, attention_mask)
        if not torch.compiler.is_compiling():
            check_mask(name)
        kind = kind_of(module, name) if functions.has_kinds else SELF
        function = described[kind]
        _check_trained(module, function, query)
        query, key, value = _of_one_type(query, key, value)
        keys = key.shape[-2]
        mask, bias = _of_keys(keys, *_mask_and_bias(attention_mask, position_bias))
        if attention_mask is not None and attention_mask.is_floating_point() and not torch.compiler.is_compiling():
            _check_additive(module, function, attention_mask)
        causal = attention_mask is None and query.shape[-2] > 1 and _is_causal(module, is_causal)
        if causal:  # of the keys of an empty static cache none behind the queries is filled
            key, value, bias = _crop(query.shape[-2], key, value, bias)
        wants_weights = bool(others.get("output_attentions")) or is_watched(module)
        result = attention(
            query,
            key,
            value,
            mask=mask,
            bias=bias,
            is_causal=causal,
            scale=scaling,
            dropout=dropout if module.training else 0.0,
            function=function.name,
            return_weights=wants_weights,
        )
        count_call(module)
        output, weights = result if isinstance(result, tuple) else (result, None)
        if weights is not None and weights.shape[-1] < keys:
            weights = nn.functional.pad(weights, (0, keys - weights.shape[-1]))
        return output.transpose(1, 2).contiguous(), weights

    return forward


def _check_others(module: nn.Module, others: Mapping[str, Any], mask: Optional[Tensor]) -> None:
    for argument, value in others.items():
        if value is None or argument in HARMLESS or (argument in PACKED and mask is not None):
            continue
        raise InputError(
            f"{type(module).__name__} passes {argument} to its attention function. onmt_evsoftmax cannot honour it, "
            "and the scores would be others without it. Leave it out, or load the model with "
            "attn_implementation='eager', which is softmax"
        )


def _check_trained(module: nn.Module, function: catalogue.Function, query: Tensor) -> None:
    if not function.is_trained and module.training and query.requires_grad:
        raise InputError(
            f"{function.name} takes the place of {function.trained_as} in a trained model: train with "
            f"attn_implementation={function.trained_as!r}, or call model.eval() first"
        )


def _of_keys(keys: int, mask: Optional[Tensor], bias: Optional[Tensor]) -> tuple[Optional[Tensor], Optional[Tensor]]:
    """Both without what goes beyond the keys, which GPT-2 of Transformers 4.53 leaves to the function."""
    if mask is None or mask.shape[-1] <= keys:
        return mask, bias
    return mask[..., :keys], None if bias is None else bias[..., :keys]


def _of_one_type(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """All three in the type that autocast gives to products, where rotary positions have left it."""
    device = query.device.type
    if query.dtype == key.dtype == value.dtype or not torch.is_autocast_enabled(device):
        return query, key, value
    dtype = torch.get_autocast_dtype(device)
    return query.to(dtype), key.to(dtype), value.to(dtype)


def _mask_and_bias(mask: Optional[Tensor], bias: Optional[Tensor]) -> tuple[Optional[Tensor], Optional[Tensor]]:
    """A boolean mask and what is added to the scores."""
    if mask is None:
        return None, bias
    if not isinstance(mask, Tensor) or mask.ndim != 4:
        form = f"of shape {tuple(mask.shape)}" if isinstance(mask, Tensor) else type(mask).__name__
        raise InputError(
            f"attention needs a mask [batch, heads, queries, keys], got one {form}; was it made for "
            "another attn_implementation?"
        )
    if not mask.is_floating_point():
        return mask, bias
    visible = mask > HIDES
    rest = mask.masked_fill(~visible, 0.0)
    return visible, rest if bias is None else rest + bias


def _check_additive(module: nn.Module, function: catalogue.Function, mask: Optional[Tensor]) -> None:
    assert mask is not None, "there is one to be split"
    if function.family not in ("softmax", "projected") and ((mask > HIDES) & (mask < DOUBTFUL)).any():
        lowest = mask[mask > HIDES].min().item()
        raise InputError(
            f"{type(module).__name__} hides keys by adding {lowest:.0f} to their scores. Softmax drops them so, but "
            f"{function.name} would count them; load the model with attn_implementation='eager', which is softmax"
        )


def _is_causal(module: nn.Module, is_causal: Optional[bool]) -> bool:
    # a module that does not say is taken for causal, as in Transformers' own functions
    return bool(getattr(module, "is_causal", True) if is_causal is None else is_causal)


def _crop(queries: int, key: Tensor, value: Tensor, bias: Optional[Tensor]) -> tuple[Tensor, Tensor, Optional[Tensor]]:
    """The keys that a causal mask whose corner is at the first key leaves."""
    if key.shape[-2] < queries:
        raise InputError(f"causal attention of {queries} queries needs as many keys, got {key.shape[-2]}")
    if bias is not None and bias.shape[-1] > 1:
        bias = bias[..., :queries]
    return key[..., :queries, :], value[..., :queries, :], bias
