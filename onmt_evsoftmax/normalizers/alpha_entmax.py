"""alpha-entmax, between softmax and sparsemax, with a fixed or a learned alpha (Correia et al. 2019)."""

from __future__ import annotations

from typing import Optional, Union

import torch
from torch import Tensor, nn

from ..base.errors import InputError
from .masking import check_number
from .row_function import over_rows

SMALLEST_STEP = 1e-3
"""alpha - 1 is not taken to be less: float32 cannot hold such powers, and softmax is 0.1 % away."""

BISECTIONS = 30
"""From an interval of length one to 1e-9, below what the steps after it need."""


def alpha_entmax(
    scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, alpha: Union[float, Tensor] = 1.5
) -> Tensor:
    """p_k = max(0, (alpha - 1) v_k - tau)^(1 / (alpha - 1)) over the valid entries, with tau such that p sums to one.

    It maximises <p, v> plus the Tsallis entropy of order alpha (Peters et al. 2019, eq. 10). It has derivatives of
    any order in the scores up to the third, and in alpha (Correia et al. 2019, section 3). Masked, NaN and +inf entries
    are as in `softmax`.

    Args:
        scores, mask, dim: as in `softmax`.
        alpha: above 1, at most 2; a number, or a tensor that broadcasts to the scores with ``dim`` moved to the end.
            The values of a tensor are not checked, but taken into [1 + `SMALLEST_STEP`, 2].

    Raises:
        InputError: the scores or the mask do not fit, or alpha is not in that range.

    >>> alpha_entmax(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0.1693, 0.8307, 0.0000])
    """
    if not isinstance(alpha, Tensor):
        check_number("alpha", alpha)
        if not 1 < alpha <= 2:
            raise InputError(f"alpha must be above 1 (softmax) and at most 2 (sparsemax), got {alpha}")

    def rows(v: Tensor, valid: Tensor) -> Tensor:
        step = (torch.as_tensor(alpha, dtype=v.dtype, device=v.device) - 1).clamp(SMALLEST_STEP, 1.0)
        largest = v.amax(-1, keepdim=True)
        # what is 1 / step below the largest has no weight; neither -inf nor 1e30 must get into a power
        scaled = ((v - largest) * step).clamp(min=-2.0).masked_fill(~valid, -2.0)
        # 0, or NaN where a score is NaN or +inf: then the whole row is
        return _powers(scaled, _threshold(scaled, step), step) + (largest - largest)

    return over_rows(rows, scores, mask, dim)


def _powers(scaled: Tensor, tau: Tensor, step: Tensor) -> Tensor:
    """max(0, scaled - tau)^(1 / step), with finite derivatives where that is zero."""
    kept = scaled > tau
    return torch.where(kept, torch.where(kept, scaled - tau, 1.0).pow(1 / step), 0.0)


def _threshold(scaled: Tensor, step: Tensor) -> Tensor:
    """tau where the powers sum to one: bisection, and two of Newton's steps that carry the derivatives.

    Each step doubles the order to which tau agrees with its implicit definition, so the first and second derivatives
    of the second are exact.
    """
    with torch.no_grad():
        low = torch.full_like(scaled[..., :1], -1.0)  # there the largest alone has a power of one
        width = torch.ones_like(low)
        for _ in range(BISECTIONS):
            width = width / 2
            low = torch.where(_powers(scaled, low + width, step).sum(-1, keepdim=True) >= 1, low + width, low)
    tau = low
    for _ in range(2):
        powers = _powers(scaled, tau, step)
        kept = powers > 0
        slope = torch.where(kept, torch.where(kept, scaled - tau, 1.0).pow(1 / step - 1), 0.0).sum(-1, keepdim=True)
        tau = tau + (powers.sum(-1, keepdim=True) - 1) * step / slope
    return tau


class LearnedAlphaEntmax(nn.Module):
    """`alpha_entmax` with one learned alpha = 1 + sigmoid(a) for each head; it starts at 1.5, with a = 0."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros(heads, 1, 1))

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        # in half precision 1 + sigmoid(a) would be 1
        return alpha_entmax(scores, mask, alpha=1 + self.a.float().sigmoid())
