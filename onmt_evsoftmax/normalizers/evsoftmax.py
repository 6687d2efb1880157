"""ev-softmax: softmax over the scores that are at least their mean."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

from .evsoftmax_cpu import evsoftmax_cpu
from .evsoftmax_plain import evsoftmax_plain
from .function import MappingFunction, softmax_product
from .masking import check_number, check_scores


def evsoftmax(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, eps: float = 0.0) -> Tensor:
    r"""p_k proportional to (1{v_k >= mean(v)} + eps) exp(v_k) over the valid entries (paper, eqs. 7, 10).

    The mean is taken over the valid entries only, and the largest of them is always in the
    support: the threshold is min(mean, max), for a rounded mean can exceed every score.

    Args:
        scores: floating-point, any shape.
        mask: boolean, broadcasts to the scores, True = valid. Scores of -inf or at most
            `masking.MASKED_SCORE` count as masked as well.
        dim: the dimension that sums to one.
        eps: 0 for the sparse mapping; the paper trains with 1e-6, which gives full support.

    Returns:
        Probabilities of the scores' shape and type; zero where masked, and all zero in a row
        without a valid entry. A valid NaN or +inf makes its row NaN. The gradient is eq. 9:
        softmax's on the support, zero outside; the threshold itself is not differentiated. Scores
        are moved by the mean first: log p is off by at most 3 units in the last place of the row's
        largest absolute score, beside what softmax itself rounds.

    Raises:
        InputError: as `softmax` does.

    >>> evsoftmax(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0.2689, 0.7311, 0.0000])
    """
    dim = check_scores(scores, mask, dim)
    check_number("eps", eps)
    if torch.compiler.is_compiling():
        return evsoftmax_plain(scores, mask, dim, eps)
    return EvSoftmaxFunction.apply(scores, mask, dim, eps)


class EvSoftmaxFunction(MappingFunction):
    """`evsoftmax` in as few passes over the scores as their values allow."""

    product = staticmethod(softmax_product)

    @staticmethod
    def forward(scores: Tensor, mask: Optional[Tensor], dim: int, eps: float) -> Tensor:
        if eps == 0 and scores.device.type == "cpu":
            return evsoftmax_cpu(scores, mask, dim)
        return evsoftmax_plain(scores, mask, dim, eps)


class EvSoftmax(nn.Module):
    """`evsoftmax` as a module; ``eps`` is used in training mode only (paper, section 3.2)."""

    def __init__(self, dim: int = -1, eps: float = 0.0) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return evsoftmax(scores, mask, self.dim, self.eps if self.training else 0.0)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, eps={self.eps}"
