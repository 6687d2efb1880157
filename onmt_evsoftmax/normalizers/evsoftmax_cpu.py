"""ev-softmax on the CPU, in as few passes over the scores as their values allow.

A pass costs what it reads and writes; torch's comparisons, `where` and `masked_fill` cost several
times as much as an addition on the CPU. So everything here is additions, multiplications and
`threshold_`, on one buffer that ends as the result. The plain formulation is
`evsoftmax_plain`; the tests hold this one to it.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple, Optional

import torch
from torch import Tensor
from torch.nn.functional import threshold, threshold_

from .evsoftmax_plain import evsoftmax_plain
from .masking import accumulation_type, indicator, masked_score, masking_bias, recompute_rows, spread


FAR = 256.0
"""Where the mean of a row is farther from 0, subtracting it could cost digits of the scores that are kept."""


def evsoftmax_cpu(scores: Tensor, mask: Optional[Tensor], dim: int) -> Tensor:
    """`evsoftmax` with eps = 0.

    Cost in passes over the scores besides softmax's own: 3 without masked entries, 6 with a
    mask, 8 with masked scores and no mask.
    """
    if scores.numel() == 0:
        return torch.empty_like(scores)
    # contiguous, for softmax is taken in place below
    accurate = scores.to(accumulation_type(scores.dtype)).contiguous()
    limit = masked_score(scores.dtype)
    # one score of -65504 among float16 scores does not show in their mean; one of -1e18 does
    centred = None if scores.dtype == torch.float16 else _centre(accurate, mask, dim, limit)
    if centred is None:
        if mask is not None:
            accurate = accurate + masking_bias(mask, accurate.dtype)
        centred = _centre_by_score(accurate, dim, limit)
    kept = threshold_(centred.scores, centred.floor, -torch.inf)
    probabilities = torch.softmax(kept, dim, out=kept).to(scores.dtype)
    first = probabilities.select(dim, 0)
    # NaN: the rounded mean exceeds every score of a row, or none is valid, or NaN came in
    if centred.is_far or math.isnan(first.sum().item()):
        broken = first.isnan() | (centred.mean.abs() > FAR).squeeze(dim)
        recompute_rows(evsoftmax_plain, broken, probabilities, scores, mask, dim)
    return probabilities


class Centred(NamedTuple):
    """Scores minus the mean of the valid ones of their row.

    What is greater than ``floor`` is to be kept. ``is_far`` where a mean is beyond `FAR`.
    """

    scores: Tensor
    mean: Tensor
    floor: float
    is_far: bool


def _centre(scores: Tensor, mask: Optional[Tensor], dim: int, limit: float) -> Optional[Centred]:
    """None if a masked score shows that the mask does not hide."""
    classes = scores.shape[dim]
    if mask is None:
        centred, valid = scores, None
        mean = scores.sum(dim, keepdim=True).div_(classes)
    else:
        valid = indicator(spread(mask, scores, dim), scores.dtype)
        centred = scores * valid
        mean = centred.sum(dim, keepdim=True).div_(valid.sum(dim, keepdim=True).clamp_(min=1))
    low, high = _range(mean)
    # one masked score among ordinary ones pulls the mean of its row below this; NaN compares false
    if not low >= limit / (2 * classes):
        return None
    if valid is None:
        return Centred(scores - mean, mean, -_smallest(scores.dtype), _is_far(low, high))
    limits = torch.finfo(scores.dtype)
    # a valid score that equals the mean must come out greater than 0, which is what a masked one gives
    mean.sub_(mean.abs(), alpha=limits.eps).sub_(limits.smallest_normal)
    return Centred(centred.addcmul_(valid, mean, value=-1), mean, 0.0, _is_far(low, high))


def _centre_by_score(scores: Tensor, dim: int, limit: float) -> Centred:
    """Scores at or below ``limit`` are not valid; they stay hugely negative."""
    buffer = threshold(scores, limit, 0.0)
    # what was not copied is larger by more than 1 in the buffer than in the scores
    count = scores.shape[dim] - (buffer - scores).clamp_(max=1).sum(dim, keepdim=True)
    mean = buffer.sum(dim, keepdim=True).div_(count.clamp_(min=1))
    centred = torch.sub(scores, mean, out=buffer)
    return Centred(centred, mean, -_smallest(scores.dtype), _is_far(*_range(mean)))


def _range(mean: Tensor) -> tuple[float, float]:
    low, high = torch.aminmax(mean)
    return low.item(), high.item()


def _is_far(low: float, high: float) -> bool:
    return not -FAR <= low <= high <= FAR


@functools.lru_cache(maxsize=None)
def _smallest(dtype: torch.dtype) -> float:
    """The positive number next to 0, which `threshold_` does not keep: minus it, and 0 is kept."""
    limits = torch.finfo(dtype)
    return limits.smallest_normal * limits.eps
