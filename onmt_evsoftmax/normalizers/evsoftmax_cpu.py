"""ev-softmax on the CPU, in as few passes over the scores as their values allow.

A pass costs what it reads and writes; torch's comparisons, `where` and `masked_fill` cost several
times as much as an addition on the CPU. So everything here is additions, multiplications,
`threshold_` and `leaky_relu_`, on one buffer that ends as the result. The plain formulation is
`evsoftmax_plain`; the tests hold this one to it.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Optional

import torch
from torch import Tensor, threshold_
from torch.nn.functional import leaky_relu_, threshold

from .evsoftmax_plain import evsoftmax_plain
from .masking import accumulation_type, indicator, masked_score, masking_bias, recompute_rows, spread

FAR = 256.0
"""Largest |mean| of a row that is simply subtracted: a larger one could cost digits of the scores that are kept."""

NEAR_ZERO = 1e-16
"""With a mean farther from 0 than this, a score is equal to it or differs by more than 1e-33, in float64 too."""

STEEP = 2.0**120
"""Factor on scores below the mean: 1e-33 becomes so much that its exponential is 0, and nothing below
256 becomes infinite."""

DOWN = torch.tensor(-torch.inf, device="cpu")
"""Second argument of `nextafter`: the next smaller number."""


def evsoftmax_cpu(scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
    """`evsoftmax` with eps = 0.

    Cost in passes over the scores besides softmax's own: 3 without masked entries, 6 with a
    mask, 8 with masked scores and no mask; a row that is NaN or whose mean is far from 0, or next to it,
    is then done again.
    """
    if scores.numel() == 0:
        return torch.empty_like(scores)
    # contiguous, for softmax is taken in place below
    accurate = scores.to(accumulation_type(scores.dtype)).contiguous()
    if mask is None and _shows_in_mean(scores.dtype):
        probabilities = _ordinary(accurate, dim, masked_score(scores.dtype))
        if probabilities is not None:
            return probabilities.to(scores.dtype)
    return _careful(scores, accurate, mask, dim)


def _ordinary(scores: Tensor, dim: int, limit: float) -> Optional[Tensor]:
    """`evsoftmax` of scores without a mask; None where these need `_careful`.

    They do where a mean is far from 0, which masked scores, infinities and NaN bring about too, or next to 0,
    where differences could be too small to be made large. Making the negative ones steep instead of infinite
    keeps the largest score where the rounded mean exceeds every score of a row.
    """
    classes = scores.shape[dim]
    mean = scores.sum(dim, keepdim=True).div_(classes)
    low, high = torch.aminmax(mean.abs())
    # one masked score pulls the mean of its row below limit / (2 * classes)
    if not NEAR_ZERO <= low.item() <= high.item() <= FAR or -FAR < limit / (2 * classes):
        return None
    kept = leaky_relu_(scores - mean, STEEP)
    return torch.softmax(kept, dim, out=kept)


def _careful(scores: Tensor, accurate: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
    """`evsoftmax` of any scores, with or without a mask."""
    limit = masked_score(scores.dtype)
    centred = None
    if mask is not None and _shows_in_mean(scores.dtype):
        centred = _centre_by_mask(accurate, mask, dim, limit)
    if centred is None:
        if mask is not None:
            accurate = accurate + masking_bias(mask, accurate.dtype)
        centred = _centre_by_score(accurate, dim, limit)
    kept = threshold_(centred.scores, centred.floor, -torch.inf)
    probabilities = torch.softmax(kept, dim, out=kept).to(scores.dtype)
    # NaN: the rounded mean exceeds every score of a row, or none is valid, or NaN came in
    distance = centred.mean.abs()
    nearest, farthest = (extreme.item() for extreme in torch.aminmax(distance))
    if not _next_to_zero(accurate.dtype) <= nearest <= farthest <= FAR or _has_nan(probabilities, dim):
        off = (distance > FAR) | (distance < _next_to_zero(accurate.dtype))
        broken = probabilities.select(dim, 0).isnan() | off.squeeze(dim)
        recompute_rows(evsoftmax_plain, broken, probabilities, scores, mask, dim)
    return probabilities


def _shows_in_mean(dtype: torch.dtype) -> bool:
    """Whether one masked score moves the mean of a row so far that it is noticed: -65504 in float16 need not."""
    return dtype != torch.float16


class Centred(NamedTuple):
    """Scores minus the mean of the valid ones of their row; what is greater than ``floor`` is to be kept."""

    scores: Tensor
    mean: Tensor
    floor: float


def _centre_by_mask(scores: Tensor, mask: Tensor, dim: int, limit: float) -> Optional[Centred]:
    """`Centred` of the scores where ``mask`` is True; None if one of these is itself a masked score."""
    valid = indicator(spread(mask, scores, dim), scores.dtype)
    centred = scores * valid
    mean = centred.sum(dim, keepdim=True).div_(valid.sum(dim, keepdim=True).clamp_(min=1))
    if not mean.amin().item() >= limit / (2 * scores.shape[dim]):
        return None
    # a valid score that equals the mean must come out greater than 0, which is what a masked one gives
    mean = mean.nextafter(DOWN)
    return Centred(centred.addcmul_(valid, mean, value=-1), mean, 0.0)


def _centre_by_score(scores: Tensor, dim: int, limit: float) -> Centred:
    """`Centred` of the scores above ``limit``; the others are masked ones, and stay hugely negative."""
    buffer = threshold(scores, limit, 0.0)
    # what was not copied is larger by more than 1 in the buffer than in the scores
    count = scores.shape[dim] - (buffer - scores).clamp_(max=1).sum(dim, keepdim=True)
    mean = buffer.sum(dim, keepdim=True).div_(count.clamp_(min=1))
    # "at least 0", as `threshold_` says it; -0.0 and denormal numbers do not differ from 0 for a CPU that flushes
    return Centred(torch.sub(scores, mean, out=buffer), mean, -torch.finfo(scores.dtype).smallest_normal)


def _has_nan(probabilities: Tensor, dim: int) -> bool:
    """Whether a row is NaN, as all of it is if one entry is; a look at one entry per row costs no pass."""
    return math.isnan(probabilities.select(dim, 0).sum().item())


def _next_to_zero(dtype: torch.dtype) -> float:
    """With a mean farther from 0 than this, a score is equal to it or differs by a normal number.

    A denormal one would be 0 under `torch.set_flush_denormal`, in those threads that took it over.
    """
    limits = torch.finfo(dtype)
    return limits.smallest_normal / limits.eps
