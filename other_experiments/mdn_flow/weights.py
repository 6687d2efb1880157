"""Component weights from scores, through any mapping of the package."""

from __future__ import annotations

import torch
from torch import Tensor

from onmt_evsoftmax.normalizers import evsoftmax, get


def log_weights(scores: Tensor, mapping: str, eps: float = 0.0) -> Tensor:
    """log alpha, -inf for a component that the mapping drops, with a gradient of zero there; ``[K]``.

    Args:
        scores: ``[K]``.
        mapping: its name in `onmt_evsoftmax.normalizers`.
        eps: of ev-softmax alone: its training form (paper, eq. 10), in which no component is dropped.
    """
    if mapping == "softmax":
        return scores.log_softmax(-1)
    weights = evsoftmax(scores, eps=eps) if mapping == "evsoftmax" else get(mapping).function(scores)
    alive = weights > 0
    # log(0) has the gradient 0 * inf = NaN even where its value is not used, so zeros never reach it
    return torch.where(alive, torch.where(alive, weights, 1.0).log(), -torch.inf)
