"""sparsemax: the Euclidean projection onto the simplex (Martins and Astudillo 2016)."""

from __future__ import annotations

from typing import Optional

import entmax
import torch
from torch import Tensor, nn

from .function import MappingFunction, traceable
from .masking import check_scores
from .sparse_projection import project, weighted_product


def sparsemax(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1) -> Tensor:
    """p = argmin ||p - v||_2 over the simplex of the valid entries (Martins and Astudillo 2016, eq. 1).

    Arguments, results, errors, and masked, NaN and +inf entries are as in `softmax`.

    >>> sparsemax(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0., 1., 0.])
    """
    dim = check_scores(scores, mask, dim)
    if torch.compiler.is_compiling():
        return traceable(SparsemaxFunction, scores, mask, dim)
    return SparsemaxFunction.apply(scores, mask, dim)


class SparsemaxFunction(MappingFunction):
    """`sparsemax` with the solver of the ``entmax`` package."""

    @staticmethod
    def forward(scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
        return project(entmax.sparsemax, scores, mask, dim)

    @staticmethod
    def product(output: Tensor, vector: Tensor, dim: int) -> Tensor:
        return weighted_product((output > 0).to(output.dtype), vector, dim)


class Sparsemax(nn.Module):
    """`sparsemax` as a module."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return sparsemax(scores, mask, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
