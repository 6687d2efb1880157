"""Attention of a sentence for the page: quantised to 8 bits, compressed, base64."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence

import numpy as np

from ...archive.models import Model
from ...base.errors import InputError
from ...evaluation.attended import read_sentence

LEVELS = 255


def quantise(weights: np.ndarray) -> np.ndarray:
    """One byte for each weight, on the square-root scale that the colours have.

        code = round(255 · sqrt(w)), at least 1 where w > 0;  w ≈ (code / 255)²

    A code is 0 exactly where the weight is. The error is at most sqrt(w) / 255 + 1 / 510², that is
    0.004 near 1 and 0.0004 near 0.01; a weight below 1 / 510² ≈ 4e-6 is shown as 1 / 255² ≈ 1.5e-5.

    Args:
        weights: in ``[0, 1]``; the rounding of half precision above 1 is cut off.

    Returns:
        uint8 of the same shape.
    """
    weights = np.clip(np.asarray(weights, dtype=np.float64), 0, 1)
    codes = np.rint(LEVELS * np.sqrt(weights)).astype(np.uint8)
    return np.where((weights > 0) & (codes == 0), np.uint8(1), codes)


def dequantise(codes: np.ndarray) -> np.ndarray:
    """What the page reads out of `quantise`'s codes."""
    return (codes.astype(np.float64) / LEVELS) ** 2


def encode_sentence(models: Sequence[Model], number: int) -> str:
    """Base64 of a zlib stream: a header's length (4 bytes, little-endian), the header, the codes.

    The header is JSON: ``source`` (pieces) and for each of ``models`` its ``target`` and ``target_input``
    pieces and ``kinds``: kind -> ``[layers, heads]``. Codes follow model by model, kind by kind, in C
    order ``[layers, heads, queries, keys]``.

    Raises:
        InputError: an archive is damaged, or the models read different sources.
    """
    header: dict = {"source": None, "models": []}
    codes = []
    for model in models:
        sentence = read_sentence(model.archive, number)
        if header["source"] not in (None, sentence.source):
            raise InputError(
                f"{models[0].archive.path} and {model.archive.path}: sentence {number} has different source "
                "pieces; make both again with: onmt_evsoftmax attend"
            )
        header["source"] = sentence.source
        kinds = {kind: list(weights.shape[:2]) for kind, weights in sentence.attention.items()}
        pieces = {"target": sentence.target, "target_input": sentence.target_input}
        header["models"].append({**pieces, "kinds": kinds})
        codes += [quantise(weights).tobytes() for weights in sentence.attention.values()]
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    content = len(text).to_bytes(4, "little") + text + b"".join(codes)
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")
