"""The logarithm of ev-softmax, for likelihoods and divergences."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

from .evsoftmax_plain import drop, threshold
from .masking import accumulation_type, check_scores, masked_scores_show, may_look, valid_entries


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

    >>> log_evsoftmax(torch.tensor([0.4, 1.4, -0.8]), eps=1e-6)
    tensor([ -1.3133,  -0.3133, -16.3288])
    """
    dim = check_scores(scores, mask, dim)
    if mask is None and eps > 0 and may_look(scores) and not masked_scores_show(scores):
        return torch.log_softmax(biased_scores(scores, dim, eps), dim).to(scores.dtype)
    valid = valid_entries(scores, mask)
    accurate = scores.to(accumulation_type(scores.dtype))
    below = accurate < threshold(accurate.detach(), valid, dim)
    biased = accurate + torch.zeros_like(accurate).masked_fill(below, -drop(eps))
    nonempty = valid.any(dim, keepdim=True)
    # an empty row is computed as a uniform one: a NaN there would spoil the gradient of all rows
    kept = biased.masked_fill(~valid, -torch.inf).masked_fill(~nonempty, 0.0)
    return torch.log_softmax(kept, dim).masked_fill(~nonempty, -torch.inf).to(scores.dtype)


def biased_scores(scores: Tensor, dim: int, eps: float) -> Tensor:
    """v + log(1{v >= mean} + eps), up to a constant: the scores whose softmax is eq. 10; none may be masked.

    Returns:
        Of the scores' shape, at least float32. The gradient with respect to the scores is one.
    """
    accurate = scores.to(accumulation_type(scores.dtype))
    with torch.no_grad():
        mean = accurate.mean(dim, keepdim=True)
        # arithmetic, not a comparison: on the CPU that is several times faster
        below = (accurate - torch.minimum(mean, accurate.amax(dim, keepdim=True))).sign_().clamp_(max=0)
    return accurate.add(below, alpha=drop(eps))


class LogEvSoftmax(nn.Module):
    """`log_evsoftmax` as a module."""

    def __init__(self, dim: int = -1, eps: float = 0.0) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return log_evsoftmax(scores, mask, self.dim, self.eps)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, eps={self.eps}"
