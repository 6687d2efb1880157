"""Dropout of attention weights."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor


def noise(weights: Tensor, dropout: float, generator: Optional[torch.Generator] = None) -> Tensor:
    """What to multiply weights by: 0 with probability ``dropout``, otherwise 1 / (1 - dropout)."""
    return torch.empty_like(weights).bernoulli_(1 - dropout, generator=generator).div_(1 - dropout)
