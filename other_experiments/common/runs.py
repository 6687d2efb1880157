"""Run folders: config, measurements, checkpoint and results of one run that can be killed at any time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional, TextIO

import torch
import yaml

from onmt_evsoftmax.base.documents import parse_json, read_json, read_yaml, write_json
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import PathLike, atomic_write, read_lines, writing
from onmt_evsoftmax.base.locks import lock


class RunFolder:
    """A folder that holds all of one run.

    It holds ``config.yaml``, ``log.jsonl`` (one measurement a line), ``checkpoint.pt`` and, when
    the run is through, ``results.json``. Work through it in this order: ``load()``, then ``log``
    and ``save`` as often as wanted, then ``finish``. `load` takes the log back to where it stood
    at the last `save`, so a run that was killed writes the same lines as one that was not,
    provided that ``state`` holds all it depends on, its generators among them.

    Args:
        path: the folder; made where there is none.
        config: plain values. The config of a folder that is there already must be the same.

    Raises:
        InputError: the folder is of another config, or another process works in it.
    """

    def __init__(self, path: PathLike, config: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self._make()
        keep_config(self.path, config)
        self._log_file = self.path / "log.jsonl"
        self._lines = 0
        self._log: Optional[TextIO] = None

    @property
    def results(self) -> Optional[dict[str, Any]]:
        """What `finish` was given, or None while the run is not through."""
        return read_results(self.path) if (self.path / "results.json").exists() else None

    def load(self) -> Optional[dict[str, Any]]:
        """The last state that was saved, or None; the log is cut back to that moment.

        Raises:
            InputError: the checkpoint cannot be read, or lines of the log are missing.
        """
        self.close()
        state, self._lines = self._load_checkpoint()
        lines = self._log_file.read_bytes().splitlines(keepends=True) if self._log_file.exists() else []
        if len(lines) < self._lines:
            raise InputError(
                f"{self._log_file}: has {len(lines)} lines, but its checkpoint was made after {self._lines}; "
                f"delete {self.path} to start anew"
            )
        with atomic_write(self._log_file, "wb") as stream:
            stream.writelines(lines[: self._lines])
        return state

    def log(self, record: Mapping[str, Any]) -> None:
        """Append one measurement to ``log.jsonl``."""
        if self._log is None:
            self._log = self._log_file.open("a", encoding="utf-8")
        with writing(self._log_file):
            self._log.write(json.dumps(record, allow_nan=True) + "\n")
        self._lines += 1

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the checkpoint: tensors and plain values only, for it is read with ``weights_only``."""
        if self._log is not None:
            with writing(self._log_file):
                self._log.flush()
        with atomic_write(self.path / "checkpoint.pt", "wb") as stream:
            torch.save({"lines": self._lines, "state": dict(state)}, stream)

    def finish(self, results: Mapping[str, Any]) -> None:
        """Mark the run as through."""
        self.close()
        write_json(self.path / "results.json", results)

    def read_log(self) -> list[dict[str, Any]]:
        """All measurements so far."""
        return read_log(self.path, missing_ok=True)

    def close(self) -> None:
        """Close the log; `log` opens it again."""
        if self._log is not None:
            log, self._log = self._log, None
            with writing(self._log_file):
                log.close()

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be used as a run folder ({error.strerror})") from None
        self._lock = lock(self.path / ".lock", f"{self.path}: another process works here; name another --out")

    def _load_checkpoint(self) -> tuple[Optional[dict[str, Any]], int]:
        file = self.path / "checkpoint.pt"
        if not file.exists():
            return None, 0
        try:
            content = torch.load(file, weights_only=True)
            state, lines = content["state"], content["lines"]
        except Exception:  # a damaged file makes torch.load raise a dozen kinds of exceptions
            state, lines = None, None
        if not isinstance(state, dict) or type(lines) is not int or lines < 0:
            raise InputError(f"{file}: is no checkpoint, or damaged; delete {self.path} to start anew")
        return state, lines


def keep_config(folder: PathLike, config: Mapping[str, Any]) -> None:
    """Write ``config.yaml`` into a folder, or see that the one there says the same.

    Raises:
        InputError: it says something else; the message names the keys.
    """
    file = Path(folder) / "config.yaml"
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    if not file.exists():
        with atomic_write(file) as stream:
            stream.write(text)
        return
    here, there = yaml.safe_load(text), read_config(folder)
    differing = [key for key in {**there, **here} if there.get(key) != here.get(key)]
    if differing:
        values = "; ".join(f"{key}: {there.get(key)} there, {here.get(key)} here" for key in differing)
        raise InputError(
            f"{folder}: holds a run of another config ({values}); name another --out, or delete the folder"
        )


def read_config(folder: PathLike) -> dict[str, Any]:
    """The ``config.yaml`` of a run.

    Raises:
        InputError: there is none, or it is damaged.
    """
    file = Path(folder) / "config.yaml"
    config = read_yaml(file, f"without it {folder} is no run folder")
    if not isinstance(config, dict):
        raise InputError(f"{file}: holds no keys and values, so {folder} is no run folder")
    return config


def read_log(path: PathLike, missing_ok: bool = False) -> list[dict[str, Any]]:
    """The measurements in a run folder's ``log.jsonl``.

    Raises:
        InputError: there is none (unless ``missing_ok``), or a line is no JSON.
    """
    file = Path(path) / "log.jsonl"
    if not file.exists():
        if missing_ok:
            return []
        raise InputError(f"{file}: no such file; {path} is no run folder, or has no measurement yet")
    records = []
    for number, line in enumerate(read_lines(file), 1):
        source, remedy = f"{file}, line {number}", "delete the folder to start anew"
        record = parse_json(line, source, remedy, finite=False)  # a loss may have become infinite
        if not isinstance(record, dict):
            raise InputError(f"{source}: no measurement; {remedy}")
        records.append(record)
    return records


def read_results(folder: PathLike) -> dict[str, Any]:
    """What `RunFolder.finish` was given.

    Raises:
        InputError: there is no ``results.json``, or it is damaged.
    """
    file, remedy = Path(folder) / "results.json", f"delete {folder} to run anew"
    results = read_json(file, remedy, finite=False)
    if not isinstance(results, dict):
        raise InputError(f"{file}: holds no results; {remedy}")
    return results


class Finished(NamedTuple):
    """A run that is through."""

    folder: Path
    config: dict[str, Any]
    results: dict[str, Any]


def finished(runs: PathLike, *patterns: str) -> list[Finished]:
    """The runs that are through under a folder; the others are left out.

    Args:
        patterns: of their folders, inside of ``runs``: those of the first one come first, and in the order of
            their paths.

    Raises:
        InputError: there is none, or one is damaged.
    """
    files = [file for pattern in patterns for file in sorted(Path(runs).glob(f"{pattern}/results.json"))]
    if not files:
        raise InputError(f"{runs}: holds no run that is through; name what --out of training named")
    return [Finished(file.parent, read_config(file.parent), read_results(file.parent)) for file in files]


@contextlib.contextmanager
def damage_named(folder: PathLike) -> Iterator[None]:
    """Whatever is missing from the results, logs and configs of runs becomes an error that names their folder.

    Raises:
        InputError: a key, an entry or a type was not there inside of the block.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise InputError(
            f"{folder}: the results, log or config of a run are damaged ({type(error).__name__}: {error}); "
            "delete its folder to run anew"
        ) from None
