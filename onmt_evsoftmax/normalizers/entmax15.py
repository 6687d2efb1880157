"""entmax-1.5: halfway between softmax and sparsemax (Peters et al. 2019)."""

from __future__ import annotations

from typing import Optional

import entmax
import torch
from torch import Tensor, nn

from .function import MappingFunction, traceable
from .masking import check_scores
from .sparse_projection import project, weighted_product


def entmax15(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1) -> Tensor:
    """p_k = max(0, v_k / 2 - tau)^2 over the valid entries, with tau such that p sums to one.

    It maximises <p, v> plus the Tsallis entropy of order 1.5 (Peters et al. 2019). Arguments,
    results, errors, and masked, NaN and +inf entries are as in `softmax`.

    >>> entmax15(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0.1693, 0.8307, 0.0000])
    """
    dim = check_scores(scores, mask, dim)
    if torch.compiler.is_compiling():
        return traceable(Entmax15Function, scores, mask, dim)
    return Entmax15Function.apply(scores, mask, dim)


class Entmax15Function(MappingFunction):
    """`entmax15` with the solver of the ``entmax`` package."""

    @staticmethod
    def forward(scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
        return project(entmax.entmax15, scores, mask, dim)

    @staticmethod
    def product(output: Tensor, vector: Tensor, dim: int) -> Tensor:
        positive = output > 0
        # the derivative of the root at 0 is infinite, and second derivatives would see it
        root = torch.where(positive, output, 1.0).sqrt()
        return weighted_product(torch.where(positive, root, 0.0), vector, dim)


class Entmax15(nn.Module):
    """`entmax15` as a module."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return entmax15(scores, mask, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
