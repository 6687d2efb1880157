"""Training, validation and test images; binarisation; what pseudo-inputs start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import torch
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError

from ..common.datasets import binarise, load_frey, load_images
from ..common.seeding import generator
from .densities import LEVELS

SHAPES = {"frey": (28, 20), "mnist": (28, 28), "digits": (8, 8)}
"""Rows and columns of the images of each data set."""


@dataclass(frozen=True)
class Split:
    """Images as rows of pixels in [0, 1], float32 ``[N, pixels]``.

    Attributes:
        train: grey values, or with ``dynamic`` the probabilities that pixels are drawn from.
        validation, test: what scores are computed of, the same at every evaluation.
        dynamic: each batch of ``train`` is binarised anew.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    dynamic: bool

    def batch(self, numbers: Tensor, random: torch.Generator) -> Tensor:
        """Training images as the loss sees them."""
        images = self.train[numbers]
        return binarise(images, random) if self.dynamic else images

    def to(self, device: torch.device) -> Split:
        """The same images on another device."""
        return Split(self.train.to(device), self.validation.to(device), self.test.to(device), self.dynamic)


def load(dataset: str, cache: Path, mirror: Optional[str]) -> Tensor:
    """All images of the data set, ``[N, pixels]``: levels i / 256 of Frey faces, grey values in [0, 1] else.

    Raises:
        InputError: the files are missing, or not those of the data set.
    """
    if dataset == "frey":
        return torch.from_numpy(load_frey(cache, mirror)).flatten(1).float() / LEVELS
    images = load_images(dataset, cache, mirror)
    return torch.cat([images.train_images, images.test_images])


def split(images: Tensor, settings: Mapping[str, Any]) -> Split:
    """Divide by ``shares`` at random. Every seed has the same test images: ``split_seed`` draws them."""
    seed, shares = settings["split_seed"], settings["shares"]
    if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise InputError(f"shares: must be three positive numbers that sum to 1, not {shares}")
    train, validation = (int(len(images) * share + 1e-6) for share in shares[:2])
    order = torch.randperm(len(images), generator=generator(seed, "split"))
    parts = [images[part] for part in order.tensor_split([train, train + validation])]
    dynamic = settings["decoder"] == "bernoulli" and settings["binarise"] == "dynamic"
    if settings["decoder"] == "bernoulli":
        fixed = [binarise(part, generator(seed, f"pixels of part {i}")) for i, part in enumerate(parts)]
        parts = [parts[0] if dynamic else fixed[0], *fixed[1:]]
    return Split(parts[0], parts[1], parts[2], dynamic)


def first_pseudo_inputs(settings: Mapping[str, Any], train: Tensor, seed: int) -> Optional[Tensor]:
    """The untrained pseudo-inputs, ``[K, pixels]``; None with the standard prior.

    Random ones are Gaussian noise around ``pseudo_mean``; those from data are training images, with
    the same noise. Both are Tomczak and Welling's.

    Raises:
        InputError: more pseudo-inputs are to start from data than there are images.
    """
    if settings["prior"] == "standard":
        return None
    count, random = settings["pseudo_inputs"], generator(seed, "pseudo-inputs")
    noise = settings["pseudo_std"] * torch.randn(count, train.shape[1], generator=random).to(train)
    if settings["pseudo_start"] == "random":
        return settings["pseudo_mean"] + noise
    if count > len(train):
        raise InputError(f"pseudo_inputs: {count} cannot start from {len(train)} training images")
    return train[torch.randperm(len(train), generator=random)[:count]] + noise
