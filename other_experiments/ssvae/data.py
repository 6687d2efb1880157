"""Labelled, unlabelled, validation and test images of one seed; binarisation; batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError

from ..common.datasets import Images, binarise
from ..common.seeding import generator


@dataclass(frozen=True)
class Split:
    """What one seed trains and is judged on.

    Attributes:
        images, labels: all training images, ``[N, pixels]`` in [0, 1], and their labels.
        labelled, unlabelled: numbers of images; the labels of the latter are never read.
        validation_images, test_images: zeros and ones, the same at every evaluation.
        validation_labels, test_labels: their labels.
    """

    images: Tensor
    labels: Tensor
    labelled: Tensor
    unlabelled: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def split(images: Images, labelled: int, validation: int, seed: int) -> Split:
    """Divide the training images at random by ``seed``; those of neither kind are the unlabelled ones.

    Raises:
        InputError: nothing would be left unlabelled.
    """
    count = len(images.train_images)
    if labelled < 1 or validation < 1 or labelled + validation >= count:
        raise InputError(
            f"labelled {labelled} and validation {validation} must be positive and leave some of the {count} "
            f"training images unlabelled"
        )
    order = torch.randperm(count, generator=generator(seed, "split"))
    held_out = order[:validation]
    return Split(
        images.train_images,
        images.train_labels,
        labelled=order[validation : validation + labelled],
        unlabelled=order[validation + labelled :],
        validation_images=binarise(images.train_images[held_out], generator(seed, "validation pixels")),
        validation_labels=images.train_labels[held_out],
        # not by seed: the mappings and the seeds are compared on the same test images
        test_images=binarise(images.test_images, generator(0, "test pixels")),
        test_labels=images.test_labels,
    )


def batches(numbers: Tensor, size: int, steps: int, random: torch.Generator) -> Iterator[Tensor]:
    """``steps`` batches of ``size``, from as many shuffled passes over ``numbers`` as that takes."""
    passes = -(-size * steps // len(numbers))
    order = torch.cat([numbers[torch.randperm(len(numbers), generator=random)] for _ in range(passes)])
    return iter(order[: size * steps].split(size))
