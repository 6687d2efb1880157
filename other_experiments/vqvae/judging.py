"""What the judge says of images: samples, reconstructions and real ones alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from .data import scaled

RANKS = (1, 5, 10)
BATCH = 500
"""Images at a time."""


@torch.no_grad()
def accuracies(judge: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """The share of images whose class is among the judge's first 1, 5 and 10 guesses; all of 10 classes are.

    Batch normalisation uses the statistics of training, whatever mode the judge is in, and they stay as they
    are, so that the verdict on an image does not depend on the others. In the released code they move.

    Args:
        images: uint8 ``[N, C, S, S]``.
        labels: int64 ``[N]``: of what class they are, or were drawn for.

    Returns:
        ``images``, their number, and ``top1``, ``top5``, ``top10`` in [0, 1].
    """
    mode, device = judge.training, next(judge.parameters()).device
    judge.eval()
    ranks = []
    for part, classes in zip(images.split(BATCH), labels.split(BATCH)):
        scores = judge(scaled(part.to(device))).float()
        own = scores.gather(1, classes.to(device)[:, None])
        # a class as likely as the right one counts as before it: constant scores are no right guess
        ranks.append((scores >= own).sum(1).cpu())
    judge.train(mode)
    rank = torch.cat(ranks)
    shares = {f"top{best}": (rank <= best).double().mean().item() for best in RANKS}
    return {"images": len(labels), **shares}


def error_over_images(accuracy: Mapping[str, Any], rank: int) -> float:
    """Standard error of an accuracy that `accuracies` gave, if the images were independent: sqrt(p (1 - p) / N)."""
    share = accuracy[f"top{rank}"]
    return (share * (1 - share) / accuracy["images"]) ** 0.5
