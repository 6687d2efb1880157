"""What the viewer of a page reads, besides the weights: test sets, their models and texts, and the first view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Optional

from ..archive import KINDS
from ..archive.models import Model, titles
from ..archive.panel import View


def viewer_data(tests: Sequence[Mapping[str, Any]], view: View, sentence: int = 0) -> dict[str, Any]:
    """``view`` and ``tests``, ready for JSON.

    Args:
        tests: see `describe_test`.
        view: what is shown first. sentence: its place in the list of the first test set that has any.
    """
    return {"view": {**asdict(view), "sentence": sentence}, "tests": list(tests)}


def describe_test(name: str, models: Mapping[str, Model], sentences: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One test set: ``models`` by a key of their own, each with a title for every kind it holds.

    Args:
        sentences: see `describe_sentence`; the weights of each stand in an element of `weights.weight_scripts`.
    """
    found: dict[str, dict[str, str]] = {key: {} for key in models}
    for kind in KINDS:
        holding = {key: model for key, model in models.items() if kind in model.kinds}
        for key, title in zip(holding, titles(list(holding.values()), kind)):
            found[key][kind] = title
    return {
        "name": name,
        "models": [{"key": key, "titles": by_kind} for key, by_kind in found.items()],
        "sentences": list(sentences),
    }


def describe_sentence(
    number: int,
    source: str,
    reference: Optional[str],
    texts: Sequence[str],
    bleu: Optional[Sequence[Optional[float]]] = None,
) -> dict[str, Any]:
    """The texts of a sentence, which are searched and shown; ``texts`` and ``bleu`` in the order of the models."""
    scores = [None] * len(texts) if bleu is None else [None if one is None else round(float(one), 2) for one in bleu]
    models = [{"text": text, "bleu": score} for text, score in zip(texts, scores)]
    return {"number": number, "source": source, "reference": reference, "models": models}
