"""What the models of several seeds attend to, in one set of figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..archive import KINDS
from ..base.errors import InputError
from .attended import HEADLINES, MEASURES
from .runs import Run
from .significance import standard_error


def pool_attended(runs: Sequence[Run]) -> Optional[dict[str, Any]]:
    """Attention of the runs that have an archive; None if none has.

    ``words`` and ``positions`` are the headline figures: mean and standard deviation over the
    target tokens of all seeds together. ``words_any_head`` and ``positions_any_head`` count the
    union over the heads; scores of older versions lack them, and one such seed makes them None.
    ``entropy`` (nats) is that of the same rows: last
    decoder layer, mean over heads; mean and standard error over seeds. ``kinds`` holds every
    kind of attention: ``runs``, the number of seeds whose archive has it (a sweep keeps whole
    archives of few), and measure -> ``mean`` and ``standard_error`` over them, ``[layers][heads]``.

    Raises:
        InputError: two runs differ in their layers or heads.
    """
    found = [(run, run.attended) for run in runs if run.attended]
    if not found:
        return None
    attended = [one for _, one in found]
    entropies = [float(np.mean(one["kinds"]["cross"]["entropy"][-1])) for one in attended]
    return {
        "runs": len(found),
        **{figure: _pool_spread(attended, figure) for figure in HEADLINES},
        "entropy": {"mean": float(np.mean(entropies)), "standard_error": standard_error(entropies)},
        "kinds": {
            kind: _over_seeds([(run, one["kinds"][kind]) for run, one in found if kind in one["kinds"]], kind)
            for kind in KINDS
            if any(kind in one["kinds"] for one in attended)
        },
    }


def _pool_spread(attended: Sequence[Mapping[str, Any]], unit: str) -> Optional[dict[str, float]]:
    """Mean and standard deviation over the seeds' target tokens together; None if a seed lacks them."""
    if not all(one.get(unit) for one in attended):
        return None
    tokens = np.array([one["target_tokens"] for one in attended], dtype=np.float64)
    means = np.array([one[unit]["mean"] for one in attended])
    deviations = np.array([one[unit]["std"] for one in attended])
    mean = np.average(means, weights=tokens)
    variance = np.average(deviations**2 + (means - mean) ** 2, weights=tokens)
    return {"mean": float(mean), "std": math.sqrt(variance)}


def _over_seeds(runs: Sequence[tuple[Run, Mapping[str, Any]]], kind: str) -> dict[str, Any]:
    return {"runs": len(runs), **{measure: _table_over_seeds(runs, kind, measure) for measure in MEASURES}}


def _table_over_seeds(runs: Sequence[tuple[Run, Mapping[str, Any]]], kind: str, measure: str) -> dict[str, Any]:
    tables = [np.asarray(measures[measure], dtype=np.float64) for _, measures in runs]
    for (run, _), table in zip(runs, tables):
        if table.shape != tables[0].shape:
            raise InputError(
                f"{run}: {kind} has {table.shape} layers and heads, but {runs[0][0]} has "
                f"{tables[0].shape}; compare models of one size"
            )
    stacked = np.stack(tables)
    errors = stacked.std(axis=0, ddof=1) / math.sqrt(len(runs)) if len(runs) > 1 else None
    return {
        "mean": stacked.mean(axis=0).tolist(),
        "standard_error": None if errors is None else errors.tolist(),
    }
