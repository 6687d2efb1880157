"""What a framework hands over for an archive: a model's reading of a test set."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from .attention_archive import Sentence


class Reading(NamedTuple):
    """A model has been loaded and the texts are in pieces; the attention is computed while ``sentences`` is consumed.

    Attributes:
        sources, hypotheses: pieces, as the model counts them against ``limits``.
        sentences: lazily, one for each pair.
        metadata: everything of `AttentionArchive.metadata` except ``sentences``.
        limits: the most pieces that a source, and a hypothesis, can have.
        note: what the user should know; "" for nothing.
    """

    sources: list[list[str]]
    hypotheses: list[list[str]]
    sentences: Iterator[Sentence]
    metadata: dict[str, Any]
    limits: tuple[float, float] = (math.inf, math.inf)
    note: str = ""
