"""The metrics, one row each: who lists, orders, prints or checks scores reads it here.

A new metric is a file beside this one, whose function takes `Texts` and returns a `MetricScore`, and a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Optional

from .json_part import LARGEST
from .metric import CorpusScore, MetricScore, Texts

HIGHEST = 100 + 1e-6
"""The highest score of a metric that goes up to 100: a perfect BLEU is 100.00000000000004."""


@dataclass(frozen=True)
class Metric:
    """What the other modules need to know of a metric.

    Attributes:
        printed_name: as tables write it.
        function: the module and the function that scores, ``.bleu.score_bleu``; without the first dot it may be
            in any package. It is imported when it is first called.
        corpus: the `CorpusScore`, written like ``function``; None where the score of a file is the mean of its
            sentences' scores.
        statistics: how many numbers a sentence has of these.
        higher_is_better: false for a count of errors.
        needs_source: whether ``Texts.source`` must be there.
        bounds: the lowest and the highest score of a file or a sentence.
        default: whether `score` computes it where nobody chose.
    """

    printed_name: str
    function: str
    corpus: Optional[str] = None
    statistics: int = 0
    higher_is_better: bool = True
    needs_source: bool = False
    bounds: tuple[float, float] = (0, HIGHEST)
    default: bool = True

    @property
    def heading(self) -> str:
        """The printed name, with an arrow where less is better.

        >>> metric("bleu").heading, metric("ter").heading
        ('BLEU', 'TER ↓')
        """
        return self.printed_name if self.higher_is_better else f"{self.printed_name} ↓"

    def score(self, texts: Texts) -> MetricScore:
        """The score of a file and of its sentences."""
        return _load(self.function)(texts)

    def corpus_score(self) -> Optional[CorpusScore]:
        """The function ``corpus``."""
        return _load(self.corpus) if self.corpus else None


METRICS = {
    "bleu": Metric("BLEU", ".bleu.score_bleu", ".bleu.corpus_bleu", statistics=10),
    "chrf": Metric("chrF", ".chrf.score_chrf", ".chrf.corpus_chrf", statistics=18),
    "chrfpp": Metric("chrF++", ".chrf.score_chrfpp", ".chrf.corpus_chrfpp", statistics=24, default=False),
    "ter": Metric(
        "TER",
        ".ter.score_ter",
        ".ter.corpus_ter",
        statistics=2,
        higher_is_better=False,
        bounds=(0, LARGEST),
        default=False,
    ),
    "rouge1": Metric("ROUGE-1", ".rouge.score_rouge1"),
    "rouge2": Metric("ROUGE-2", ".rouge.score_rouge2"),
    "rougeL": Metric("ROUGE-L", ".rouge.score_rouge_l"),
    "meteor": Metric("METEOR", ".meteor.score_meteor"),
}
"""Name in files and options -> its row, in the order of the tables."""


def metric(name: str) -> Metric:
    """The row of a metric; one that this version does not know has its name alone."""
    return METRICS.get(name) or Metric(name, "", bounds=(-math.inf, math.inf))


def held(signatures: dict[str, Any]) -> list[str]:
    """The metrics of a file, by what it says of how they were scored."""
    return [name for name in signatures if name != "attended"]


def by_signature(signatures: dict[str, str]) -> dict[str, list[str]]:
    """signature -> the printed names of the metrics that share it."""
    found: dict[str, list[str]] = {}
    for name in held(signatures):
        found.setdefault(signatures[name], []).append(metric(name).printed_name)
    return found


def explain_arrow(names: Iterable[str]) -> list[str]:
    """The line of the legend for a table of these metrics; none where it has no arrow."""
    return [] if all(metric(name).higher_is_better for name in names) else ["↓: lower is better."]


def _load(path: str) -> Callable:
    module, _, function = path.rpartition(".")
    return getattr(import_module(module, __package__), function)
