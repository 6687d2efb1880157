"""Images and labels: training, validation and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import torch
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError

from ..common.config import check_known
from ..common.datasets import load_digits
from .split import spread, training_count
from .tiny_imagenet import SIDE, load_tiny_imagenet

DATASETS = ("tinyimagenet", "digits")
DIGITS_SIDE = 8


@dataclass(frozen=True)
class Part:
    """Images, uint8 ``[N, C, S, S]``, and their labels, int64 ``[N]``.

    Those of tiny-imagenet are views of a file, read when they are used.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Data:
    """A data set in three parts without a common image.

    Attributes:
        train, validation: cut from the training images, the same share of each class.
        test: labelled images that nothing is chosen by.
        classes: the printed name of each class, by label.
    """

    train: Part
    validation: Part
    test: Part
    classes: tuple[str, ...]


def load(settings: Mapping[str, Any], cache: Path, mirror: Optional[str] = None) -> Data:
    """The images that ``dataset``, ``side`` and ``validation`` of the settings name; every run has the same split.

    The test images of tiny-imagenet are those of its official validation part, which have labels. The
    released code validates on the official test part, which has none, with label 0 for every image.

    Args:
        cache, mirror: see `load_tiny_imagenet`; digits come with scikit-learn.

    Raises:
        InputError: the data set is not known, does not come in that size, or cannot be read; or the share
            ``validation`` leaves a part without a class.
    """
    dataset, side = settings["dataset"], settings["side"]
    check_known("dataset", [dataset], DATASETS)
    if dataset == "digits":
        if side != DIGITS_SIDE:
            raise InputError(f"side: digits have {DIGITS_SIDE} rows and columns, not {side}")
        train, test, classes = _digits()
    else:
        if not 8 <= side <= SIDE:
            raise InputError(f"side: tinyimagenet comes with 8 to {SIDE} rows and columns, not {side}")
        loaded = load_tiny_imagenet(cache, mirror, side)
        train, test, classes = Part(*loaded.train), Part(*loaded.held_out), loaded.classes
    count = training_count(train.labels, settings["validation"])
    kept, cut = (Part(train.images[part], train.labels[part]) for part in (slice(count), slice(count, None)))
    return Data(kept, cut, test, classes)


def scaled(images: Tensor) -> Tensor:
    """0 to 255 as float32 in [-1, 1] (paper, E.3): what the networks see."""
    return images.float().div_(127.5).sub_(1)


def as_bytes(images: Tensor) -> Tensor:
    """The reverse of `scaled`, uint8; values outside of [-1, 1] are cut off."""
    return images.float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)


def _digits() -> tuple[Part, Part, tuple[str, ...]]:
    digits = load_digits()
    order = spread(digits.train_labels)
    train, test = (
        Part(images.mul(255).round().to(torch.uint8).unflatten(1, (1, DIGITS_SIDE, DIGITS_SIDE)), labels)
        for images, labels in (
            (digits.train_images[order], digits.train_labels[order]),
            (digits.test_images, digits.test_labels),
        )
    )
    return train, test, tuple(str(digit) for digit in range(10))
