"""Attention of a sentence inside a page: quantised to 8 bits, compressed, base64; ``weights.js`` reads it."""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from ..archive import SIDES
from ..archive.models import Model, require_same_source
from ..archive.segmentation import merge, word_ids

LEVELS = 255
"""The page reads a code as the weight (code / LEVELS)²."""


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


def encode_sentence(models: Sequence[Model], number: int) -> str:
    """Base64 of a zlib stream: a header's length (4 bytes, little-endian), the header, the codes.

    The header is JSON: for each of ``models`` its ``source``, ``target`` and ``target_input``, each as
    ``pieces``, ``words`` and ``word_of`` (the word of each piece), and ``kinds``: kind -> ``[layers, heads]``.
    Codes follow model by model, kind by kind, in C order ``[layers, heads, queries, keys]``.

    Raises:
        InputError: an archive is damaged, or the models read different sources.
    """
    require_same_source(models, number)
    header = []
    codes = []
    for model in models:
        sentence = model.archive[number]
        sides = {side: _side(getattr(sentence, side), model.segmentation) for side in SIDES}
        header.append({**sides, "kinds": {kind: weights.shape[:2] for kind, weights in sentence.attention.items()}})
        codes += [quantise(weights).tobytes() for weights in sentence.attention.values()]
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    content = len(text).to_bytes(4, "little") + text + b"".join(codes)
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def _side(pieces: list[str], segmentation: str) -> dict[str, list]:
    return {"pieces": pieces, "words": merge(pieces, segmentation), "word_of": word_ids(pieces, segmentation)}


def weight_scripts(test: str, codes: Mapping[int, str]) -> str:
    """The elements that hold the codes of a test set's sentences, number -> `encode_sentence`, as HTML."""
    return "\n".join(
        f'<script type="text/plain" data-test="{html.escape(test)}" data-sentence="{number}">{code}</script>'
        for number, code in sorted(codes.items())
    )
