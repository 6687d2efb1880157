"""How far a distribution over the ten digits is from the true one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

DIGITS = 10


def target(split: Sequence[Sequence[int]]) -> Tensor:
    """Uniform over the digits of each label, ``[Y, 10]``."""
    rows = torch.zeros(len(split), DIGITS)
    for row, digits in zip(rows, split):
        row[list(digits)] = 1 / len(digits)
    return rows


def wasserstein(p: Tensor, q: Tensor) -> Tensor:
    """First Wasserstein distance of distributions on the positions 0..9 of the real line (last dimension)."""
    return (p - q).cumsum(-1).abs().sum(-1)


def released(p: Tensor, q: Tensor) -> Tensor:
    """What the released code calls Wasserstein distance, and the paper's Figure 3 shows.

    It takes the probabilities for ten samples on the real line, so it compares the sorted vectors
    and does not see which digit is which.
    """
    return (p.sort(-1).values - q.sort(-1).values).abs().mean(-1)


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """Half the sum of absolute differences."""
    return (p - q).abs().sum(-1) / 2


DISTANCES = {"wasserstein": wasserstein, "released": released, "total_variation": total_variation}
