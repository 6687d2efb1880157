"""Which query sees which key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, overload

import torch
from torch import Tensor

ALL = slice(None)


@dataclass(frozen=True)
class Visibility:
    """Masks of attention between ``queries`` queries and ``keys`` keys, kept in their cheapest form.

    Attributes:
        valid: boolean ``[batch or 1, heads or 1, 1, keys]``: keys that count, for every query alike.
        pairs: boolean ``[batch or 1, heads or 1, queries, keys]``: keys that count for each query.
        causal: query i sees key j only if j <= i + keys - queries. The last query sees every key: what
            comes in steps or chunks while decoding sees what came before.
    """

    queries: int
    keys: int
    device: torch.device
    valid: Optional[Tensor] = None
    pairs: Optional[Tensor] = None
    causal: bool = False

    @classmethod
    def of(
        cls,
        queries: int,
        keys: int,
        device: torch.device,
        mask: Optional[Tensor],
        key_lengths: Optional[Tensor],
        causal: bool,
    ) -> Visibility:
        """The masks that the arguments of `attention` describe, which must have been checked."""
        valid = pairs = None
        if mask is not None:
            mask = mask[(None,) * (4 - mask.ndim)]
            # an expanded padding mask is a padding mask
            if mask.stride(-2) == 0 and mask.shape[-2] > 1:
                mask = mask[..., :1, :]
            if mask.shape[-2] == 1:
                valid = mask.expand(*mask.shape[:-1], keys)
            else:
                pairs = mask.expand(*mask.shape[:-1], keys)
        if key_lengths is not None:
            within = torch.arange(keys, device=device) < key_lengths.to(device)[:, None, None, None]
            valid = within if valid is None else valid & within
        # the last query sees every key, and there is no other
        return cls(queries, keys, device, valid, pairs, causal and queries > 1)

    @property
    def common(self) -> bool:
        """Whether all queries of a head see the same keys."""
        return self.pairs is None and not self.causal

    def seen(self) -> Optional[Tensor]:
        """Keys that some query sees, boolean ``[batch or 1, heads or 1, 1, keys]``; None if all are."""
        parts = [self.valid] if self.valid is not None else []
        if self.pairs is not None:
            parts.append(self.pairs.any(-2, keepdim=True))
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else parts[0] & parts[1]

    def mask(self) -> Optional[Tensor]:
        """One boolean tensor that broadcasts to ``[batch, heads, queries, keys]``; None if all is visible."""
        parts = [part for part in (self.valid, self.pairs) if part is not None]
        if self.causal:
            everything = torch.ones(self.queries, self.keys, dtype=torch.bool, device=self.device)
            parts.append(everything.tril_(self.keys - self.queries)[None, None])
        if not parts:
            return None
        result = parts[0]
        for part in parts[1:]:
            result = result & part
        return result

    def bias(self, dtype: torch.dtype) -> Optional[Tensor]:
        """What to add to scores: 0 where visible and -inf elsewhere, of the shape of `mask`."""
        parts = [_bias(part, dtype) for part in (self.valid, self.pairs) if part is not None]
        if self.causal:
            hidden = torch.full((self.queries, self.keys), -torch.inf, dtype=dtype, device=self.device)
            parts.append(hidden.triu_(1 + self.keys - self.queries)[None, None])
        return sum(parts[1:], parts[0]) if parts else None

    def block(self, batch: slice, heads: slice, queries: slice, keys: int) -> Visibility:
        """The masks between some consecutive queries and the first ``keys`` keys, for some sentences and heads.

        With ``causal`` the last of the queries must see exactly these keys.
        """
        start, stop, _ = queries.indices(self.queries)

        return Visibility(
            stop - start,
            keys,
            self.device,
            narrowed(self.valid, batch, heads, queries, slice(keys)),
            narrowed(self.pairs, batch, heads, queries, slice(keys)),
            self.causal,
        )


@overload
def narrowed(tensor: Tensor, *where: slice) -> Tensor: ...
@overload
def narrowed(tensor: None, *where: slice) -> None: ...
def narrowed(tensor: Optional[Tensor], *where: slice) -> Optional[Tensor]:
    """A slice of a tensor that broadcasts to ``[batch, heads, queries, keys]``; dimensions of size 1 stay whole."""
    if tensor is None:
        return None
    return tensor[tuple(ALL if size == 1 else part for part, size in zip(where, tensor.shape))]


def _bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    # log is exact at 0 and 1; a conversion from booleans and masked_fill cost more
    return mask.to(torch.uint8).to(dtype).log_()
