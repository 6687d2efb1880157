"""Tables of finished runs: ``python -m other_experiments.mdn_flow.table RUNS --out FILE``."""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ..common.errors import ExperimentError, run_main
from ..common.files import atomic_write
from ..common.runs import read_config
from .bases import BASES
from .constraints import CASES
from .entropy import OBJECTIVES
from .model import FLOWS
from .targets import TARGETS

DIVERGED = 1.0
"""Nats by which a maximum-entropy run may overrate its entropy before it counts as diverged."""


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Collect, print, write."""
    parser = argparse.ArgumentParser(prog="python -m other_experiments.mdn_flow.table", description=__doc__)
    parser.add_argument("runs", type=Path, metavar="RUNS", help="what --out of training named")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write FILE.md and FILE.json as well")
    options = parser.parse_args(arguments)
    rows = collect(options.runs)
    text = markdown(rows)
    print(text, end="")
    if options.out is not None:
        with atomic_write(f"{options.out}.md") as stream:
            stream.write(text)
        with atomic_write(f"{options.out}.json") as stream:
            json.dump({"runs": rows}, stream, indent=1)
            stream.write("\n")


def collect(runs: Path) -> list[dict[str, Any]]:
    """Results of each finished run, with what it was: one row for each model and seed.

    Raises:
        ExperimentError: no run is through.
    """
    rows = []
    for file in sorted(Path(runs).glob("**/results.json")):
        about = read_config(file.parent)
        names = ("part", "seed", "flow", "base", "steps", "case", "objective", "mapping", "eps")
        shared = {name: about[name] for name in names if name in about}
        results = json.loads(file.read_text(encoding="utf-8"))
        together = results.pop("rows", [{}])
        rows += [{**shared, **results, **row} for row in together]
    if not rows:
        raise ExperimentError(f"{runs}: holds no run that is through; run other_experiments.mdn_flow.train")
    return rows


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """One table for each part that has runs."""
    texts = [table(_of(rows, part)) for part, table in _TABLES.items() if _of(rows, part)]
    return "\n".join(texts)


def _of(rows: Sequence[Mapping[str, Any]], part: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["part"] == part]


def _likelihood(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "Test negative log-likelihood above the target's own, nats a point: "
        "mean ± standard deviation over seeds (number of seeds).\n"
    ]
    targets = [target for target in TARGETS.values() if any(row["target"] == target.name for row in rows)]
    for flow in FLOWS:
        own = [row for row in rows if row["flow"] == flow]
        if own:
            printed = [f"{target.printed_name} (H = {target.entropy():.3f})" for target in targets]
            lines += [f"| {FLOWS[flow]}, {own[0]['steps']} steps | {' | '.join(printed)} |"]
            lines += ["|---" * (len(targets) + 1) + "|"]
            for base in BASES.values():
                cells = [_spread(_values(own, "excess", base=base.name, target=target.name)) for target in targets]
                if any(cells):
                    cells = [cell or "not run" for cell in cells]
                    lines.append(f"| {base.printed_name} | {' | '.join(cells)} |")
            lines.append("")
    return "\n".join(lines)


def _entropy(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "Maximum entropy, mean ± standard deviation over seeds. H: entropy of the model's draws; claimed: by the "
        "density that the objective used. Violation: |R|. KL: from the model to the exact solution. Diverged: "
        f"the loss was not finite, or the claim is more than {DIVERGED:g} nat above H.\n",
        "| case (exact H) | objective | H | claimed | violation | KL | seeds that diverged |",
        "|---" * 7 + "|",
    ]
    for case in CASES.values():
        for objective in OBJECTIVES.values():
            own = [row for row in rows if (row["case"], row["objective"]) == (case.name, objective.name)]
            if own:
                keys = ("entropy", "claimed_entropy", "violation", "divergence")
                cells = [_spread([row[key] for row in own], count=False) for key in keys]
                diverged = sum(
                    row["diverged"] is not None or row["claimed_entropy"] > row["entropy"] + DIVERGED for row in own
                )
                cells += [f"{diverged} of {len(own)}"]
                about = f"{case.printed_name} ({case.entropy():.3f})"
                lines.append(f"| {about} | {objective.printed_name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _weights(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "A mixture of 32 Gaussians without a flow. Alive: weight above 0 after training; effective: "
        "exp H(weights); returned: how often a dropped component came back in training.\n",
        "| weights by | NLL above the target's own | alive | weight > 0.001 | effective | returned |",
        "|---" * 6 + "|",
    ]
    for mapping, eps in sorted({(row["mapping"], row["eps"]) for row in rows}):
        own = [row for row in rows if (row["mapping"], row["eps"]) == (mapping, eps)]
        printed = f"{mapping}, eps {eps:g} in training" if eps else mapping
        cells = [_spread([row["excess"] for row in own])]
        cells += [_spread([row[key] for row in own], False, 1) for key in ("alive", "in_use", "effective", "returned")]
        lines.append(f"| {printed} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


_TABLES = {"likelihood": _likelihood, "entropy": _entropy, "weights": _weights}


def _values(rows: Sequence[Mapping[str, Any]], key: str, **names: str) -> list[float]:
    return [row[key] for row in rows if all(row[name] == value for name, value in names.items())]


def _spread(values: Sequence[float], count: bool = True, digits: int = 3) -> str:
    """Mean ± standard deviation (n); empty without values."""
    if not values:
        return ""
    if not all(map(math.isfinite, values)):
        return "not finite"
    text = f"{statistics.fmean(values):.{digits}f}"
    if len(values) > 1:
        text += f" ± {statistics.stdev(values):.{digits}f}"
    return f"{text} ({len(values)})" if count else text


if __name__ == "__main__":
    run_main(main)
