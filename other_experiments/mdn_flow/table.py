"""Tables of finished runs: ``python -m other_experiments.mdn_flow.table RUNS --out FILE``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ..common.command import run_main, table_parser
from ..common.runs import finished
from ..common.tables import spread, table, write_tables
from .bases import BASES
from .constraints import CASES
from .entropy import OBJECTIVES
from .model import FLOWS
from .targets import TARGETS

DIVERGED = 1.0
"""Nats by which a maximum-entropy run may overrate its entropy before it counts as diverged."""


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Print the tables of all finished runs; with --out, write them too."""
    options = table_parser("mdn_flow", __doc__).parse_args(arguments)
    rows = collect(options.runs)
    text = markdown(rows)
    print(text, end="")
    if options.out is not None:
        write_tables(options.out, text, {"runs": rows})


def collect(runs: Path) -> list[dict[str, Any]]:
    """Results of each finished run, with what it was: one row for each model and seed.

    Raises:
        InputError: no run is through.
    """
    rows = []
    for run in finished(runs, "**"):
        names = ("part", "seed", "flow", "base", "steps", "case", "objective", "mapping", "eps")
        shared = {name: run.config[name] for name in names if name in run.config}
        together = run.results.pop("rows", [{}])
        rows += [{**shared, **run.results, **row} for row in together]
    return rows


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """One table for each part that has runs."""
    texts = [write(_of(rows, part)) for part, write in _TABLES.items() if _of(rows, part)]
    return "\n".join(texts)


def _of(rows: Sequence[Mapping[str, Any]], part: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["part"] == part]


def _likelihood(rows: Sequence[Mapping[str, Any]]) -> str:
    parts = [
        "Test negative log-likelihood above the target's own, nats a point: "
        "mean ± standard deviation over seeds (number of seeds).\n"
    ]
    targets = [target for target in TARGETS.values() if any(row["target"] == target.name for row in rows)]
    for flow in FLOWS:
        own = [row for row in rows if row["flow"] == flow]
        if own:
            printed = [f"{target.printed_name} (H = {target.entropy():.3f})" for target in targets]
            lines = []
            for base in BASES.values():
                cells = [_spread(_values(own, "excess", base=base.name, target=target.name)) for target in targets]
                if any(cells):
                    lines.append([base.printed_name, *(cell or "not run" for cell in cells)])
            parts.append(table([f"{FLOWS[flow]}, {own[0]['steps']} steps", *printed], lines))
    return "\n".join(parts)


def _entropy(rows: Sequence[Mapping[str, Any]]) -> str:
    about = (
        "Maximum entropy, mean ± standard deviation over seeds. H: entropy of the model's draws; claimed: by the "
        "density that the objective used. Violation: |R|. KL: from the model to the exact solution. Diverged: "
        f"the loss was not finite, or the claim is more than {DIVERGED:g} nat above H.\n\n"
    )
    header = ("case (exact H)", "objective", "H", "claimed", "violation", "KL", "seeds that diverged")
    lines = []
    for case in CASES.values():
        for objective in OBJECTIVES.values():
            own = [row for row in rows if (row["case"], row["objective"]) == (case.name, objective.name)]
            if own:
                keys = ("entropy", "claimed_entropy", "violation", "divergence")
                cells = [_spread([row[key] for row in own], count=False) for key in keys]
                diverged = sum(
                    row["diverged"] is not None or row["claimed_entropy"] > row["entropy"] + DIVERGED for row in own
                )
                names = (f"{case.printed_name} ({case.entropy():.3f})", objective.printed_name)
                lines.append([*names, *cells, f"{diverged} of {len(own)}"])
    return about + table(header, lines)


def _weights(rows: Sequence[Mapping[str, Any]]) -> str:
    about = (
        "A mixture of 32 Gaussians without a flow. Alive: weight above 0 after training; effective: "
        "exp H(weights); returned: how often a dropped component came back in training.\n\n"
    )
    header = ("weights by", "NLL above the target's own", "alive", "weight > 0.001", "effective", "returned")
    lines = []
    for mapping, eps in sorted({(row["mapping"], row["eps"]) for row in rows}):
        own = [row for row in rows if (row["mapping"], row["eps"]) == (mapping, eps)]
        printed = f"{mapping}, eps {eps:g} in training" if eps else mapping
        counts = [_spread([row[key] for row in own], False, 1) for key in ("alive", "in_use", "effective", "returned")]
        lines.append([printed, _spread([row["excess"] for row in own]), *counts])
    return about + table(header, lines)


_TABLES = {"likelihood": _likelihood, "entropy": _entropy, "weights": _weights}


def _values(rows: Sequence[Mapping[str, Any]], key: str, **names: str) -> list[float]:
    return [row[key] for row in rows if all(row[name] == value for name, value in names.items())]


def _spread(values: Sequence[float], count: bool = True, digits: int = 3) -> str:
    """Mean ± standard deviation (n); empty without values."""
    if not values:
        return ""
    if not all(map(math.isfinite, values)):
        return "not finite"
    return f"{spread(values, digits)} ({len(values)})" if count else spread(values, digits)


if __name__ == "__main__":
    run_main(main)
