"""``onmt_evsoftmax properties``: Table 1 of the paper, measured."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..base.files import atomic_write, check_writable

if TYPE_CHECKING:
    from .properties import Finding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--functions", nargs="+", metavar="NAME", help="mappings to measure (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the random scores (default: 0)")
    parser.add_argument("--json", metavar="FILE", help="write findings, witnesses and versions here")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, write; the exit status is 0 whatever was found.

    Raises:
        InputError: the name of a mapping is unknown, or the file cannot be written; a wrong place is known
            before the work.
    """
    import torch

    from .properties import measure
    from .registry import names

    if arguments.json:
        check_writable(arguments.json)
    table = measure(arguments.functions or names(), arguments.seed)
    print(format_table(table))
    print()
    print(format_witnesses(table))
    if arguments.json:
        report = {"torch": torch.__version__, "seed": arguments.seed, "findings": _as_json(table)}
        with atomic_write(arguments.json) as stream:
            json.dump(report, stream, indent=1)
            stream.write("\n")
    return 0


def format_table(table: Mapping[str, Mapping[str, Finding]]) -> str:
    """Properties down, mappings across; a star means: under a condition."""
    from .registry import get

    rows = [["", *(get(name).printed_name for name in table)]]
    for title in next(iter(table.values())):
        rows.append([title, *(_cell(findings[title]) for findings in table.values())])
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join((lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]))


def format_witnesses(table: Mapping[str, Mapping[str, Finding]]) -> str:
    """For every "no" the scores that show it, and the condition behind every star."""
    from .registry import get

    lines = []
    for name, findings in table.items():
        for title, finding in findings.items():
            if finding.witness:
                star = f" (but yes {finding.condition})" if finding.condition else ""
                lines.append(f"{get(name).printed_name}, {title}: no{star}")
                lines += [f"    {label} = {_vector(values)}" for label, values in finding.witness.items()]
    return "\n".join(lines)


def _cell(finding: Finding) -> str:
    answer = "yes" if finding.holds else "no"
    if finding.value is not None:
        answer += f" {finding.value:.2f}"
    return answer + ("*" if finding.condition else "")


def _vector(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.8g}" for value in values) + ")"


def _as_json(table: Mapping[str, Mapping[str, Finding]]) -> dict:
    return {name: {title: vars(finding) for title, finding in findings.items()} for name, findings in table.items()}
