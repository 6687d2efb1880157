"""One self-contained HTML page: every kind, layer and head of some sentences, for the reader to pick."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...archive import KINDS
from ...archive.models import Model, require_kind, require_same_source, titles
from ...archive.panel import View, select_panels
from ...archive.segmentation import merge, word_ids
from ...base.errors import InputError
from ...base.files import PathLike, atomic_write
from ..html_page import fill, render

HERE = Path(__file__).parent


def write_page(models: Sequence[Model], path: PathLike, sentences: Sequence[int], sentence: int, view: View) -> int:
    """Write the page; it shows ``sentence`` in ``view`` first. Returns its size in bytes.

    Raises:
        InputError: something asked for is not in every archive, or the archives differ in
            source or in their number of layers or heads.
    """
    if view.head == "all":
        raise InputError("--head all: the page shows one head at a time; choose mean, max or a number")
    select_panels(models, sentence, view)  # raises where the first view is not there
    title = "Attention of " + ", ".join(titles(models, view.kind))
    body = fill(HERE / "heatmap.html", {"TITLE": html.escape(title)})
    data = page_data(models, sentences, sentence, view)
    page = render(title, body, data, scripts=[HERE / "heatmap.js"])
    content = page.encode("utf-8")
    with atomic_write(path, "wb") as stream:
        stream.write(content)
    return len(content)


def page_data(models: Sequence[Model], sentences: Sequence[int], sentence: int, view: View) -> dict[str, Any]:
    """What is embedded into the page, ready for JSON."""
    require_kind(models, view.kind)
    kinds = [kind for kind in KINDS if all(kind in model.archive.metadata["kinds"] for model in models)]
    for number in sentences:
        require_same_source(models, number)
    shapes: dict[str, list[int]] = {}
    names = {kind: titles(models, kind) for kind in kinds}
    entries = []
    for index, model in enumerate(models):
        content = [_sentence_data(model, number, kinds, shapes) for number in sentences]
        entries.append({"titles": {kind: names[kind][index] for kind in kinds}, "sentences": content})
    layer = view.layer % shapes[view.kind][0]
    return {
        "numbers": list(sentences),
        "shapes": shapes,
        "view": {**asdict(view), "sentence": list(sentences).index(sentence), "layer": layer},
        "models": entries,
    }


def encode_weights(weights: np.ndarray) -> str:
    """Base64 of one little-endian 16-bit code for each weight, in C order.

    Weights lie in [0, 2), so the sign and the highest exponent bit of their 32-bit floats are 0;
    the code is the 16 bits after those, rounded: ``float32 bits = code << 14``. The relative error is
    at most 2^-10 (three significant digits), and a code is 0 exactly where the weight is.
    """
    bits = np.ascontiguousarray(weights, dtype=np.float32).view(np.uint32)
    codes = np.minimum((bits + (1 << 13)) >> 14, 0xFFFF)
    codes[(weights > 0) & (codes == 0)] = 1
    return base64.b64encode(codes.astype("<u2").tobytes()).decode("ascii")


def _sentence_data(model: Model, number: int, kinds: Sequence[str], shapes: dict[str, list[int]]) -> dict[str, Any]:
    """Tokens and weights of one sentence; ``shapes`` keeps ``[layers, heads]`` of each kind."""
    sentence = model.archive[number]
    data: dict[str, Any] = {}
    for side in ("source", "target", "target_input"):
        pieces = getattr(sentence, side)
        words = merge(pieces, model.segmentation)
        data[side] = {"pieces": pieces, "words": words, "word_of": word_ids(pieces, model.segmentation)}
    for kind in kinds:
        weights = sentence.attention[kind]
        expected = shapes.setdefault(kind, list(weights.shape[:2]))
        if list(weights.shape[:2]) != expected:
            raise InputError(
                f"{model.archive.path}, sentence {number}: {kind} attention of {weights.shape[0]} layers and "
                f"{weights.shape[1]} heads, elsewhere {expected[0]} and {expected[1]}; "
                "make a page for each model"
            )
        data[kind] = encode_weights(weights)
    return data
