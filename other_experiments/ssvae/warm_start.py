"""The labelled-only start, kept on disk for all methods that share it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write

from .data import Split
from .methods import Method
from .training import train_labelled_only

KEYS = (
    "dataset",
    "labelled",
    "validation",
    "batch",
    "classifier_hidden",
    "hidden",
    "latent",
    "weight_decay",
    "warm_start",
)
"""The settings that a labelled-only start depends on."""


def warm_start(folder: Path, method: Method, settings: Mapping[str, Any], seed: int, data: Split) -> dict[str, Tensor]:
    """The parameters to start from: those in ``folder``, or trained and kept there.

    Raises:
        InputError: the file there is damaged or comes from other settings.
    """
    path = Path(folder) / f"{method.normalizer}-{seed}.pt"
    used = {key: settings[key] for key in KEYS}
    if path.exists():
        return _read(path, used)
    model = train_labelled_only(method.normalizer, settings, seed, data)
    with atomic_write(path, "wb") as stream:
        torch.save({"settings": used, "model": model.state_dict()}, stream)
    return model.state_dict()


def _read(path: Path, used: Mapping[str, Any]) -> dict[str, Tensor]:
    try:
        content = torch.load(path, weights_only=True)
        settings, parameters = dict(content["settings"]), dict(content["model"])
    except Exception:  # a damaged file makes torch.load raise a dozen kinds of exceptions
        raise InputError(f"{path}: damaged; delete it, and it is made again") from None
    if settings != used:
        differing = ", ".join(key for key in KEYS if settings.get(key) != used[key])
        raise InputError(f"{path}: made with another {differing}; delete it, or name another --out")
    return parameters
