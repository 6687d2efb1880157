"""One map of attention: tokens by tokens, picked out of an archive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..base.errors import InputError
from .models import Model, require_kind, require_same_source, titles
from .segmentation import merge, word_ids
from .words import merge_weights

HEADINGS = {
    "cross": "Cross-attention, sentence {}: rows are the translation, columns the source",
    "encoder": "Encoder self-attention, sentence {}: a row attends to the columns",
    "decoder": "Decoder self-attention, sentence {}: rows are predicted, columns are the translation so far",
}


@dataclass(frozen=True)
class View:
    """What to look at.

    Attributes:
        kind: ``cross``, ``encoder`` or ``decoder``.
        layer: from 0; negative counts from the last.
        head: ``mean`` or ``max`` over heads, a number from 0, or ``all``: a panel for each.
        merge_subwords: rows and columns are words, not pieces; see `words.merge_weights`.
    """

    kind: str = "cross"
    layer: int = -1
    head: str = "mean"
    merge_subwords: bool = False

    def __post_init__(self) -> None:
        if self.head not in ("mean", "max", "all") and not re.fullmatch(r"[0-9]+", self.head):
            raise InputError(f"--head {self.head}: expected mean, max, all or a number from 0")

    def heading(self, sentence: int) -> str:
        """The line over a figure."""
        return HEADINGS[self.kind].format(sentence)

    def notes(self) -> list[str]:
        """What a reader must know about how the weights were put together."""
        notes = []
        if self.merge_subwords:
            notes.append("Pieces are merged into words: a word's columns are summed, its rows are averaged.")
        if self.head == "max":
            notes.append("The largest weight of all heads: a row need not sum to 1.")
        return notes


@dataclass(frozen=True)
class Panel:
    """One map, ready to be drawn.

    Attributes:
        title: the model. subtitle: layer and head.
        queries: Q tokens that attend (rows). keys: K tokens that are attended to (columns).
        weights: float64 ``[Q, K]``, checked to be finite and not negative.
        visible: bool ``[Q, K]``; False where the causal mask of decoder self-attention hides
            a key, so that its zero says nothing about the mapping.
    """

    title: str
    subtitle: str
    queries: list[str]
    keys: list[str]
    weights: np.ndarray
    visible: np.ndarray

    @property
    def zero(self) -> np.ndarray:
        """bool ``[Q, K]``: weights that the mapping itself set to exactly 0."""
        return self.visible & (self.weights == 0)


def select_panels(models: Sequence[Model], sentence: int, view: View) -> list[Panel]:
    """The panels of one sentence, model by model, head by head.

    Raises:
        InputError: the sentence, kind, layer or head is not in an archive, its arrays do not
            fit its tokens, or the models read different sources.
    """
    require_kind(models, view.kind)
    require_same_source(models, sentence)
    panels = []
    for model, title in zip(models, titles(models, view.kind)):
        panels += _model_panels(model, title, sentence, view)
    return panels


def require_tokens(panels: Sequence[Panel], sentence: int, kind: str) -> None:
    """Raise `InputError` where a map has no rows or no columns: there is nothing to draw."""
    sides = {"encoder": ("source", "source"), "decoder": ("target", "target"), "cross": ("target", "source")}
    for panel in panels:
        for side, tokens in zip(sides[kind], (panel.queries, panel.keys)):
            if not tokens:
                raise InputError(
                    f"--sentence {sentence} (line {sentence + 1} of the {side}): {panel.title} has no words there, so "
                    f"its {kind} attention is empty; choose another sentence"
                )


def _model_panels(model: Model, title: str, index: int, view: View) -> list[Panel]:
    sentence = model.archive[index]
    weights = sentence.attention[view.kind].astype(np.float64)
    layer = _resolve_layer(model, len(weights), view)
    weights = weights[layer]
    queries, keys = sentence.tokens(view.kind)
    visible = np.ones(weights.shape[1:], dtype=bool)
    if view.kind == "decoder":
        visible = np.tril(visible)
    if view.merge_subwords:
        scheme = model.segmentation
        words = word_ids(queries, scheme), word_ids(keys, scheme)
        weights = merge_weights(weights, *words)
        visible = merge_weights(visible.astype(float), *words) > 0
        queries, keys = merge(queries, scheme), merge(keys, scheme)
    depth = f"layer {layer} (last)" if layer == len(sentence.attention[view.kind]) - 1 else f"layer {layer}"
    return [
        Panel(title, f"{depth}, {head}", queries, keys, chosen, visible)
        for head, chosen in _choose_heads(model, weights, view.head)
    ]


def _resolve_layer(model: Model, layers: int, view: View) -> int:
    if not -layers <= view.layer < layers:
        raise InputError(
            f"{model.archive.path}: no layer {view.layer} of {view.kind} attention; "
            f"it holds layers 0 to {layers - 1} (-1 is the last)"
        )
    return view.layer % layers


def _choose_heads(model: Model, weights: np.ndarray, head: str) -> list[tuple[str, np.ndarray]]:
    """(description, ``[queries, keys]``) of every map that ``head`` asks for."""
    heads = len(weights)
    if head == "mean":
        return [(f"mean of {heads} heads", weights.mean(axis=0))]
    if head == "max":
        return [(f"max of {heads} heads", weights.max(axis=0))]
    if head == "all":
        return [(f"head {number}", weights[number]) for number in range(heads)]
    if int(head) >= heads:
        raise InputError(f"{model.archive.path}: no head {head}; it holds heads 0 to {heads - 1}")
    return [(f"head {head}", weights[int(head)])]
