"""The mean of the keys that a query sees: the mean of a row of scores is the score of the mean key."""

from __future__ import annotations

import torch
from torch import Tensor

from .visibility import Visibility

ROUNDING = 8
"""How many units in the last place of |query| |key| a score may lose to rounding."""


def thresholds(query: Tensor, key: Tensor, visibility: Visibility, scale: float) -> Tensor:
    """scale * q_i . K_i, lowered by what rounding may add to it: ``[batch, heads, queries, 1]``.

    The largest score of a row must not fall below its mean; but where all scores are equal, as in
    the first row of a causal mask, rounding alone decides. So a score which only rounding
    could have put below the mean counts as equal to it.
    """
    lengths = key.norm(dim=-1, keepdim=True)
    means = mean_key(torch.cat((key, lengths), -1), visibility)
    slack = query.norm(dim=-1, keepdim=True) * means[..., -1:]
    slack *= abs(scale) * ROUNDING * torch.finfo(key.dtype).eps
    return (query * means[..., :-1]).sum(-1, keepdim=True).mul_(scale).sub_(slack)


def mean_key(key: Tensor, visibility: Visibility) -> Tensor:
    """Mean of the visible keys; zero where none is visible.

    mean_j(q . k_j) = q . mean_j(k_j), so the threshold of ev-softmax for query i is q_i . K_i, with
    the mean K_i over the keys that i sees (paper, eq. 7).

    Args:
        key: ``[batch, heads, keys, dim]``.

    Returns:
        ``[batch, heads, 1, dim]`` if all queries see the same keys, otherwise
        ``[batch, heads, queries, dim]``: for a causal mask from one cumulative sum, for any other
        mask from one product with it.
    """
    mask = visibility.mask() if visibility.pairs is not None else None
    if mask is not None:
        share = mask.to(key.dtype)
        share /= share.sum(-1, keepdim=True).clamp_(min=1)
        return share @ key
    if visibility.causal:
        return _running_mean(key, visibility)
    if visibility.valid is None:
        return key.mean(-2, keepdim=True)
    share = visibility.valid.to(key.dtype)
    share /= share.sum(-1, keepdim=True).clamp_(min=1)
    return share @ key


def _running_mean(key: Tensor, visibility: Visibility) -> Tensor:
    if visibility.valid is None:
        counts = torch.arange(1, visibility.keys + 1, dtype=key.dtype, device=key.device)[:, None]
        total = key.cumsum(-2)
    else:
        valid = visibility.valid.transpose(-2, -1).to(key.dtype)
        counts = valid.cumsum(-2).clamp_(min=1)
        total = (key * valid).cumsum(-2)
    means = total.div_(counts)
    unseeing = visibility.queries - visibility.keys
    if unseeing > 0:  # the first queries come before the first key
        return torch.nn.functional.pad(means, (0, 0, unseeing, 0))
    return means[..., -visibility.queries :, :]
