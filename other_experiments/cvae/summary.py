"""Results of runs, and the table that compares them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ..common.plots import METHODS, PRINTED
from ..common.tables import spread, table
from .distances import DISTANCES

HEADER = (
    "method", "seeds", "Wasserstein", "released distance", "total variation", "prior modes", "posterior classes",
)  # fmt: skip


def summarise(
    log: Sequence[Mapping[str, Any]], seeds: Sequence[int], posterior: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One result per method and seed.

    A distance is the mean over the labels and over the last fifth of the measurements: from one
    measurement to the next it jitters, for the decoder is trained on relaxed samples and judged
    on exact ones. The modes are those of the last measurement.

    Args:
        posterior: what `evaluation.posterior_use` says of each seed.
    """
    results = []
    for method in dict.fromkeys(record["method"] for record in log):
        for seed, use in zip(seeds, posterior):
            own = [r for r in log if r["method"] == method and r["seed"] == seed]
            tail = own[-max(1, len(own) // 5) :]
            distances = {
                name: round(statistics.fmean(value for record in tail for value in record[name]), 5)
                for name in DISTANCES
            }
            last = own[-1]
            ends = {key: last[key] for key in ("iteration", "reconstruction", "kl", "modes") if key in last}
            results.append({"method": method, "seed": seed, **distances, **ends, **use})
    return results


def compared(results: Sequence[Mapping[str, Any]]) -> str:
    """Markdown: mean ± standard deviation over the seeds of each method."""
    rows = []
    for method in METHODS:
        own = [result for result in results if result["method"] == method]
        if own:
            distances = [spread([result[name] for result in own]) for name in DISTANCES]
            modes = spread([statistics.fmean(result["modes"]) for result in own], 1)
            used = spread([result["posterior_classes"] for result in own], 1)
            rows.append([PRINTED[method], len(own), *distances, modes, used])
    return table(HEADER, rows)
