"""What every metric of a hypothesis file returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any


@dataclass(frozen=True)
class MetricScore:
    """A score of a whole file and of each of its sentences, from 0 to 100.

    Attributes:
        corpus: the score of the file.
        sentences: one score per line.
        signature: everything that one must know to compute ``corpus`` again.
        details: further numbers that only this metric has, ready for JSON.
    """

    corpus: float
    sentences: list[float]
    signature: str
    details: Mapping[str, Any] = field(default_factory=dict)


def library(name: str) -> str:
    """Name and installed version of a library, for signatures."""
    return f"{name} {version(name)}"


def best_of(further: Sequence[Sequence[str]]) -> str:
    """The end of a signature that says how many references there were; nothing where there was one."""
    return f", best of {1 + len(further)} references" if further else ""
