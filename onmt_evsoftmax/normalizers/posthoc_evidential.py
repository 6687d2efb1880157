"""Post-hoc evidential sparsification (Itkina et al. 2020): softmax over the classes with belief mass."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

from ..base.errors import InputError
from .evsoftmax import evsoftmax
from .softmax import softmax


def posthoc_evidential(scores: Tensor, mask: Optional[Tensor] = None, dim: int = -1) -> Tensor:
    """The mapping for a model that was trained with softmax, applied to its scores at test time.

    By Theorem 3.1 of the paper it equals `evsoftmax` wherever no score is equal to the mean, and
    so it is computed: same arguments, values and errors. `posthoc_evidential_from_features` computes
    it from belief masses, as Itkina et al. define it.

    >>> posthoc_evidential(torch.tensor([0.4, 1.4, -0.8]))
    tensor([0.2689, 0.7311, 0.0000])
    """
    return evsoftmax(scores, mask, dim)


def posthoc_evidential_from_features(features: Tensor, weight: Tensor, bias: Optional[Tensor] = None) -> Tensor:
    """p_k proportional to 1{m({z_k}) != 0} exp(w_k), from a model's last layer (paper, eqs. 4-6, 21-24).

    Args:
        features: phi, output of the last hidden layer, ``[..., J]``.
        weight: beta-hat, ``[K, J]`` as `torch.nn.Linear` keeps it.
        bias: alpha-hat, ``[K]``.

    Returns:
        ``[..., K]``. The cost is O(JK) per row: the weights are centred once, not per class.

    Raises:
        InputError: the features do not fit the weight.

    >>> weight = torch.tensor([[0.4, 0.0], [0.0, 0.7], [-0.8, 0.0]])
    >>> posthoc_evidential_from_features(torch.tensor([1.0, 2.0]), weight)
    tensor([0.2689, 0.7311, 0.0000])
    """
    evidence = evidential_weights(features, weight, bias)
    massive = belief_masses(evidence) > 0
    # without any evidence no class has a mass of its own, and all are alike (eq. 32)
    filtered = evidence.masked_fill(~massive & massive.any(-1, keepdim=True), -torch.inf)
    return torch.softmax(filtered, dim=-1)


def evidential_weights(features: Tensor, weight: Tensor, bias: Optional[Tensor] = None) -> Tensor:
    """w_k = alpha_k + sum_j beta_jk phi_j with weights and bias centred over the classes (paper, eqs. 4, 24).

    Shapes as in `posthoc_evidential_from_features`; returns ``[..., K]``, each row summing to zero.

    >>> evidential_weights(torch.tensor([1.0, 2.0]), torch.tensor([[3.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    tensor([ 2., -1., -1.])
    """
    if features.shape[-1] != weight.shape[-1]:
        raise InputError(f"{features.shape[-1]} features do not fit a weight [K, J] of shape {tuple(weight.shape)}")
    centred = weight - weight.mean(dim=0)
    return nn.functional.linear(features, centred, None if bias is None else bias - bias.mean())


def belief_masses(weights: Tensor) -> Tensor:
    """Mass of each single class, m({z_k}), up to a positive factor (paper, eqs. 6, 19).

    m({z_k}) is proportional to exp(-w_k^-) (exp(w_k^+) - 1 + prod_{l != k} (1 - exp(-w_l^-))).

    Args:
        weights: evidential weights w, ``[..., K]``.

    Returns:
        Non-negative, ``[..., K]``; 0 exactly where nothing speaks for class k and nothing speaks
        against some other class.

    >>> belief_masses(torch.tensor([2.0, -1.0, -1.0]))
    tensor([6.7886, 0.0000, 0.0000])
    """
    against = (-weights).clamp(min=0)
    doubt = -torch.expm1(-against)
    # log of the product over the others; zero factors are counted, since log 0 - log 0 is not a number
    certain = doubt == 0
    logs = torch.where(certain, 1.0, doubt).log()
    others = (logs.sum(-1, keepdim=True) - logs).exp()
    others = others.masked_fill(certain.sum(-1, keepdim=True) - certain.long() > 0, 0.0)
    return torch.exp(-against) * (torch.expm1(weights.clamp(min=0)) + others)


class PosthocEvidential(nn.Module):
    """`softmax` in training mode, `posthoc_evidential` in evaluation mode."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, scores: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        function = softmax if self.training else posthoc_evidential
        return function(scores, mask, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
