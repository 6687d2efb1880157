"""Weights that need not sum to one: softpick, sigmoid and softmax1. A query may attend to nothing."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor

from .masking import check_number
from .row_function import over_rows


def softmax1(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1) -> Tensor:
    """p_k = exp(v_k) / (1 + sum_l exp(v_l)) over the valid entries: softmax beside a key of score 0 and value 0.

    The sum of a row is below one (Miller 2023, "Attention is off by one"). Arguments, errors, and masked, NaN and +inf
    entries are as in `softmax`.

    >>> softmax1(torch.zeros(3))
    tensor([0.2500, 0.2500, 0.2500])
    """

    def rows(v: Tensor, valid: Tensor) -> Tensor:
        return torch.softmax(torch.nn.functional.pad(v, (0, 1)), -1)[..., :-1]

    return over_rows(rows, scores, mask, dim, -torch.inf)


def softpick(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, eps: float = 1e-6) -> Tensor:
    """p_k = max(0, exp(v_k) - 1) / (sum_l abs(exp(v_l) - 1) + eps) over the valid entries.

    Scores of at most 0 get no weight, and those below 0 lower the weights of the others, so that a row sums to at
    most one (Zuhri, Fuadi & Aji 2025, arXiv 2504.20966). Other arguments and masked, NaN and +inf entries are as in
    `softmax`.

    Raises:
        InputError: the scores or the mask do not fit, or eps is no number.

    >>> softpick(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0.1200, 0.7456, 0.0000])
    """
    check_number("eps", eps)

    def rows(v: Tensor, valid: Tensor) -> Tensor:
        largest = v.detach().amax(-1, keepdim=True).clamp(min=0)
        # all is divided by exp(largest), with which no exponential is above one; expm1 is exact near 0
        scaled = torch.where(v > 1, (v - largest).exp() - (-largest).exp(), v.clamp(max=1).expm1() * (-largest).exp())
        scaled = scaled.masked_fill(~valid, 0.0)
        return scaled.relu() / (scaled.abs().sum(-1, keepdim=True) + eps * (-largest).exp())

    return over_rows(rows, scores, mask, dim, 0.0)


def sigmoid(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, bias: Optional[float] = None) -> Tensor:
    """p_k = 1 / (1 + exp(-v_k - b)) for each valid entry by itself.

    With b = -log n, n the number of valid entries, the weights of equal scores near 0 sum to about one (Ramapuram et
    al., ICLR 2025, arXiv 2409.04431); rows of others do not. Other arguments and masked, NaN and +inf entries are as
    in `softmax`.

    Args:
        bias: b; default: -log n.

    Raises:
        InputError: the scores or the mask do not fit, or the bias is no number.

    >>> sigmoid(torch.zeros(4))
    tensor([0.2000, 0.2000, 0.2000, 0.2000])
    """
    if bias is not None:
        check_number("bias", bias)

    def rows(v: Tensor, valid: Tensor) -> Tensor:
        offset = -valid.sum(-1, keepdim=True).to(v.dtype).log() if bias is None else bias
        largest = v.detach().amax(-1, keepdim=True)
        unknown = largest - largest  # 0, or NaN where a score is NaN or +inf: then the whole row is
        return (v + offset + unknown).sigmoid().masked_fill(~valid & (unknown == 0), 0.0)

    return over_rows(rows, scores, mask, dim, 0.0)
