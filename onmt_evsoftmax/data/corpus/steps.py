"""Steps that are done once: each result is kept under a fingerprint of all that it depends on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...base.errors import InputError
from ...base.files import PathLike, atomic_write, sha256
from ...base.locks import lock
from ...base.progress import Bar

RECORDS = ".steps"
"""Folder, inside the output folder, of the records and of the files between two steps."""


@dataclass(frozen=True)
class Step:
    """A piece of work: files in, files out.

    Attributes:
        name: unique in a run, such as ``tokenize.train``.
        settings: the settings that the result depends on.
        inputs: names of the files that it reads, relative to the output folder.
        outputs: names of the files that it writes, likewise.
        run: does the work, moving the bar, and returns counts for the manifest.
        libraries: distributions whose version the result depends on.
        sources: name -> SHA-256 of files from outside of the output folder.
        revision: raised by hand whenever a change of the code changes the result.
    """

    name: str
    settings: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    run: Callable[[Bar], dict]
    libraries: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    revision: int = 1


class Workspace:
    """An output folder, and the records of the steps whose results it holds.

    A step's files are renamed into place one by one and its record last. Killed at any moment, the
    folder holds whole files only, and a step counts as done only if its record has the right
    fingerprint and its files the hashes in the record; otherwise it is done again.
    """

    def __init__(self, folder: PathLike) -> None:
        self.folder = Path(folder)
        self._hashes: dict[str, str] = {}

    def path(self, name: str) -> Path:
        return self.folder / name

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second run out of the folder, and clear away what a killed one left unfinished.

        Folders that were made for the run and are empty at its end are removed.

        Raises:
            InputError: another process holds the folder, or it cannot be made.
        """
        records = self.path(RECORDS)
        made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        try:
            records.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _remove_empty(records, *made)
            raise InputError(
                f"{self.folder}: cannot be the output folder: {_problem(error, records)}; "
                f"choose another folder with --out"
            ) from None
        at_work = f"{self.folder}: another prepare is at work in this folder; wait for it"
        with lock(records / "lock", at_work) as held:
            if not os.path.exists(held.name):  # another run has just removed it with the folder
                raise InputError(at_work)
            try:
                for unfinished in [*self.folder.glob(".*.part"), *records.glob(".*.part")]:
                    unfinished.unlink()
                yield
            finally:
                if os.listdir(records) == ["lock"]:
                    os.unlink(held.name)
                    _remove_empty(records, *made)

    def done(self, step: Step) -> bool:
        """Whether the folder holds the result of exactly this step."""
        record = self.record(step.name)
        if record.get("fingerprint") != self.fingerprint(step):
            return False
        return all(
            self.path(name).is_file() and self.sha256(name) == digest for name, digest in record["outputs"].items()
        )

    def perform(self, step: Step, bar: Bar) -> None:
        """Do a step and record it."""
        fingerprint = self.fingerprint(step)
        self._remove_outputs(self.record(step.name), keep=step.outputs)
        counts = step.run(bar)
        for name in step.outputs:
            self._hashes.pop(name, None)
        record = {
            "step": step.name,
            "fingerprint": fingerprint,
            "outputs": {name: self.sha256(name) for name in step.outputs},
            "counts": counts,
        }
        with atomic_write(self._record_path(step.name)) as stream:
            json.dump(record, stream, indent=1, ensure_ascii=False)

    def record(self, name: str) -> dict:
        """The record of a step, empty when it was never finished or its record is damaged."""
        try:
            record = json.loads(self._record_path(name).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError, RecursionError):
            return {}
        return record if _is_record(record) else {}

    def fingerprint(self, step: Step) -> str:
        """SHA-256 over everything that a step's result depends on."""
        parts = {
            "step": step.name,
            "revision": step.revision,
            "settings": step.settings,
            "sources": step.sources,
            "inputs": {name: self.sha256(name) for name in step.inputs},
            "outputs": step.outputs,
            "libraries": {library: version(library) for library in step.libraries},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def sha256(self, name: str) -> str:
        if name not in self._hashes:
            self._hashes[name] = sha256(self.path(name))
        return self._hashes[name]

    def remove_stale(self, steps: Sequence[Step]) -> None:
        """Remove the files and records of steps that earlier settings asked for and these do not."""
        outputs = {name for step in steps for name in step.outputs}
        for path in self.path(RECORDS).glob("*.json"):
            if path.stem not in {step.name for step in steps}:
                self._remove_outputs(self.record(path.stem), keep=outputs)
                path.unlink()

    def _remove_outputs(self, record: dict, keep: Collection[str]) -> None:
        for name in record.get("outputs", {}):
            if name not in keep:
                with contextlib.suppress(FileNotFoundError):
                    self.path(name).unlink()

    def _record_path(self, name: str) -> Path:
        return self.path(RECORDS) / f"{name}.json"


def _is_record(record: Any) -> bool:
    """Whether this is a record that `Workspace` may have written; one names no file outside of the output folder."""
    if not isinstance(record, dict) or not isinstance(record.get("counts"), dict):
        return False
    outputs = record.get("outputs")
    return isinstance(outputs, dict) and not any(
        Path(name).is_absolute() or ".." in Path(name).parts for name in outputs
    )


def _problem(error: OSError, folder: Path) -> str:
    """The cause of an error, for a message; it names the file that is in the way of a folder if there is one."""
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            return f"{path} is a file"
    where = "" if error.filename in (None, str(folder)) else f"{error.filename}: "
    return f"{where}{error.strerror}"


def _remove_empty(*folders: Path) -> None:
    """Remove the empty ones of the folders, in this order; those that hold something stay."""
    for folder in folders:
        with contextlib.suppress(OSError):  # not empty, or never made
            folder.rmdir()
