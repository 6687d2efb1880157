"""What one call of attention asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Optional

import torch
from torch import Tensor, nn

from ..normalizers.masking import accumulation_type
from ..normalizers.registry import Normalizer
from .visibility import Visibility


def without_autocast(device: torch.device) -> AbstractContextManager:
    """A region in which nothing is taken to half precision; ``meta`` has no autocast to turn off."""
    # to enter a region costs more than the scores of one query
    if device.type == "meta" or not torch.is_autocast_enabled(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


@dataclass(frozen=True)
class Request:
    """Checked arguments of `attention`; key and value have as many heads as the query.

    Attributes:
        query: ``[batch, heads, queries, dim]``.
        key: ``[batch, heads, keys, dim]``.
        value: ``[batch, heads, keys, value dim]``.
        normalizer: from scores to weights; its family decides which forms serve it.
        bias: what is added to the scores, ``[batch or 1, heads or 1, queries or 1, keys or 1]``; finite where visible
            unless NaN or +inf is to show.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    visibility: Visibility
    normalizer: Normalizer
    scale: float = 1.0
    dropout: float = 0.0
    eps: float = 0.0
    return_weights: bool = False
    bias: Optional[Tensor] = None

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.query, self.key, self.value

    @property
    def needs_grad(self) -> bool:
        """Whether a derivative is asked for, in what is given or in what the function learns."""
        if not torch.is_grad_enabled():
            return False
        learned = self.normalizer.mapping.parameters() if isinstance(self.normalizer.mapping, nn.Module) else ()
        return any(tensor.requires_grad for tensor in (*self.tensors, self.bias, *learned) if tensor is not None)

    @property
    def scores(self) -> int:
        """Number of scores: batch * heads * queries * keys."""
        return self.query.shape[:-1].numel() * self.key.shape[-2]

    def accurate(self) -> Request:
        """This request in the type that sums are taken in: float32 for half precision."""
        dtype = accumulation_type(self.query.dtype)
        if dtype == self.query.dtype and (self.bias is None or self.bias.dtype == dtype):
            return self
        bias = None if self.bias is None else self.bias.to(dtype)
        return self.on(*(tensor.to(dtype) for tensor in self.tensors)).adding(bias)

    def on(self, query: Tensor, key: Tensor, value: Tensor) -> Request:
        """This request with other query, key and value."""
        return replace(self, query=query, key=key, value=value)

    def stripped(self) -> Request:
        """This request without its tensors and bias, which autograd keeps itself."""
        nothing = torch.empty(0)
        return self.on(nothing, nothing, nothing).adding(None)

    def adding(self, bias: Optional[Tensor]) -> Request:
        """This request with another bias."""
        return replace(self, bias=bias)

    def seeing(self, visibility: Visibility) -> Request:
        """This request with other masks."""
        return replace(self, visibility=visibility)
