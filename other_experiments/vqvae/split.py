"""Training images in an order whose end, however long, is a fair sample of all classes."""

from __future__ import annotations

import torch
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError

from ..common.seeding import generator


def spread(labels: Tensor, seed: int = 0) -> Tensor:
    """An order of the images, ``[N]``, in which every stretch has its share of each class, drawn by ``seed``.

    Validation images can so be cut off its end, and both parts are views of one array.
    """
    drawn = torch.randperm(len(labels), generator=generator(seed, "split"))
    places = torch.empty(len(labels), dtype=torch.float64)
    for label in labels.unique():
        own = drawn[labels[drawn] == label]
        places[own] = _places(len(own))
    return drawn[places[drawn].argsort(stable=True)]


def training_count(labels: Tensor, share: float) -> int:
    """How many of the images, in the order of `spread`, are for training: the first ``1 - share`` of each class.

    Raises:
        InputError: one of the parts would be without a class.
    """
    kept = 0
    for count in labels.unique(return_counts=True)[1].tolist():
        own = int((_places(count) < 1 - share).sum())
        if not 0 < own < count:
            raise InputError(
                f"validation: a share of {share} of the {count} training images of a class leaves none for one part"
            )
        kept += own
    return kept


def _places(count: int) -> Tensor:
    """Where the images of a class lie between 0, the first of all images, and 1, the last."""
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count
