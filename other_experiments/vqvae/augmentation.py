"""Random crops and mirror images of training images."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def augmented(images: Tensor, crop: int, flip: bool, random: torch.Generator) -> Tensor:
    """Each image shifted by up to ``crop`` rows and columns, its border mirrored, and with ``flip`` every second one
    turned left to right.

    Args:
        images: uint8 ``[N, C, S, S]``, on any device; the random numbers are drawn on the CPU.
    """
    count, _, side, _ = images.shape
    shifts = torch.randint(2 * crop + 1, (2, count, 1), generator=random)
    turned = torch.rand(count, 1, generator=random) < 0.5
    places = torch.arange(side)
    columns = torch.where(turned & flip, places.flip(0), places) + shifts[1]
    rows = places + shifts[0]
    padded = functional.pad(images.float(), [crop] * 4, mode="reflect").to(images.dtype)
    numbers = torch.arange(count)[:, None, None].to(images.device)
    picked = padded.permute(0, 2, 3, 1)[numbers, rows[:, :, None].to(images.device), columns[:, None].to(images.device)]
    return picked.permute(0, 3, 1, 2)
