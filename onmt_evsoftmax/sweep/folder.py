"""The folder of a sweep: which runs and test sets it holds, its settings and versions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Optional

from ..base import catalogue
from ..base.documents import read_json, read_yaml
from ..base.errors import InputError
from ..base.files import PathLike
from .settings import AGAINST, Settings, parse_settings, run_name

SUFFIXES = ("hyp", "npz", "json")
"""What a run makes of a test set: translations, their attention, their scores."""


@dataclass(frozen=True)
class RunFolder:
    """``FUNCTION.SEED/`` of a sweep: one trained model and what it made of the test sets, ``TEST.hyp``, .npz, .json."""

    sweep: Path
    function: str
    seed: int

    @classmethod
    def of(cls, path: Path) -> Optional[RunFolder]:
        """The run that lies at ``path``; None where its name is not that of one."""
        found = re.fullmatch(r"(.+)\.([0-9]+)", path.name)
        if found is None or not path.is_dir():
            return None
        known = found[1] in catalogue.names() or _looks_like_a_run(path)
        return cls(path.parent, found[1], int(found[2])) if known else None

    @property
    def path(self) -> Path:
        return self.sweep / run_name(self.function, self.seed)

    def file(self, test: str, suffix: str) -> Optional[Path]:
        """``TEST.suffix``, or None where there is none (yet)."""
        path = self.path / f"{test}.{suffix}"
        return path if path.is_file() else None


@dataclass(frozen=True)
class Sweep:
    """What a folder holds and, where its settings say it, what it is to hold.

    Attributes:
        runs: the runs that have a folder, of those that are wanted.
        wanted: the runs that the settings ask for, without settings those that are there; functions in the
            order of the tables, seeds ascending.
        tests: names of the test sets, as the settings ask for them, without settings in alphabetical order.
        settings: text of ``settings.yaml``; None where there is none.
        plan: what the settings ask for; None without settings, or where they are odd.
        odd: what keeps the settings from being understood; None where nothing does.
        versions: what ``versions.json`` says; None where there is none.
    """

    path: Path
    runs: list[RunFolder]
    wanted: list[RunFolder]
    tests: list[str]
    settings: Optional[str]
    plan: Optional[Settings]
    odd: Optional[str]
    versions: Optional[dict[str, Any]]

    @property
    def functions(self) -> list[str]:
        return list(dict.fromkeys(run.function for run in self.wanted))

    @property
    def described(self) -> dict[str, catalogue.Function]:
        """Name -> function; a sweep can hold one that is not registered (any more)."""
        return catalogue.described(self.functions)

    @property
    def seeds(self) -> list[int]:
        return sorted({run.seed for run in self.wanted})

    @property
    def moved(self) -> bool:
        """Whether ``out`` of the settings is another folder than this one."""
        here = self.path.resolve()
        return self.plan is not None and here not in {path.resolve() for path in self.seen(self.plan.out)}

    def seen(self, name: PathLike) -> list[Path]:
        """A relative path of the settings or scores may start here or, as a rule, above the sweep."""
        return [base / name for base in (Path(), *self.path.resolve().parents)]


def read_sweep(path: PathLike) -> Sweep:
    """Find the runs of a sweep; nothing large is read.

    Where there is a ``settings.yaml``, only the functions, seeds and test sets that it asks for count.

    Raises:
        InputError: there is no such folder, it neither holds a ``FUNCTION.SEED`` folder nor asks for one,
            or its settings or versions are damaged.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputError(f"{path}: no such folder; name the folder that a sweep wrote")
    settings, plan, odd = _read_settings(path / "settings.yaml")
    versions = _read_versions(path / "versions.json")
    if plan is None:
        wanted = [run for run in map(RunFolder.of, path.iterdir()) if run is not None]
    else:
        wanted = [RunFolder(path, *pair) for pair in product(dict.fromkeys(plan.functions), dict.fromkeys(plan.seeds))]
    if not wanted:
        raise InputError(f"{path}: holds no run, that is no folder FUNCTION.SEED such as evsoftmax.1")
    order = {name: place for place, name in enumerate(catalogue.names())}
    wanted.sort(key=lambda run: (run.function == AGAINST, order.get(run.function, len(order)), run.function, run.seed))
    runs = [run for run in wanted if run.path.is_dir()]
    tests = _found_tests(runs) if plan is None else [test.name for test in plan.tests]
    return Sweep(path, runs, wanted, tests, settings, plan, odd, versions)


def _looks_like_a_run(folder: Path) -> bool:
    return any(file.name == "train.log" or file.suffix == ".hyp" for file in folder.iterdir())


def _found_tests(runs: list[RunFolder]) -> list[str]:
    return sorted({file.stem for run in runs for file in run.path.iterdir() if file.suffix[1:] in SUFFIXES})


def _read_settings(path: Path) -> tuple[Optional[str], Optional[Settings], Optional[str]]:
    """The text, what it asks for, and what is wrong with it if this cannot be told."""
    if not path.exists():
        return None, None, None
    content = read_yaml(path, "restore it")
    text = path.read_text(encoding="utf-8")
    try:
        return text, parse_settings(content, path.name), None
    except InputError as error:
        return text, None, str(error)


def _read_versions(path: Path) -> Optional[dict[str, Any]]:
    if not path.exists():
        return None
    versions = read_json(path, "restore it or remove it")
    if not isinstance(versions, dict):
        raise InputError(f"{path}: expected an object of names and versions; restore it or remove it")
    return versions
