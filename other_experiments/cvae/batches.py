"""Batches, and what each seed draws for them: the order of the images and the noise of the samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..common.seeding import generator


class Batch(NamedTuple):
    """A step's input, as `ConditionalVAE` takes it: ``[S, B, pixels + Y]``, ``[S, B]``, ``[S, B, K]``."""

    inputs: Tensor
    labels: Tensor
    gumbel: Tensor


class Batches:
    """Batches of every epoch, for each seed in its own order.

    An epoch's draws come from a generator of their own seed and epoch, so they depend neither on
    the other seeds nor on whether the run was continued from a checkpoint. Each epoch leaves out
    the images that fill no batch, others each time.

    Args:
        images: ``[N, pixels]``.
        labels: number of the label y of each image, ``[N]``, below ``label_count``.
    """

    def __init__(
        self, images: Tensor, labels: Tensor, label_count: int, seeds: Sequence[int], size: int, classes: int
    ) -> None:
        self._inputs = with_label(images, labels, label_count)
        self._labels = labels
        self._seeds, self._size, self._classes = seeds, size, classes
        self.steps = len(labels) // size
        """Batches of an epoch."""

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch."""
        orders, noises = zip(*(self._draw(seed, number) for seed in self._seeds))
        # [steps, S, B] and [steps, S, B, K]
        for order, noise in zip(torch.stack(orders, 1), torch.stack(noises, 1)):
            inputs = self._inputs[order.flatten()].unflatten(0, order.shape)
            yield Batch(inputs, self._labels[order], noise)

    def _draw(self, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        used = self.steps * self._size
        order = torch.randperm(len(self._labels), generator=generator(seed, f"order of epoch {epoch}"))
        exponential = torch.empty(self.steps, self._size, self._classes)
        exponential.exponential_(generator=generator(seed, f"noise of epoch {epoch}"))
        return order[:used].view(self.steps, self._size), -exponential.log_()


def label_of(digits: Tensor, split: Sequence[Sequence[int]]) -> Tensor:
    """The number of the set of ``split`` that each digit is in."""
    table = torch.full((10,), -1)
    for label, members in enumerate(split):
        table[list(members)] = label
    return table[digits]


def with_label(images: Tensor, labels: Tensor, label_count: int) -> Tensor:
    """Pixels followed by the one-hot label, ``[N, pixels + Y]``."""
    one_hot = torch.nn.functional.one_hot(labels, label_count)
    return torch.cat([images, one_hot.to(images.dtype)], dim=1)
