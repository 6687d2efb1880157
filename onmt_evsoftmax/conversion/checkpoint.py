"""Reading an old checkpoint: its file is data, and never a program."""

from __future__ import annotations

import argparse
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import torch
from torch import Tensor

from ..base.errors import InputError
from ..base.files import PathLike
from .stand_ins import stand_ins

PARTS = ("model", "generator", "vocab", "opt")
_DAMAGED = "not a checkpoint written by torch, or damaged; fetch it again (an archive must be unpacked first)"
_REFUSED_GLOBAL = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)")


@dataclass(frozen=True)
class LegacyCheckpoint:
    """What a checkpoint of OpenNMT-py 0.x to 2.x holds; its optimiser state is not kept.

    Attributes:
        model: weights of encoder and decoder.
        generator: weights of the layer before the softmax over the target vocabulary.
        vocab: the vocabularies in whatever form that version stored them.
        options: the options of the training.
    """

    model: Mapping[str, Tensor]
    generator: Mapping[str, Tensor]
    vocab: Any
    options: Mapping[str, Any]


def read_checkpoint(path: PathLike) -> LegacyCheckpoint:
    """Read ``path`` with ``torch.load(weights_only=True)``; old classes are replaced by inert stand-ins.

    Raises:
        InputError: no such file; no whole checkpoint of torch; a pickle that asks for any class or function
            that OpenNMT-py's checkpoints do not name; no model of OpenNMT-py; or one of 3.x already.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; convert takes a checkpoint of OpenNMT-py 0.x, 1.x or 2.x")
    content = _load(path)
    content = content if isinstance(content, dict) else {}
    if _is_version_3(content.get("vocab")):
        raise InputError(f"{path}: already a checkpoint of OpenNMT-py 3.x, nothing to convert")
    absent = [part for part in PARTS if part not in content]
    if absent:
        raise InputError(f"{path}: not a checkpoint of OpenNMT-py: it has no {', '.join(absent)}")
    for part in ("model", "generator"):
        if not _is_weights(content[part]):
            raise InputError(f"{path}: {part!r} is not a dictionary of weights")
    if not isinstance(content["opt"], argparse.Namespace):
        raise InputError(f"{path}: 'opt' does not hold the options of a training")
    return LegacyCheckpoint(content["model"], content["generator"], content["vocab"], vars(content["opt"]))


def _load(path: Path) -> Any:
    # leaving the context takes back what it allowed, so what is allowed already (Namespace) must not be in it
    allowed = [one for one in stand_ins() if one not in torch.serialization.get_safe_globals()]
    try:
        with torch.serialization.safe_globals(allowed), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old storage classes: torch still reads them
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        name = refused_class(error)
        if name is None:
            raise InputError(f"{path}: {_DAMAGED}") from None
        raise InputError(
            f"{path}: asks for {name}, which no checkpoint of a text transformer of OpenNMT-py needs; "
            "nothing was run. Do not load this file with anything else unless you trust its source"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except Exception as error:  # a damaged file makes torch.load raise a dozen kinds of exceptions
        raise InputError(f"{path}: {_DAMAGED} ({type(error).__name__})") from None


def refused_class(error: pickle.UnpicklingError) -> Optional[str]:
    """The class or function that ``torch.load(weights_only=True)`` refused to look up, if that was the reason."""
    refused = _REFUSED_GLOBAL.search(str(error))
    if refused is None:
        return None
    return refused[1] if "." in refused[1] else f"builtins.{refused[1]}"  # torch leaves the module out


def _is_weights(part: Any) -> bool:
    return isinstance(part, dict) and all(isinstance(k, str) and torch.is_tensor(v) for k, v in part.items())


def _is_version_3(vocab: Any) -> bool:
    """Whether a vocabulary is one of 3.x: plain lists of tokens."""
    source = vocab.get("src") if isinstance(vocab, dict) else None
    return isinstance(source, list) and all(isinstance(token, str) for token in source)
