"""Where raw text comes from: local files, downloads, and mirrors of downloads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...base.downloads import is_url, kept_name, obtain, other_spelling, text_sha256
from ...base.errors import InputError
from ...base.files import PathLike
from ...base.progress import Bar
from .config import SourceFile


@dataclass(frozen=True)
class LocalText:
    """A source that is on this machine: where, what the config calls it, and the hash of its text."""

    path: Path
    name: str
    sha256: str


def locate(source: SourceFile, downloads: PathLike, mirror: Optional[PathLike], bar: Bar) -> LocalText:
    """The local copy of a source, fetched if it has to be, with its hash checked.

    Args:
        source: a path or an URL. A path is also looked for with ``.gz`` added or taken away, and then,
            by its base name, in the mirror.
        downloads: the folder that fetched files are kept in, under the host and path of their URL.
        mirror: a folder to read downloads from, by their base name, instead of the network.
        bar: shows a download.

    Raises:
        InputError: the file is nowhere, cannot be fetched, or is not the one that ``sha256`` names.
    """

    def read(path: Path) -> LocalText:
        return LocalText(path, source.file, _check(path, source))

    if not is_url(source.file):
        return read(_local_path(source.file, mirror))
    return obtain([source.file], Path(downloads) / kept_name(source.file), read, bar, mirror, copied=True)


def _local_path(file: str, mirror: Optional[PathLike]) -> Path:
    folders = [Path(file).parent] + ([Path(mirror)] if mirror is not None else [])
    base = Path(file).name
    for path in (folder / name for folder in folders for name in (base, other_spelling(base))):
        if path.is_file():
            return path
    raise InputError(
        f"{file}: no such file (looked from {Path.cwd()}); put it there, or name another folder "
        f"that holds {base} with --mirror DIR"
    )


def _check(path: Path, source: SourceFile) -> str:
    try:
        found = text_sha256(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if source.sha256 not in (None, found):
        raise InputError(
            f"{path}: its text has the SHA-256 {found}, but the config expects {source.sha256} "
            f"for {source.file}; the file is damaged or another version, or the config is out of date"
        )
    return found
