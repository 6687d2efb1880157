"""The logarithm of ev-softmax, for likelihoods and divergences."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

from .evsoftmax_plain import drop, threshold
from .masking import accumulation_type, check_number, check_scores, nothing_masked, valid_entries


def log_evsoftmax(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1, eps: float = 0.0) -> Tensor:
    """log p_k with p_k proportional to (1{v_k >= mean(v)} + eps) exp(v_k) (paper, eq. 10).

    It is ``log_softmax(v + log(1{v >= mean} + eps))``, and never the logarithm of a product,
    which underflows: scores 0, 120, -120 give finite values and gradients.

    Args:
        scores, mask, dim: as in `evsoftmax`.
        eps: 0 gives -inf outside the support; the paper trains with 1e-6, which gives full support.

    Returns:
        Log probabilities of the scores' shape and type; -inf where masked. The gradient of
        log p_i is delta_i - p, which tends to eq. 12 as eps tends to 0.

    Raises:
        InputError: as `softmax` does.

    >>> log_evsoftmax(torch.tensor([0.4, 1.4, -0.8]), eps=1e-6)
    tensor([ -1.3133,  -0.3133, -16.3288])
    """
    dim = check_scores(scores, mask, dim)
    check_number("eps", eps)
    logs = torch.log_softmax(biased_scores(scores, mask, dim, eps), dim).to(scores.dtype)
    if nothing_masked(scores, mask):
        return logs
    return logs.masked_fill(~valid_entries(scores, mask).any(dim, keepdim=True), -torch.inf)


def biased_scores(scores: Tensor, mask: Optional[Tensor], dim: int, eps: float) -> Tensor:
    """v + log(1{v >= mean} + eps), up to a constant: the scores whose softmax is eq. 10.

    Returns:
        Of the scores' shape, at least float32; -inf where masked. The gradient with respect to
        a valid score is one.
    """
    accurate = scores.to(accumulation_type(scores.dtype))
    if eps > 0 and nothing_masked(scores, mask):
        with torch.no_grad():
            limit = torch.minimum(accurate.mean(dim, keepdim=True), accurate.amax(dim, keepdim=True))
            # arithmetic, not a comparison: on the CPU that is several times faster
            below = (accurate - limit).sign_().clamp_(max=0)
        return accurate.add(below, alpha=drop(eps))
    valid = valid_entries(scores, mask)
    below = accurate < threshold(accurate.detach(), valid, dim)
    bias = torch.zeros_like(accurate).masked_fill(below, -drop(eps))
    return (accurate + bias).masked_fill(~valid, -torch.inf)


class LogEvSoftmax(nn.Module):
    """`log_evsoftmax` as a module."""

    def __init__(self, dim: int = -1, eps: float = 0.0) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return log_evsoftmax(scores, mask, self.dim, self.eps)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, eps={self.eps}"
