"""The result of ``score``: a table for the reader, and JSON with everything for later."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, Optional

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from .. import __version__
from ..base.documents import read_json
from ..base.errors import InputError
from ..base.files import PathLike, atomic_write, sha256
from .attended import ANY_HEAD, UNITS
from .json_part import Damaged
from .languages import Language
from .metrics import by_signature, explain_arrow, held, metric
from .score_check import check_scores
from .system import System
from .text import TextFile, reference_paths

FORMAT = "onmt_evsoftmax.scores"
VERSION = 1
ATTENDED_SIGNATURE = (
    "source words or pieces with a cross-attention weight > 0, counted in each head of the last decoder "
    "layer by itself, then averaged over its heads; any head: those that at least one head attends to; "
    "mean ± standard deviation over target tokens, </s> included"
)
ARCHIVE_KEYS = ("model", "functions", "segmentation", "versions")
ROOMY = 100
"""Columns of a terminal that has room for wider gaps in the table; with narrow ones it fits into 80."""

LIBRARIES = ("sacrebleu", "rouge_score", "nltk", "sacremoses", "numpy")


def build_report(
    systems: Sequence[System],
    references: Sequence[TextFile],
    settings: dict[str, Any],
    language: Language,
    source: Optional[TextFile] = None,
) -> dict[str, Any]:
    """Everything that is known about a scoring, ready for JSON.

    ``systems[i]`` holds ``scores`` (metric -> number), ``sentence_scores`` (metric -> one
    score per line), ``details`` (see `metric.MetricScore`), the files with their SHA-256, and
    ``attended`` (see `attended.AttendedWords`) or null. ``further_references`` are those after the
    first, ``language`` is where ``settings["lang"]`` is from; files of older versions have neither.
    """
    signatures = {name: score.signature for name, score in systems[0].scores.items()}
    return {
        "format": FORMAT,
        "version": VERSION,
        "settings": settings,
        "signatures": {**signatures, "attended": ATTENDED_SIGNATURE},
        "versions": _versions(),
        "reference": references[0].describe(),
        "further_references": [reference.describe() for reference in references[1:]],
        "language": dataclasses.asdict(language),
        "source": source.describe() if source else None,
        "notes": _notes(systems, references),
        "systems": [_describe(system) for system in systems],
    }


def write_report(path: PathLike, report: dict[str, Any]) -> None:
    """Write a report as JSON, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    text = json.dumps(report, ensure_ascii=False, allow_nan=False)
    with atomic_write(path) as stream:
        stream.write(text + "\n")


def read_report(path: PathLike) -> dict[str, Any]:
    """Read what `write_report` wrote; its metrics are those of its signatures.

    Raises:
        InputError: the file is missing, is no such report, or is damaged: a part is missing or of another
            type, or a score lies outside of its metric's bounds; the message names system, metric and line.
    """
    again = "make it again with: onmt_evsoftmax score --json"
    report = read_json(path, again, finite=False)  # NaN is for `check_scores`, which names its line
    known = isinstance(report, dict) and (report.get("format"), report.get("version")) == (FORMAT, VERSION)
    if not known:
        raise InputError(f"{path}: not scores of version {VERSION}; {again}")
    try:
        check_scores(report)
    except Damaged as error:
        raise InputError(f"{path}: damaged scores: {error}; {again}") from None
    return report


