"""The folder of a sweep: which runs and test sets it holds, its settings and versions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import yaml

from ..errors import InputError
from ..files import PathLike
from ..names import PRINTED_NAMES

AGAINST = "evsoftmax"
"""The function that the others are compared with; the last in every table."""

RUN = re.compile(rf"(?P<function>{'|'.join(map(re.escape, PRINTED_NAMES))})\.(?P<seed>\d+)")
SUFFIXES = (".hyp", ".npz", ".json")


@dataclass(frozen=True)
class RunFolder:
    """``FUNCTION.SEED/``: one trained model and what it made of the test sets."""

    function: str
    seed: int
    path: Path

    def file(self, test: str, suffix: str) -> Optional[Path]:
        """``TEST.suffix``, or None where there is none (yet)."""
        path = self.path / f"{test}.{suffix}"
        return path if path.is_file() else None


@dataclass(frozen=True)
class Sweep:
    """What a folder holds.

    Attributes:
        runs: functions in the order of the tables, seeds ascending.
        tests: names of the test sets, in alphabetical order.
        settings: text of ``settings.yaml``; None where there is none.
        versions: what ``versions.json`` says; None where there is none.
    """

    path: Path
    runs: list[RunFolder]
    tests: list[str]
    settings: Optional[str]
    versions: Optional[dict[str, Any]]

    @property
    def functions(self) -> list[str]:
        return list(dict.fromkeys(run.function for run in self.runs))


def read_sweep(path: PathLike) -> Sweep:
    """Find the runs of a sweep; nothing large is read.

    Raises:
        InputError: there is no such folder, it holds no ``FUNCTION.SEED`` folder, or its settings or
            versions are damaged.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputError(f"{path}: no such folder; name the folder that a sweep wrote")
    runs = [
        RunFolder(found["function"], int(found["seed"]), entry)
        for entry in path.iterdir()
        for found in [RUN.fullmatch(entry.name)]
        if found and entry.is_dir()
    ]
    if not runs:
        raise InputError(f"{path}: holds no run, that is no folder FUNCTION.SEED such as evsoftmax.1")
    order = list(PRINTED_NAMES)
    runs.sort(key=lambda run: (run.function == AGAINST, order.index(run.function), run.seed))
    files = [file for run in runs for file in run.path.iterdir() if file.suffix in SUFFIXES]
    settings, versions = _read_settings(path / "settings.yaml"), _read_versions(path / "versions.json")
    return Sweep(path, runs, sorted({file.stem for file in files}), settings, versions)


def _read_settings(path: Path) -> Optional[str]:
    try:
        text = path.read_text(encoding="utf-8")
        yaml.safe_load(text)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())}); restore it") from None
    return text


def _read_versions(path: Path) -> Optional[dict[str, Any]]:
    try:
        versions = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not JSON ({error}); restore it or remove it") from None
    if not isinstance(versions, dict):
        raise InputError(f"{path}: expected an object of names and versions; restore it or remove it")
    return versions
