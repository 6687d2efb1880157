"""Where raw text comes from: local files, downloads, and mirrors of downloads."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Optional

from ..errors import InputError
from ..files import PathLike, atomic_write
from .config import SourceFile
from .progress import Bar

ATTEMPTS = 4
PAUSE = 1.0  # seconds before the second attempt; doubled each time
TIMEOUT = 60.0  # seconds without a byte from the server


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
    if is_url(source.file):
        path = _download(source, Path(downloads) / _download_name(source.file), mirror, bar)
    else:
        path = _local_path(source.file, mirror)
    return LocalText(path, source.file, _check(path, source))


def is_url(file: str) -> bool:
    return file.startswith(("http://", "https://"))


def text_sha256(path: PathLike) -> str:
    """SHA-256 of the text in a file, after decompression, so that a recompressed copy still matches."""
    digest = hashlib.sha256()
    opener = gzip.open if str(path).endswith(".gz") else open
    try:
        with opener(path, "rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged gzip file ({error}); fetch it again") from None
    return digest.hexdigest()


def _local_path(file: str, mirror: Optional[PathLike]) -> Path:
    folders = [Path(file).parent] + ([Path(mirror)] if mirror is not None else [])
    base = Path(file).name
    other = base[:-len(".gz")] if base.endswith(".gz") else f"{base}.gz"
    for path in (folder / name for folder in folders for name in (base, other)):
        if path.is_file():
            return path
    raise InputError(f"{file}: no such file (looked from {Path.cwd()}); put it there, or name another folder "
                     f"that holds {base} with --mirror DIR")


def _check(path: Path, source: SourceFile) -> str:
    found = text_sha256(path)
    if source.sha256 not in (None, found):
        raise InputError(
            f"{path}: its text has the SHA-256 {found}, but the config expects {source.sha256} "
            f"for {source.file}; the file is damaged or another version, or the config is out of date"
        )
    return found


def _download(source: SourceFile, path: Path, mirror: Optional[PathLike], bar: Bar) -> Path:
    if path.exists():
        try:
            _check(path, source)
            return path
        except InputError:
            path.unlink()  # damaged, or the config now names another version
    _fetch(source.file, path, mirror, bar)
    try:
        _check(path, source)
    except InputError:
        path.unlink()
        raise
    return path


def _download_name(url: str) -> str:
    """Host and path of the URL: two corpora may both call a file ``train.en.gz``."""
    parts = urllib.parse.urlsplit(url)
    name = parts.netloc + parts.path + (f"?{parts.query}" if parts.query else "")
    return urllib.parse.quote(name, safe="/").replace("..", "%2E%2E")


def _fetch(url: str, path: Path, mirror: Optional[PathLike], bar: Bar) -> None:
    """Copy an URL, or its stand-in in the mirror, to ``path``: whole or not at all."""
    for unfinished in path.parent.glob(f".{path.name}.*.part"):
        unfinished.unlink()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _open(url, mirror) as stream, atomic_write(path, "wb") as copy:
                _copy(stream, copy, bar)
            return
        except (OSError, EOFError, http.client.HTTPException) as error:  # URLError is an OSError
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or mirror is not None or attempt == ATTEMPTS:
                raise InputError(
                    f"{url}: cannot be fetched ({error}); check the address and the network, or fetch the "
                    f"file elsewhere and name its folder with --mirror DIR"
                ) from None
            time.sleep(PAUSE * 2 ** (attempt - 1))


def _open(url: str, mirror: Optional[PathLike]) -> IO[bytes]:
    if mirror is None:
        return urllib.request.urlopen(url, timeout=TIMEOUT)
    path = Path(mirror) / Path(urllib.parse.urlsplit(url).path).name
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; the folder that --mirror names must hold it, in place of {url}"
        )
    return urllib.request.urlopen(path.resolve().as_uri())


def _copy(stream: IO[bytes], copy: IO[bytes], bar: Bar) -> None:
    size = stream.headers.get("Content-Length")
    bar.remove()
    bar.start(int(size) if size is not None else None)
    done = 0
    for block in iter(lambda: stream.read(1 << 16), b""):
        copy.write(block)
        done += len(block)
        bar.advance(len(block))
    if size is not None and done != int(size):
        raise EOFError(f"the connection closed after {done} of {size} bytes")
