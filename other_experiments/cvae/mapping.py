"""The two faces of a mapping: its sparse probabilities, and their logarithm with full support."""

from __future__ import annotations

import torch
from torch import Tensor

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.normalizers import get, log_evsoftmax


def probabilities(name: str, scores: Tensor) -> Tensor:
    """The mapping as it is used after training; exact zeros where it is sparse."""
    return get(name).function(scores)


def log_probabilities(name: str, scores: Tensor, eps: float) -> Tensor:
    """The logarithm that training needs: finite for every class.

    Softmax has it already. ev-softmax takes its training form (paper, eq. 10). For the mappings
    that the paper leaves open, sparsemax and entmax-1.5, ``eps`` is added to each probability of K:
    log((p + eps) / (1 + K eps)).
    """
    if catalogue.get(name).trained_as == "softmax":
        return torch.log_softmax(scores, -1)
    if name == "evsoftmax":
        return log_evsoftmax(scores, eps=eps)
    return torch.log((probabilities(name, scores) + eps) / (1 + scores.shape[-1] * eps))
