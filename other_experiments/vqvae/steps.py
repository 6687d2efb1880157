"""Steps of a training: which images each one takes, and after which ones something is measured."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError

from ..common.seeding import generator

PIECE = 10
"""Steps between two moments at which a checkpoint can be written."""


class Steps:
    """Epochs of shuffled batches, in pieces of `PIECE` steps.

    Batches are mixed from all classes; those of the released code hold one class each. Images that are left
    over at the end of an epoch are among those of the next one.

    Args:
        images: how many there are.
    """

    def __init__(self, images: int, batch: int, epochs: int, seed: int) -> None:
        if images < batch:
            raise InputError(f"batch: {batch} is more than the {images} training images; lower it")
        self._images, self._batch, self._seed = images, batch, seed
        self.in_epoch = images // batch
        self.total = epochs * self.in_epoch

    @property
    def pieces(self) -> int:
        return -(-self.total // PIECE)

    def piece(self, number: int) -> Iterator[tuple[int, Tensor]]:
        """The steps of a piece: number of the step, from 1, and the images of its batch."""
        order, known = torch.empty(0), -1
        for step in range(number * PIECE, min((number + 1) * PIECE, self.total)):
            epoch, place = divmod(step, self.in_epoch)
            if epoch != known:
                order, known = torch.randperm(self._images, generator=generator(self._seed, f"epoch {epoch}")), epoch
            yield step + 1, order[place * self._batch : (place + 1) * self._batch]

    def ends_epoch(self, step: int) -> bool:
        return step % self.in_epoch == 0


def measured(step: int, every: int, total: int) -> bool:
    """Each of the first ten steps, each tenth of the first hundred, then each ``every``-th, and the last."""
    return step <= 10 or (step <= 100 and step % 10 == 0) or step % every == 0 or step == total
