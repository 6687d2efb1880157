"""``manifest.json`` beside what was fetched: where it is from, when, under which terms, what it holds."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, Optional

from ...base.documents import read_json
from ...base.errors import InputError
from ...base.files import PathLike, atomic_write, sha256
from .catalogue import Dataset, Download
from .lines import count_lines

MANIFEST = "manifest.json"
FORMAT = "onmt_evsoftmax.fetch"
VERSION = 1
"""Goes up whenever a change of the code changes a result, which is then made again where it is older."""


class Manifest:
    """The manifest of a folder, written anew whenever something is added to it.

    One of another version counts as none.

    Raises:
        InputError: it is damaged. What a download looked like the first time is then forgotten only if the user
            removes it.
    """

    def __init__(self, folder: PathLike, dataset: Dataset) -> None:
        self.path = Path(folder) / MANIFEST
        self._document: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "name": dataset.name,
            "licence": dataset.licence,
            "source": None,
            "downloads": {},
            "counts": {},
            "files": {},
        }
        if not self.path.exists():
            return
        remedy = "restore it, or remove it to fetch anew"
        found = read_json(self.path, remedy)
        if isinstance(found, dict) and (found.get("format"), found.get("version")) == (FORMAT, VERSION):
            odd = _odd_key(found)
            if odd is not None:
                raise InputError(f"{self.path}: {odd} is missing or damaged; {remedy}")
            self._document = found

    @property
    def counts(self) -> dict[str, int]:
        """Split -> pairs."""
        return self._document["counts"]

    def recorded(self, download: Download) -> Optional[str]:
        """The SHA-256 that this download had the first time."""
        return self._document["downloads"].get(download.url, {}).get("sha256")

    def holds(self, source: str) -> bool:
        """Whether the folder has every file of the result, made from that source, with its bytes."""
        files = self._document["files"]
        if not files or self._document["source"] != source:
            return False
        paths = {self.path.with_name(name): entry["sha256"] for name, entry in files.items()}
        return all(path.is_file() and sha256(path) == digest for path, digest in paths.items())

    def add_download(self, download: Download, place: str, path: Path, digest: str) -> None:
        """Record a download; the first one to be seen stays on record as it was."""
        if self.recorded(download) != digest:
            self._document["downloads"][download.url] = {
                "from": place,
                "sha256": digest,
                "bytes": path.stat().st_size,
                "fetched": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            }
            self._write()

    def finish(self, source: str, files: list[Path]) -> None:
        """Record the result; texts are the files that are called SPLIT.LANGUAGE and have both languages."""
        names = {path.name for path in files}
        texts = {path.stem: path for path in files if {f"{path.stem}.en", f"{path.stem}.de"} <= names}
        self._document["source"] = source
        self._document["counts"] = {split: count_lines(path) for split, path in texts.items()}
        self._document["files"] = {path.name: {"sha256": sha256(path), "bytes": path.stat().st_size} for path in files}
        self._write()

    def _write(self) -> None:
        with atomic_write(self.path) as stream:
            stream.write(json.dumps(self._document, indent=1, ensure_ascii=False) + "\n")


def _odd_key(document: dict[str, Any]) -> Optional[str]:
    """The first key of a manifest that does not hold what `Manifest` writes there."""
    entries: dict[str, dict[str, Any]] = {}
    for key in ("downloads", "counts", "files"):
        value = document.get(key)
        if not isinstance(value, dict):
            return key
        entries[key] = value
    if not isinstance(document.get("source", 0), (str, type(None))):
        return "source"
    if not all(type(count) is int for count in entries["counts"].values()):
        return "counts"
    for key in ("downloads", "files"):
        if not all(isinstance(e, dict) and isinstance(e.get("sha256"), str) for e in entries[key].values()):
            return key
    return None if all(name == Path(name).name != "" for name in entries["files"]) else "files"
