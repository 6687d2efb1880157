"""sparsehourglass: sparsemax of scores scaled by their sum (Laha et al. 2018)."""

from __future__ import annotations

from typing import Optional

from torch import Tensor, nn

from ..base.errors import InputError
from .masking import accumulation_type, check_number, check_scores, valid_entries
from .sparsemax import sparsemax


def sparsehourglass(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, q: float = 1.0) -> Tensor:
    """p = sparsemax((1 + K q) v / (abs(sum(v)) + K q)) over the K valid entries (Laha et al. 2018, section 4).

    Small q approaches scale invariance, large q translation invariance (and sparsemax). Points
    of the simplex map to themselves.

    Args:
        scores, mask, dim: as in `softmax`, and so are masked, NaN and +inf entries.
        q: positive; at 0 the mapping would be undefined where the scores sum to zero.

    Raises:
        InputError: q is not positive, or the scores or the mask do not fit.

    >>> import torch
    >>> sparsehourglass(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0., 1., 0.])
    """
    dim = check_scores(scores, mask, dim)
    check_number("q", q)
    if not q > 0:
        raise InputError(f"q must be positive, got {q}")
    valid = valid_entries(scores, mask)
    filled = scores.to(accumulation_type(scores.dtype)).masked_fill(~valid, 0.0)
    weight = valid.sum(dim, keepdim=True) * q
    total = filled.sum(dim, keepdim=True).abs()
    # without a valid entry both sums are zero, and the factor does not matter
    factor = (1 + weight) / (total + weight).masked_fill(weight == 0, 1.0)
    return sparsemax(filled * factor, valid, dim).to(scores.dtype)


class SparseHourglass(nn.Module):
    """`sparsehourglass` as a module."""

    def __init__(self, dim: int = -1, q: float = 1.0) -> None:
        super().__init__()
        self.dim, self.q = dim, q

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return sparsehourglass(scores, mask, self.dim, self.q)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, q={self.q}"
