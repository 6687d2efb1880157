"""A sentence of an attention archive for bertviz, which shows every layer and head as a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from ..archive import KINDS, AttentionArchive
from ..base.errors import InputError
from ..base.files import PathLike


def model_view_arguments(path: PathLike, sentence: int = 0, kinds: Optional[Sequence[str]] = None) -> dict[str, Any]:
    """Keyword arguments of ``bertviz.model_view``, and of its ``head_view``.

    >>> from bertviz import model_view  # doctest: +SKIP
    >>> model_view(**model_view_arguments("attention.npz", 3))  # doctest: +SKIP

    bertviz has one list of tokens for the decoder. With decoder self-attention it holds the pieces that the decoder
    read, ``<s>`` first, as for models of Transformers: the row of a piece is that in which the next one was predicted.
    With cross-attention alone it holds the pieces that were predicted, as in our own pictures.

    Args:
        path: an archive, from ``onmt_evsoftmax attend``.
        sentence: its number, from 0.
        kinds: of ``encoder``, ``decoder`` and ``cross``; default: all that the archive holds.

    Returns:
        ``encoder_attention`` and so on: for each layer a float32 tensor ``[1, heads, queries, keys]``; and the tokens.

    Raises:
        InputError: no archive, no such sentence, a kind that it does not hold, a side without tokens, or kinds that
            differ in layers or heads, which bertviz cannot show together.
    """
    import torch

    archive = AttentionArchive(path)
    chosen = [kind for kind in KINDS if kind in (archive.metadata["kinds"] if kinds is None else kinds)]
    for kind in kinds or ():
        archive.require(kind)
    if not chosen:
        raise InputError(f"{path}: no kind of attention is chosen; it holds: {', '.join(archive.metadata['kinds'])}")
    found = archive[sentence]
    sizes = {kind: found.attention[kind].shape[:2] for kind in chosen}
    if len(set(sizes.values())) > 1:
        text = ", ".join(f"{kind} {layers} x {heads}" for kind, (layers, heads) in sizes.items())
        raise InputError(f"{path}: bertviz shows as many layers and heads of each kind, here {text}; choose kinds")
    if any(0 in found.attention[kind].shape for kind in chosen):
        raise InputError(f"{path}: sentence {sentence} has a side without tokens, so there is nothing to show")
    arguments: dict[str, Any] = {
        f"{kind}_attention": [torch.from_numpy(layer[None].astype("float32")) for layer in found.attention[kind]]
        for kind in chosen
    }
    if set(chosen) & {"encoder", "cross"}:
        arguments["encoder_tokens"] = found.source
    if set(chosen) & {"decoder", "cross"}:
        arguments["decoder_tokens"] = found.target_input if "decoder" in chosen else found.target
    return arguments