def print_report(report: dict[str, Any], console: Console) -> None:
    """One row per system, then what the columns mean."""
    title = Text(f"{report['reference']['lines']} sentences against {reference_paths(report)}")
    names = [Text(system["name"]) for system in report["systems"]]
    for table in _tables(title, names, list(_columns(report)), console):
        console.print(table)
    for line in legend(report):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _columns(report: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Heading and cells of each column; a cell per system."""
    systems = report["systems"]
    for name in held(report["signatures"]):
        yield metric(name).heading.replace("-", "\n-"), [f"{system['scores'][name]:.2f}" for system in systems]
    if any(system["attended"] for system in systems):
        for unit in UNITS:
            yield f"{unit}\nper head", [_spread(system["attended"][unit]) for system in systems]


def _tables(title: Text, names: Sequence[Text], columns: Sequence[tuple], console: Console) -> Iterator[Table]:
    """A table of as many columns as the console has room for, then tables of the others."""
    count = len(columns)
    while count > 1 and _narrowest(columns[:count], console) > console.width:
        count -= 1
    yield _table(title, names, columns[:count], console)
    if columns[count:]:
        yield from _tables(Text(""), names, columns[count:], console)


def _narrowest(columns: Sequence[tuple], console: Console) -> int:
    """The least width of a table with these columns in which no number is cut."""
    table = _table(Text(""), [Text("")] * len(columns[0][1]), columns, console)
    return Measurement.get(console, console.options.update(max_width=10**6), table).minimum


def _table(title: Text, names: Sequence[Text], columns: Sequence[tuple], console: Console) -> Table:
    table = Table(title=title, box=box.SIMPLE, padding=(0, 1 if console.width >= ROOMY else 0))
    table.add_column("system", overflow="fold")
    for heading, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in zip(names, *(cells for _, cells in columns)):
        table.add_row(*row)
    return table


def legend(report: dict[str, Any]) -> Iterator[str]:
    settings = report["settings"]
    for text, side in (("hypotheses", "hyp"), ("reference", "ref")):
        forms = (settings[f"{side}_segmentation"], settings[f"{side}_tokenization"])
        undone = " and ".join(form for form in forms if form != "none")
        yield f"{text}: " + (f"scored after undoing {undone}" if undone else "scored as in the file")
    said_by = report.get("language", {}).get("said_by")
    yield f"language: {settings['lang']}" + (f", as {said_by} says" if said_by else "")
    for signature, names in by_signature(report["signatures"]).items():
        yield f"{', '.join(names)} ({signature})"
    yield from explain_arrow(held(report["signatures"]))
    if any(system["attended"] for system in report["systems"]):
        yield f"attended ({report['signatures']['attended']})"
        yield from filter(None, map(_any_head, report["systems"]))
    for note in report["notes"]:
        yield f"note: {note}"


def _any_head(system: dict[str, Any]) -> Optional[str]:
    """The union over heads, in words; None where it was not counted."""
    attended = system["attended"] or {}
    found = [(unit, attended[unit + ANY_HEAD]) for unit in UNITS if attended.get(unit + ANY_HEAD)]
    if len(found) < len(UNITS):
        return None
    figures = ", ".join(f"{_spread(spread)} {unit}" for unit, spread in found)
    return f"attended by any head, {system['name']}: {figures}"


def _spread(spread: dict[str, float]) -> str:
    return f"{spread['mean']:.2f} ± {spread['std']:.2f}"


def _describe(system: System) -> dict[str, Any]:
    """A system as `build_report` says; without an archive ``attention`` and ``attended`` are null."""
    described: dict[str, Any] = {
        "name": system.name,
        "function": system.function,
        "seed": system.seed,
        "hypothesis": system.hypothesis.describe(),
        "scores": {name: score.corpus for name, score in system.scores.items()},
        "sentence_scores": {name: score.sentences for name, score in system.scores.items()},
        "details": {name: dict(score.details) for name, score in system.scores.items() if score.details},
        "attention": None,
        "attended": None,
    }
    if system.archive is not None and system.attended is not None:
        path, metadata = system.archive.path, system.archive.metadata
        described["attention"] = {"path": str(path), "sha256": sha256(path)}
        described["attention"].update({key: metadata.get(key) for key in ARCHIVE_KEYS})
        described["attended"] = dataclasses.asdict(system.attended)
    return described


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in LIBRARIES}
    return {"onmt_evsoftmax": __version__, "python": platform.python_version(), **libraries}


def _notes(systems: Sequence[System], references: Sequence[TextFile]) -> list[str]:
    """What the reader of the scores should know about the files."""
    notes = [note for reference in references for note in reference.notes]
    for file in (*references, *(system.hypothesis for system in systems)):
        empty = sum(not sentence.strip() for sentence in file.sentences)
        if empty and file in references and len(references) > 1:
            notes.append(f"{file.path}: {empty} line(s) without text, counted as references of length 0")
        elif empty:
            notes.append(f"{file.path}: {empty} line(s) without text, which match nothing in any metric")
    for system in systems:
        notes += system.hypothesis.notes
        if system.archive is not None:
            sourceless = sum(not sentence["source"] for sentence in system.archive.metadata["sentences"])
            note = f"{system.archive.path}: {sourceless} sentence(s) without source: no word is attended there"
            notes += [note] if sourceless else []
    return list(dict.fromkeys(notes))
