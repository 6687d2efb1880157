"""ev-softmax on the CPU, in as few passes over the scores as their values allow.

A pass costs what it reads and writes; torch's comparisons, `where` and `masked_fill` cost several
times as much as an addition on the CPU. So everything here is additions, multiplications and
`threshold_`, on one buffer that ends as the result. The plain formulation is
`evsoftmax_plain`; the tests hold this one to it.
"""

from __future__ import annotations

import functools
import math
from typing import Optional

import torch
from torch import Tensor
from torch.nn.functional import threshold, threshold_

from .evsoftmax_plain import evsoftmax_plain
from .masking import accumulation_type, indicator, masked_score, recompute_rows, spread


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
    # threshold_ keeps what is greater; without a mask that must be "at least 0"
    floor = 0.0 if mask is not None else -_smallest(accurate.dtype)
    # one score of -65504 among float16 scores does not show in their mean; one of -1e18 does
    centred = None if scores.dtype == torch.float16 else _centre(accurate, mask, dim, limit)
    if centred is None:
        floor = -_smallest(accurate.dtype)
        if mask is not None:
            accurate = accurate.add(indicator(~mask, accurate.dtype), alpha=-torch.finfo(accurate.dtype).max)
        centred = _centre_by_score(accurate, dim, limit)
    threshold_(centred, floor, -torch.inf)
    probabilities = torch.softmax(centred, dim, out=centred).to(scores.dtype)
    first = probabilities.select(dim, 0)
    # NaN: the rounded mean exceeds every score of a row, or none is valid, or NaN came in
    if math.isnan(first.sum().item()):
        recompute_rows(evsoftmax_plain, first.isnan(), probabilities, scores, mask, dim)
    return probabilities


def _centre(scores: Tensor, mask: Optional[Tensor], dim: int, limit: float) -> Optional[Tensor]:
    """Scores minus the mean of the valid ones, 0 where masked; None if a masked score shows."""
    classes = scores.shape[dim]
    if mask is None:
        mean = scores.sum(dim, keepdim=True).div_(classes)
        return None if _shows_masked(mean, classes, limit) else scores - mean
    valid = indicator(spread(mask, scores, dim), scores.dtype)
    centred = scores * valid
    mean = centred.sum(dim, keepdim=True).div_(valid.sum(dim, keepdim=True).clamp_(min=1))
    if _shows_masked(mean, classes, limit):
        return None
    limits = torch.finfo(scores.dtype)
    # a valid score that equals the mean must come out greater than 0, which is what a masked one gives
    mean.sub_(mean.abs(), alpha=limits.eps).sub_(limits.smallest_normal)
    return centred.addcmul_(valid, mean, value=-1)


@functools.lru_cache(maxsize=None)
def _smallest(dtype: torch.dtype) -> float:
    """The positive number next to 0."""
    limits = torch.finfo(dtype)
    return limits.smallest_normal * limits.eps


def _shows_masked(mean: Tensor, classes: int, limit: float) -> bool:
    # one masked score among ordinary ones pulls the mean of its row below this; NaN compares false
    return not mean.amin().item() >= limit / (2 * classes)


def _centre_by_score(scores: Tensor, dim: int, limit: float) -> Tensor:
    """Scores minus the mean of those above ``limit``; the others stay hugely negative."""
    buffer = threshold(scores, limit, 0.0)
    # what was not copied is larger by more than 1 in the buffer than in the scores
    count = scores.shape[dim] - (buffer - scores).clamp_(max=1).sum(dim, keepdim=True)
    mean = buffer.sum(dim, keepdim=True).div_(count.clamp_(min=1))
    return torch.sub(scores, mean, out=buffer)
