"""The loss that fits each mapping, with the options of `torch.nn.functional.cross_entropy`.

All losses here take scores, not probabilities: ``scores`` is ``[C]``, ``[N, C]`` or
``[N, C, d1, ...]`` over C classes and ``target`` holds class numbers, ``[]``, ``[N]`` or
``[N, d1, ...]``. The options mean what they mean in torch:

* ``weight``: ``[C]``, a factor per class;
* ``ignore_index``: targets of this value contribute nothing;
* ``reduction``: ``"mean"`` (over the weights of the targets), ``"sum"`` or ``"none"``;
* ``label_smoothing``: the share, in [0, 1], of the target that is spread over all classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

import entmax
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..base.errors import InputError
from .log_evsoftmax import biased_scores, log_evsoftmax
from .masking import accumulation_type, check_number
from .sparse_projection import OUTSIDE

TRAINING_EPS = 1e-6
"""The paper's epsilon (section 3.2)."""

PARTIAL_SORT = 100
"""entmax sorts this many largest scores first, and more where the support is larger."""


def cross_entropy_loss(
    scores: Tensor,
    target: Tensor,
    weight: Optional[Tensor] = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(v)_y: the loss of softmax, and of post-hoc evidential models, which train with softmax.

    >>> cross_entropy_loss(torch.zeros(1, 4), torch.tensor([0]))
    tensor(1.3863)
    """
    return functional.cross_entropy(
        scores,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def evsoftmax_loss(
    scores: Tensor,
    target: Tensor,
    weight: Optional[Tensor] = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    eps: float = TRAINING_EPS,
) -> Tensor:
    """The epsilon negative log-likelihood: -log p_y with p the training form of ev-softmax (paper, eq. 10).

    A target outside the support costs log((1 + eps) / eps), 13.8 for the default, more than
    one inside; this jump is not in the gradient, which tends to p - delta_y (eq. 12). Classes
    masked by their score (see `normalizers.masking`) count in no mean.

    Raises:
        InputError: eps is not positive; the loss would be infinite outside the support.

    >>> evsoftmax_loss(torch.tensor([[0.0, 0.0, -6.0]]), torch.tensor([0]))
    tensor(0.6931)
    """
    _check_eps(eps)
    biased = biased_scores(scores, None, class_dim(scores) - scores.ndim, eps)
    return functional.cross_entropy(
        biased,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def evsoftmax_kl(
    scores: Tensor, other: Tensor, dim: int = -1, eps: float = TRAINING_EPS, reduction: str = "mean"
) -> Tensor:
    """KL(p || q) of the training forms (eq. 10) of two rows of scores, such as a posterior's and a prior's.

    Args:
        scores, other: the scores of p and of q, of shapes that broadcast.
        dim: the dimension of the classes, which is summed over.
        eps: positive, so that the divergence is finite.
        reduction: ``"mean"`` over the rows, ``"sum"`` or ``"none"``.

    >>> evsoftmax_kl(torch.tensor([1.0, 1.0, -4.0]), torch.tensor([1.0, 1.0, -4.0]))
    tensor(0.)
    """
    _check_eps(eps)
    log_p, log_q = log_evsoftmax(scores, dim=dim, eps=eps), log_evsoftmax(other, dim=dim, eps=eps)
    return _reduce((log_p.exp() * (log_p - log_q)).sum(dim), reduction)


def sparsemax_loss(
    scores: Tensor,
    target: Tensor,
    weight: Optional[Tensor] = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The Fenchel-Young loss of sparsemax (Martins and Astudillo 2016); its gradient is sparsemax(v) - y.

    >>> sparsemax_loss(torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([0]))
    tensor(0.)
    """
    scores = fenchel_young_scores(entmax.sparsemax_loss, scores)
    return nll(scores, target, weight, ignore_index, reduction, label_smoothing)


def tsallis15_loss(
    scores: Tensor,
    target: Tensor,
    weight: Optional[Tensor] = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The Tsallis-1.5 loss (Peters et al. 2019): its gradient is entmax15(v) - y.

    >>> tsallis15_loss(torch.tensor([[3.0, 0.0, 0.0]]), torch.tensor([0]))
    tensor(0.)
    """
    scores = fenchel_young_scores(entmax.entmax15_loss, scores)
    return nll(scores, target, weight, ignore_index, reduction, label_smoothing)


def fenchel_young_scores(loss: Callable[..., Tensor], scores: Tensor) -> Tensor:
    """v_c minus the conjugate of the entropy: what log softmax(v)_c is to cross-entropy.

    Args:
        loss: ``loss(scores [N, C], target [N], k)``, the loss of each row.
        scores: ``[C]``, ``[N, C]`` or ``[N, C, d1, ...]``.

    Returns:
        Of the scores' shape; minus entry c is the loss of a row whose target is c. A row with NaN or
        +inf, or of -inf throughout, is NaN, and so is its gradient, as with cross-entropy.
    """
    dim = class_dim(scores)
    accurate = scores.to(accumulation_type(scores.dtype)).movedim(dim, -1)
    largest = accurate.detach().amax(-1, keepdim=True)
    # the loss does not see a shift, nor how far a score lies outside the support; the solver dies on NaN
    centred = accurate - largest
    rows = centred.nan_to_num(nan=OUTSIDE).clamp(min=OUTSIDE).reshape(-1, centred.shape[-1])
    first = torch.zeros(len(rows), dtype=torch.long, device=rows.device)
    conjugate = loss(rows, first, PARTIAL_SORT) + rows[:, 0]
    finite = 1 + (largest - largest)  # 1, or NaN
    return ((centred - conjugate.reshape(largest.shape)) * finite).movedim(-1, dim).to(scores.dtype)


def nll(
    scores: Tensor,
    target: Tensor,
    weight: Optional[Tensor],
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """`torch.nn.functional.cross_entropy` of scores that stand for log probabilities as they are."""
    if not 0 <= label_smoothing <= 1:
        raise InputError(f"label_smoothing must be in [0, 1], got {label_smoothing}")
    # torch's own backward pass refuses other layouts, such as channels_last
    scores = scores.contiguous()
    loss = functional.nll_loss(scores, target, weight, ignore_index=ignore_index, reduction=reduction)
    if label_smoothing == 0:
        return loss
    dim = class_dim(scores)
    shape = [-1 if d == dim % scores.ndim else 1 for d in range(scores.ndim)]
    weighted = scores if weight is None else scores * weight.reshape(shape)
    spread = -weighted.sum(dim).masked_fill(target == ignore_index, 0.0)
    if reduction == "mean":
        counted = target[target != ignore_index]
        spread = spread.sum() / (len(counted) if weight is None else weight[counted].sum())
    elif reduction == "sum":
        spread = spread.sum()
    return (1 - label_smoothing) * loss + label_smoothing / scores.shape[dim] * spread


def class_dim(scores: Tensor) -> int:
    """The dimension of the classes, as in `torch.nn.functional.cross_entropy`."""
    return 0 if scores.ndim == 1 else 1


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    if reduction not in ("mean", "sum", "none"):
        raise InputError(f"unknown reduction {reduction!r}; known: mean, sum, none")
    return loss if reduction == "none" else getattr(loss, reduction)()


def _check_eps(eps: float) -> None:
    check_number("eps", eps)
    if not eps > 0:
        raise InputError(f"eps must be positive, got {eps}; without it a class outside the support has infinite loss")


class _Loss(nn.Module):
    """A loss of this file as a module."""

    function: Callable[..., Tensor]

    def __init__(
        self,
        weight: Optional[Tensor] = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight: Optional[Tensor]
        self.register_buffer("weight", weight)
        self.ignore_index, self.reduction, self.label_smoothing = ignore_index, reduction, label_smoothing

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        return type(self).function(scores, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class SparsemaxLoss(_Loss):
    """`sparsemax_loss` as a module."""

    function = staticmethod(sparsemax_loss)


class Tsallis15Loss(_Loss):
    """`tsallis15_loss` as a module."""

    function = staticmethod(tsallis15_loss)


class EvSoftmaxLoss(_Loss):
    """`evsoftmax_loss` as a module."""

    def __init__(
        self,
        weight: Optional[Tensor] = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
        eps: float = TRAINING_EPS,
    ) -> None:
        super().__init__(weight, ignore_index, reduction, label_smoothing)
        self.eps = eps

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        return evsoftmax_loss(
            scores, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing, self.eps
        )
