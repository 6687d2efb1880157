"""What every metric of a hypothesis file takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Optional

CorpusScore = Callable[[Sequence[float]], float]
"""Takes ``sentence_statistics``, summed over sentences, and returns the score of these sentences together."""


@dataclass(frozen=True)
class Texts:
    """What there is to score, and how the user wants it scored; a metric takes of it what it needs.

    Attributes:
        hypotheses: N sentences, N > 0.
        references: N sentences.
        lang: the language of both, such as ``de``.
        lowercase: ignore case, where a metric can do either.
        bleu_tokenize: sacrebleu's tokeniser: ``13a``, ``intl``, or ``none`` for tokenised text.
        further: further references, N sentences each.
        source: N sentences; None where nobody gave them.
    """

    hypotheses: Sequence[str]
    references: Sequence[str]
    lang: str
    lowercase: bool = False
    bleu_tokenize: str = "13a"
    further: Sequence[Sequence[str]] = ()
    source: Optional[Sequence[str]] = None

    @property
    def all_references(self) -> list[Sequence[str]]:
        """The references and the further ones."""
        return [self.references, *self.further]


@dataclass(frozen=True)
class MetricScore:
    """A score of a whole file and of each of its sentences.

    Attributes:
        corpus: the score of the file.
        sentences: one score per line.
        signature: everything that one must know to compute ``corpus`` again.
        details: further numbers that only this metric has, ready for JSON. ``sentence_statistics`` are those
            whose sums over any sample of sentences give its corpus score.
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
