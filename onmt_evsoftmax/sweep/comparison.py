"""The comparison of a test set: the one that `onmt_evsoftmax compare` wrote, or the same, computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from ..evaluation.comparison import compare
from ..evaluation.comparison_file import read_comparison
from ..evaluation.metrics import METRICS
from ..evaluation.runs import Groups, Run, group_by_seed, group_runs, shared_metrics
from .settings import AGAINST


def comparison_of(
    path: Path, runs: list[Run], common: dict[str, Any], progress: Callable[[str], None]
) -> Optional[dict[str, Any]]:
    """What ``path`` holds if it covers the runs, else a new comparison; None without either.

    Functions are compared with ev-softmax or, while it has not run, with the last function of the table, on
    the seeds that both have; one that shares no seed is left out, and the comparison's notes say so.
    """
    stored = read_comparison(path) if path.is_file() else None
    if stored is not None and (not runs or _values(stored) == _values_of(runs)):
        return stored
    if not runs:
        return None
    groups, notes = _comparable(runs)
    against = list(groups)[-1]
    if stored is not None:
        notes.append(f"{path.name} was written for other scores than those of the runs; computed anew.")
    comparison = compare(groups, against, allow_missing=True, progress=progress)
    return {**comparison, **common, "notes": [*common["notes"], *notes]}


def _comparable(runs: list[Run]) -> tuple[Groups, list[str]]:
    """The functions that share a seed with the one they are compared with, and a note on each other."""
    functions = list(dict.fromkeys(run.function for run in runs))
    against = AGAINST if AGAINST in functions else functions[-1]
    groups = group_runs(runs, against)
    apart = [name for name in groups if not set(groups[name]) & set(groups[against])]
    notes = [f"{name} is left out: it has no seed in common with {against} yet." for name in apart]
    return {name: group for name, group in groups.items() if name not in apart}, notes


def _values(comparison: dict[str, Any]) -> dict[str, dict[str, list]]:
    """function -> metric -> seeds with their scores, which tell a comparison of old scores from one of these."""
    return {
        name: {
            metric: sorted(zip(summary["seeds"], score["values"]))
            for metric, score in summary["scores"].items()
            if metric in METRICS  # those of later versions cannot be told from the runs
        }
        for name, summary in comparison["functions"].items()
    }


def _values_of(runs: list[Run]) -> dict[str, dict[str, list]]:
    metrics = shared_metrics(runs)
    return {
        name: {metric: sorted((seed, run.scores[metric]) for seed, run in group.items()) for metric in metrics}
        for name, group in group_by_seed(runs).items()
    }
