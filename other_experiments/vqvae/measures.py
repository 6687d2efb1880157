"""How a prior does on codes that it did not draw: support, targets outside of it, bits per code."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.normalizers import get
from onmt_evsoftmax.normalizers.losses import TRAINING_EPS, cross_entropy_loss, evsoftmax_loss

from .pixelcnn import PixelCNN

LOSSES = {"softmax": cross_entropy_loss, "epsilon": evsoftmax_loss}
"""Readings of the same scores that give every code some probability, so every prior can be scored by them."""


def support(scores: Tensor, targets: Tensor, method: str) -> dict[str, float]:
    """K, ``outside`` and ``own`` of the mapping ``method``, means over all positions.

    K is the number of codes with a probability above zero, ``outside`` the share of targets without one.
    ``own`` is -log2 of (p + eps) / (1 + codes * eps) at the target: bits of the distribution that samples
    come from, with the eps of the paper's eq. 10 added to every code.

    Args:
        scores: ``[N, codes, H, W]``.
        targets: ``[N, H, W]``.
    """
    probabilities = get(method).function(scores, dim=1)
    chosen = probabilities.gather(1, targets[:, None])
    whole = 1 + scores.shape[1] * TRAINING_EPS
    return {
        "K": (probabilities > 0).sum(1).double().mean().item(),
        "outside": (chosen == 0).double().mean().item(),
        "own": -((chosen.double() + TRAINING_EPS) / whole).log2().mean().item(),
    }


def bits(scores: Tensor, targets: Tensor) -> dict[str, float]:
    """Bits per code of each of `LOSSES`, whatever mapping the scores were trained for."""
    return {name: loss(scores, targets).item() / math.log(2) for name, loss in LOSSES.items()}


@torch.no_grad()
def measure(model: PixelCNN, mapping: str, batches: Iterable[tuple[Tensor, Tensor]]) -> dict[str, Any]:
    """Losses and supports of a prior trained with ``mapping``, means over the code maps of all batches.

    Args:
        batches: codes ``[N, H, W]`` and labels ``[N]``.

    Returns:
        ``loss``: the mapping's own. ``head_active``: share of the head's units that are on anywhere. ``bits``:
        see `bits`. ``methods``: `support` of each function that such a prior is used with.
    """
    parts, sizes = [], []
    active = torch.zeros(model.head.out_channels, dtype=torch.bool)
    for codes, labels in batches:
        units = model.units(codes, labels)
        scores = model.scores(units).float()
        active |= (units > 0).any(-1).any(-1).any(0).cpu()
        own = {f"{name}.{key}": value for name in catalogue.used_after(mapping)
               for key, value in support(scores, codes, name).items()}  # fmt: skip
        parts.append({"loss": get(mapping).loss(scores, codes).item(), **bits(scores, codes), **own})
        sizes.append(len(codes))
    means = _means(parts, sizes)
    methods = {
        name: {key: means[f"{name}.{key}"] for key in ("K", "outside", "own")} for name in catalogue.used_after(mapping)
    }
    return {
        "loss": means["loss"],
        "head_active": active.double().mean().item(),
        "bits": {name: means[name] for name in LOSSES},
        "methods": methods,
    }


@torch.no_grad()
def mean_loss(model: PixelCNN, mapping: str, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """The loss of ``mapping``, mean over the code maps of all batches."""
    total, count = 0.0, 0
    for codes, labels in batches:
        total += get(mapping).loss(model(codes, labels), codes).item() * len(codes)
        count += len(codes)
    return total / count


def unigram_bits(trained: Tensor, held_out: Tensor, size: int) -> float:
    """Bits per held-out code of the training codes' frequencies, one added to each: what a prior must beat."""
    counts = torch.bincount(trained.flatten().long(), minlength=size).double() + 1
    return -(counts / counts.sum()).log2()[held_out.flatten().long()].mean().item()


def _means(parts: Sequence[dict[str, float]], sizes: Sequence[int]) -> dict[str, float]:
    return {key: sum(part[key] * size for part, size in zip(parts, sizes)) / sum(sizes) for key in parts[0]}
