"""From an old checkpoint to one of OpenNMT-py 3.x."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from ..base.errors import InputError
from ..base.files import PathLike, atomic_write, check_writable, writing
from .checkpoint import LegacyCheckpoint, read_checkpoint
from .options import convert_options
from .vocabularies import token_lists
from .weights import build_model, complete_weights, rename_weights, split_generator


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Attributes:
        era: the versions of OpenNMT-py that write such checkpoints.
        encoder_layers, decoder_layers: number of layers.
        hidden_size: width of the model.
        heads: heads in each attention.
        feed_forward: width inside the feed-forward blocks.
        source_tokens, target_tokens: sizes of the vocabularies.
        parameters: number of trained numbers, shared ones counted once.
    """

    era: str
    encoder_layers: int
    decoder_layers: int
    hidden_size: int
    heads: int
    feed_forward: int
    source_tokens: int
    target_tokens: int
    parameters: int


def convert(old: PathLike, new: PathLike, *, force: bool = False) -> Conversion:
    """Write the transformer of the checkpoint ``old`` (OpenNMT-py 0.x to 2.x) to ``new`` for OpenNMT-py 3.x.

    ``new`` is written whole or not at all. Weights are stored in float32; the state of the optimiser is left
    out, so training goes on from ``new`` with ``-reset_optim all``.

    Args:
        force: replace ``new`` if it exists.

    Raises:
        InputError: ``old`` cannot be read or is no model that is converted, or ``new`` exists.
    """
    old, new = Path(old), Path(new)
    _check_target(old, new, force)
    checkpoint = read_checkpoint(old)
    try:
        options = convert_options(checkpoint.options)
        vocab = token_lists(checkpoint.vocab)
        model = build_model(options, vocab)
        weights = complete_weights(rename_weights(checkpoint.model, checkpoint.generator), model)
    except InputError as error:
        raise InputError(f"{old}: {error}") from None
    _write(new, {**split_generator(weights), "vocab": vocab, "opt": options, "optim": None})
    return Conversion(
        era=_era(checkpoint),
        encoder_layers=options.enc_layers,
        decoder_layers=options.dec_layers,
        hidden_size=options.enc_hid_size,
        heads=options.heads,
        feed_forward=options.transformer_ff,
        source_tokens=len(vocab["src"]),
        target_tokens=len(vocab["tgt"]),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
    )


def _check_target(old: Path, new: Path, force: bool) -> None:
    check_writable(new)
    if new.exists() and old.exists() and os.path.samefile(old, new):
        raise InputError(f"{new}: is the checkpoint to convert; write to another file")
    if new.exists() and not force:
        raise InputError(f"{new}: exists; --force replaces it")


def _write(path: Path, content: dict) -> None:
    with atomic_write(path, "wb") as stream, writing(path):
        torch.save(content, stream)


def _era(checkpoint: LegacyCheckpoint) -> str:
    if not isinstance(checkpoint.vocab, dict):
        return "0.1 to 0.6"
    if any(isinstance(entry, list) for entry in checkpoint.vocab.values()):
        return "0.7 or 0.8"
    return "2.x" if "transforms" in checkpoint.options else "0.9 to 1.x"
