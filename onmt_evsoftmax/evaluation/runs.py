"""Scored runs as `compare` needs them: whose they are, and whether they belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ..base import catalogue
from ..base.errors import InputError
from ..base.files import PathLike
from .metrics import METRICS, held, metric
from .report import read_report
from .text import reference_paths, references_of

LABEL = re.compile(r"(?P<function>[\w.-]+)(?::(?P<seed>\d+))?=(?P<path>.+)")


@dataclass(frozen=True)
class Run:
    """One trained model on one test set.

    Attributes:
        path: the JSON of scores that it was read from.
        name: its name in that file.
        function: what the model is an example of, as a rule its attention function.
        seed: which of several trainings it is; None where nobody said.
        scores: metric -> score of the test set, of all that the file holds.
        sentence_scores: metric -> ``[sentences]``.
        statistics: metric -> ``[sentences, counts]``, where stored.
        attended: see `attended.AttendedWords`, as a dictionary; None without an archive.
        hypothesis: SHA-256 of the file that was scored.
    """

    path: str
    name: str
    function: str
    seed: Optional[int]
    scores: Mapping[str, float]
    sentence_scores: Mapping[str, np.ndarray]
    statistics: Mapping[str, np.ndarray]
    attended: Optional[Mapping[str, Any]]
    hypothesis: str

    def __str__(self) -> str:
        return f"{self.name!r} in {self.path}"


LATER_KEYS: dict[str, Any] = {"further_references": [], "language": None}
"""A key that score files of older versions lack -> the value to read in its place."""

Groups = dict[str, dict[Optional[int], Run]]
"""Function -> seed -> its run; functions in the order of the tables, seeds ascending."""


def read_runs(arguments: Sequence[str]) -> tuple[list[Run], dict[str, Any]]:
    """All systems of the given files, and what the files have in common.

    Args:
        arguments: ``FILE``, or ``FUNCTION=FILE`` or ``FUNCTION:SEED=FILE`` to say what the
            only system of a file is.

    Returns:
        the runs, and ``reference``, ``further_references``, ``language`` and ``settings`` of the first file,
        ``signatures`` of the metrics that all files share, and ``notes`` on what cannot be compared.

    Raises:
        InputError: a file cannot be read, does not say what its systems are, was scored on
            another test set or in another way than the first, or shares no metric with the others.
    """
    return gather_runs(map(_read, arguments))


ScoreFile = tuple[PathLike, dict[str, Any], Optional[str], Optional[int]]
"""A path, its scores, and the function and the seed of its only system, each None where nobody said it."""


def _read(argument: str) -> ScoreFile:
    label = LABEL.fullmatch(argument)
    if label is None:
        return argument, read_report(argument), None, None
    seed = None if label["seed"] is None else int(label["seed"])
    return label["path"], read_report(label["path"]), label["function"], seed


def gather_runs(files: Iterable[ScoreFile]) -> tuple[list[Run], dict[str, Any]]:
    """As `read_runs`, of files that are read already; one at a time is held. Without a file both are empty.

    Raises:
        InputError: as `read_runs`.
    """
    runs: list[Run] = []
    first: Optional[tuple[PathLike, dict[str, Any]]] = None
    for path, report, function, seed in files:
        first = first or (path, report)
        _check_alike(path, report, *first)
        systems = report["systems"]
        if function is not None and len(systems) != 1:
            raise InputError(
                f"{path}: holds {len(systems)} systems, but {function!r} is one; score it alone, or give no label"
            )
        runs += [_run(str(path), system, function, seed) for system in systems]
    if first is None:
        return [], {}
    common = {key: first[1][key] for key in ("reference", "settings")}
    common.update({key: first[1].get(key, default) for key, default in LATER_KEYS.items()})
    shared = shared_metrics(runs)
    signatures = {name: text for name, text in first[1]["signatures"].items() if name in (*shared, "attended")}
    return runs, {**common, "signatures": signatures, "notes": _incomparable(runs, shared)}


def shared_metrics(runs: Sequence[Run]) -> list[str]:
    """The known metrics that every run has, in the order of `METRICS`.

    Raises:
        InputError: there is none.
    """
    shared = [name for name in METRICS if all(name in run.scores for run in runs)]
    if not shared:
        raise InputError(
            f"{_files(runs)}: share no metric that this version knows; score them with the same: "
            "onmt_evsoftmax score --metrics"
        )
    return shared


def _incomparable(runs: Sequence[Run], shared: Sequence[str]) -> list[str]:
    """What the tables leave out or leave untested, and why."""
    notes = []
    for name in dict.fromkeys(name for run in runs for name in run.scores):
        row, lacking = metric(name), [run for run in runs if name not in run.scores]
        untested = [run for run in runs if row.corpus and name not in run.statistics]
        if name not in METRICS:
            notes.append(f"{name} is left out: this version of onmt_evsoftmax does not know it")
        elif name not in shared:
            notes.append(
                f"{row.printed_name} is left out: not in {_files(lacking)}; see onmt_evsoftmax score --metrics"
            )
        elif untested:
            notes.append(
                f"{row.printed_name} is not tested: {_files(untested)} lack its sentence statistics; make them again "
                "with: onmt_evsoftmax score --json"
            )
    return notes


def _files(runs: Sequence[Run]) -> str:
    return ", ".join(dict.fromkeys(run.path for run in runs))


def group_by_seed(runs: Sequence[Run]) -> Groups:
    """function -> {seed: run}, in the order of ``runs``.

    Raises:
        InputError: two are of the same function and seed.
    """
    found: Groups = {}
    for run in runs:
        group = found.setdefault(run.function, {})
        if run.seed in group:
            seed = "no seed" if run.seed is None else f"seed {run.seed}"
            raise InputError(
                f"{run.function} with {seed} twice: {group[run.seed]} and {run}; say which is "
                "which with `score --seed` or FUNCTION:SEED=FILE"
            )
        group[run.seed] = run
    return found


def group_runs(runs: Sequence[Run], against: str) -> Groups:
    """The runs by function and seed; ``against`` is the last function.

    Raises:
        InputError: there is no run of ``against``, or two of the same function and seed.
    """
    found = group_by_seed(runs)
    if against not in found:
        known = ", ".join(sorted(found))
        raise InputError(f"--against {against}: no such function in {_files(runs)}; known: {known}")
    order = {name: place for place, name in enumerate(catalogue.names())}
    names = sorted(found, key=lambda name: (name == against, order.get(name, len(order))))
    return {name: dict(sorted(found[name].items(), key=lambda item: item[0] or 0)) for name in names}


def shared_seeds(groups: Groups, function: str, against: str, *, allow_missing: bool = False) -> list:
    """The seeds that two functions share; a seed's run is compared with the run of the same seed.

    Raises:
        InputError: one lacks a seed that the other has (unless ``allow_missing``), or they
            share none.
    """
    shared = [seed for seed in groups[function] if seed in groups[against]]
    for one, other in ((function, against), (against, function)):
        lacking = [run for seed, run in groups[other].items() if seed not in groups[one]]
        if lacking and not (allow_missing and shared):
            seeds = ", ".join("no seed" if run.seed is None else f"seed {run.seed}" for run in lacking)
            advice = "add it, or compare on the shared seeds with --missing_seeds" if shared else "add it"
            raise InputError(f"{one} has no run with {seeds}, but {other} has: {lacking[0]}; {advice}")
    return shared


def _check_alike(path: PathLike, report: dict, first_path: PathLike, first: dict) -> None:
    here, there = ([(text["sha256"], text["lines"]) for text in references_of(one)] for one in (report, first))
    if here != there:
        raise InputError(
            f"{path}: scored against {reference_paths(report)}, but {first_path} against {reference_paths(first)}, "
            "which is another text; compare runs on one test set"
        )
    for name in held(report["signatures"]):
        here, there = (scores["signatures"].get(name) for scores in (report, first))
        if there is not None and here != there:
            raise InputError(
                f"{path}: {metric(name).printed_name} is {here!r}, but in {first_path} it is {there!r}; "
                "score both in the same way"
            )
    changed = [key for key, value in first["settings"].items() if report["settings"].get(key) != value]
    if changed:
        raise InputError(
            f"{path}: {', '.join(changed)} differ from those of {first_path}; score both with the same options"
        )


def _run(path: str, system: Mapping[str, Any], function: Optional[str], seed: Optional[int]) -> Run:
    sentence_scores = {name: _numbers(values) for name, values in system["sentence_scores"].items()}
    details = {name: value.get("sentence_statistics") for name, value in system["details"].items()}
    return Run(
        path,
        system["name"],
        _function(path, system) if function is None else function,
        system.get("seed") if seed is None else seed,
        {name: float(score) for name, score in system["scores"].items()},
        sentence_scores,
        {name: _numbers(rows) for name, rows in details.items() if rows is not None},
        system.get("attended"),
        system["hypothesis"]["sha256"],
    )


def _function(path: str, system: Mapping[str, Any]) -> str:
    """The function that the system says, or its attention archive, or its name."""
    function = system.get("function") or ((system.get("attention") or {}).get("functions") or {}).get("cross")
    if function is None and system["name"] in catalogue.names():
        function = system["name"]
    if function is None:
        raise InputError(
            f"{path}: does not say which function {system['name']!r} is; score it with "
            f"--function NAME, or write FUNCTION:SEED={path}"
        )
    return function


def _numbers(values: Sequence) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)
