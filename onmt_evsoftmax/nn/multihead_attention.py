"""torch's multi-head attention on top of `onmt_evsoftmax.attention`."""

from __future__ import annotations

from typing import Any, NoReturn, Optional, Union

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from ..attention import attention
from ..base import catalogue
from ..base.errors import InputError
from ..normalizers import registry
from ..normalizers.masking import accumulation_type
from .masks import attention_masks

LEARNED = "learned_"
"""What a function with learned parameters is called in the state dict: ``learned_NAME``."""


class MultiheadAttention(nn.MultiheadAttention):
    """`torch.nn.MultiheadAttention` with a function of your choice from scores to weights.

    Arguments, state dict and results are torch's, and with ``function="softmax"`` so are the numbers. It differs in

    * queries that see no key: their weights and context are zeros, where torch may give NaN;
    * weights in training with dropout: they are those before dropout;
    * nested tensors: they are refused;
    * ``is_causal`` together with ``add_bias_kv`` or ``add_zero_attn``: every query sees the added keys.

    torch's fused inference path, inside this class and inside `nn.TransformerEncoderLayer`, computes softmax. It is
    never taken, see `set_function`.

    Args:
        function: a name of `onmt_evsoftmax.normalizers.names`, or one of your own, see `onmt_evsoftmax.register`.
        embed_dim: this and all that follow: see `torch.nn.MultiheadAttention`. ``dropout`` must be below 1.

    Raises:
        InputError: an unknown function, or a dropout that attention has not.
    """

    function: str

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: Optional[int] = None,
        vdim: Optional[int] = None,
        batch_first: bool = False,
        device: Union[torch.device, str, None] = None,
        dtype: Optional[torch.dtype] = None,
        *,
        function: str = "evsoftmax",
    ) -> None:
        options = dict(add_bias_kv=add_bias_kv, add_zero_attn=add_zero_attn, kdim=kdim, vdim=vdim)
        more = dict(batch_first=batch_first, device=device, dtype=dtype)
        super().__init__(embed_dim, num_heads, dropout, bias, **options, **more)
        self.set_function(function)

    def set_function(self, function: str) -> None:
        """Use another function from now on. Parameters that the last one learned are dropped.

        Raises:
            InputError: there is none of that name, or the module's dropout is one that attention has not.
        """
        normalizer = registry.get(function)
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must be at least 0 and below 1, got {self.dropout}")
        # the fused paths of torch, here and in nn.TransformerEncoderLayer, need this to be True
        self._qkv_same_embed_dim = False
        if function == getattr(self, "function", None):
            return
        for name in [name for name, _ in self.named_children() if name.startswith(LEARNED)]:
            delattr(self, name)
        if normalizer.module is not None:
            self.add_module(f"{LEARNED}{function}", self._new_parameters(normalizer))
        self.function = function

    def _new_parameters(self, normalizer: registry.Normalizer) -> nn.Module:
        """The user's module: on the device of the weights, frozen if they are, in the type of the scores."""
        like = self.out_proj.weight
        with torch.random.fork_rng(devices=()):  # so that all other parameters start as without it
            made: Any = normalizer.make(self.num_heads)
        module = made.function.to(like.device, accumulation_type(like.dtype)).train(self.training)
        return module if like.requires_grad else module.requires_grad_(False)

    def _reset_parameters(self) -> None:
        # torch's goes by the attribute, which is no longer true
        self._qkv_same_embed_dim = self.in_proj_weight is not None
        super()._reset_parameters()
        self._qkv_same_embed_dim = False

    def merge_masks(self, attn_mask: Any, key_padding_mask: Any, query: Any) -> NoReturn:
        """The last step of torch before its fused path, and of whoever copied it: an error, always."""
        raise RuntimeError(
            f"a fused path of torch would compute softmax here, not {self.function}. Switch it off with "
            "torch.backends.mha.set_fastpath_enabled(False), and please report this with the version of torch"
        )

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Optional[Tensor] = None,
        need_weights: bool = True,
        attn_mask: Optional[Tensor] = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Optional[Tensor]]:
        """Context and weights, or None for the weights without ``need_weights``; see `torch.nn.MultiheadAttention`.

        Args:
            query: ``[queries, batch, embed_dim]``; with ``batch_first`` ``[batch, queries, embed_dim]``; alone
                ``[queries, embed_dim]``.
            key: the same with ``kdim``. value: with ``vdim``.
            key_padding_mask: ``[batch, keys]``, alone ``[keys]``. True hides a key; numbers are added to
                its scores, before the mean is taken, and -inf hides.
            attn_mask: ``[queries, keys]`` or ``[batch * heads, queries, keys]``, with the same meaning.
            is_causal: a hint that ``attn_mask`` hides the future and nothing else. It is believed for as many queries
                as keys without ``key_padding_mask`` and ``need_weights``; elsewhere the mask itself counts.
            need_weights: also return the weights ``[batch, queries, keys]``, the mean over the heads; with
                ``average_attn_weights=False`` ``[batch, heads, queries, keys]``.

        Raises:
            InputError: arguments that do not fit each other, or training with a function that is not trained.
        """
        self._check(query, key, value, attn_mask, is_causal)
        batched, is_self = query.ndim == 3, query is key is value
        inputs = [self._batch_first(tensor) for tensor in (query, key, value)]
        queries, keys, values = self._projected(inputs, is_self)
        more_keys = keys.shape[-2] - inputs[1].shape[1]
        if key_padding_mask is not None and not batched:
            key_padding_mask = key_padding_mask[None]
        shape = (*queries.shape[:3], inputs[1].shape[1])
        square = queries.shape[-2] == keys.shape[-2] and not more_keys  # elsewhere the kernel aligns the last key
        believed = is_causal and square and not need_weights and key_padding_mask is None
        result: Any = attention(
            queries,
            keys,
            values,
            function=getattr(self, LEARNED + self.function, self.function),
            dropout=self.dropout if self.training else 0.0,
            return_weights=need_weights,
            **attention_masks(attn_mask, key_padding_mask, shape, more_keys, believed),
        )
        context, weights = result if need_weights else (result, None)
        output = self.out_proj(context.transpose(1, 2).flatten(2))
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            return output[0], None if weights is None else weights[0]
        return output if self.batch_first else output.transpose(0, 1), weights

    def _check(self, query: Tensor, key: Tensor, value: Tensor, attn_mask: Optional[Tensor], is_causal: bool) -> None:
        trained_as = catalogue.get(self.function).trained_as
        if self.training and trained_as != self.function:
            raise InputError(
                f"{self.function} is not trained: train with {trained_as}, then call set_function or "
                f"replace_attention with {self.function}, and eval()"
            )
        for name, tensor, size in (
            ("query", query, self.embed_dim),
            ("key", key, self.kdim),
            ("value", value, self.vdim),
        ):
            if tensor.is_nested:
                raise InputError(
                    f"{name} is a nested tensor; pad it. An nn.TransformerEncoder makes them unless its "
                    "use_nested_tensor is False, which replace_attention sees to"
                )
            if tensor.ndim not in (2, 3) or tensor.ndim != query.ndim or tensor.shape[-1] != size:
                expected = f"[length, {size}] or, for all three, with a batch"
                raise InputError(f"{name} has the shape {tuple(tensor.shape)}, expected {expected}")
        if is_causal and attn_mask is None:
            raise InputError(
                "is_causal is a hint about attn_mask, so it needs one: "
                "torch.nn.Transformer.generate_square_subsequent_mask(length)"
            )

    def _batch_first(self, tensor: Tensor) -> Tensor:
        if tensor.ndim == 2:
            return tensor[None]
        return tensor if self.batch_first else tensor.transpose(0, 1)

    def _projected(self, inputs: list[Tensor], is_self: bool) -> list[Tensor]:
        """Queries, keys and values ``[batch, heads, length, dim]``; the keys that the module adds come last."""
        if is_self and self.in_proj_weight is not None:
            projected = list(linear(inputs[0], self.in_proj_weight, self.in_proj_bias).chunk(3, -1))
        else:
            split = self.in_proj_weight is None
            own = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            weights = own if split else self.in_proj_weight.chunk(3)
            biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
            projected = [linear(*group) for group in zip(inputs, weights, biases)]
        for place, added in ((1, self.bias_k), (2, self.bias_v)):
            if added is not None:
                like = projected[place]  # of another type under autocast
                projected[place] = torch.cat((like, added.to(like).expand(len(like), 1, -1)), 1)
        if self.add_zero_attn:
            projected[1:] = [torch.nn.functional.pad(tensor, (0, 0, 0, 1)) for tensor in projected[1:]]
        return [tensor.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for tensor in projected]

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}, function={self.function}"
