"""Downloads that survive a dropped connection and a killed process; a file is there whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Optional, TypeVar, Union

from .documents import read_json
from .errors import InputError
from .files import PathLike, atomic_write, remove_unfinished
from .locks import seize

if TYPE_CHECKING:
    from .progress import Bar

ATTEMPTS = 4  # in a row that bring nothing new
PAUSE = 1.0  # seconds before the second attempt; doubled each time
TIMEOUT = 60.0  # seconds without a byte from the server
LARGEST = 32 << 30
"""Bytes that a file may unpack to; no corpus in the catalogue of `fetch` comes near."""
PASSING = {
    http.HTTPStatus.REQUEST_TIMEOUT,
    http.HTTPStatus.TOO_MANY_REQUESTS,
    http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
}
"""Refusals after which another attempt may succeed; after the last one the part is thrown away first."""
WHOLE = ("url", "size", "etag", "modified")
"""Keys of the notes beside a part: the address of the file, and how the server describes it."""


T = TypeVar("T")


class Unreachable(InputError):
    """The server does not answer, or refuses; neither this machine nor the file is at fault."""


def download(url: str, path: PathLike, bar: Bar) -> None:
    """Bring ``url`` to ``path``.

    What has come so far lies beside ``path`` in ``.NAME.part``, and in ``.NAME.part.json`` what the server
    said of the whole file: its length, date and tag. The next attempt, in this process or a later one,
    asks for the rest only (HTTP ``Range``), and begins again where the file has changed meanwhile or the
    server sends everything whatever is asked for. A part that the server cannot continue is not kept.

    Raises:
        Unreachable: the server refuses, or `ATTEMPTS` attempts in a row bring nothing new.
        InputError: another process is at the same download, or ``path`` cannot be written.
    """
    path = Path(path)
    with _Part.opened(path) as part:
        most, failures = 0, 0
        while True:
            try:
                _continue(url, part, bar)
                break
            except (OSError, EOFError, http.client.HTTPException) as error:  # URLError is an OSError
                failures = 1 if part.size > most else failures + 1
                most = max(most, part.size)
                if _is_final(error) or failures == ATTEMPTS:
                    part.give_up()
                    raise Unreachable(
                        f"{url}: cannot be fetched ({error}); check the address and the network, or fetch "
                        f"the file elsewhere and name its folder with --mirror DIR"
                    ) from None
                time.sleep(PAUSE * 2 ** (failures - 1))
        part.finish(path)


def obtain(
    urls: Iterable[str],
    kept: PathLike,
    read: Callable[[Path], T],
    bar: Bar,
    mirror: Optional[PathLike] = None,
    copied: bool = False,
) -> T:
    """What ``read`` makes of a file: of the one that an earlier call kept, the mirror's, or one fetched now.

    Args:
        urls: the same file at several places, tried in turn.
        kept: where it is kept.
        read: raises an InputError where the file is damaged or another one; it is then not kept.
        mirror: a folder that has the file, or an address to fetch it from, in place of ``urls``.
        copied: whether the file in a folder is copied to ``kept``, instead of read where it is.

    Raises:
        InputError: the mirror does not have it, or no place has one that can be read; the message says why for each.
    """
    kept = Path(kept)
    if kept.is_file():
        try:
            return read(kept)
        except InputError:
            kept.unlink()  # damaged; fetched again
    failures = []
    for place in dict.fromkeys(place_of(url, mirror) for url in urls):
        if isinstance(place, Path) and not copied:
            return read(place)
        try:
            if isinstance(place, Path):
                copy(place, kept, bar)
            else:
                download(place, kept, bar)
            return read(kept)
        except InputError as error:
            kept.unlink(missing_ok=True)
            failures.append(str(error))
    raise InputError("; ".join(failures))


def is_url(file: PathLike) -> bool:
    return str(file).startswith(("http://", "https://"))


def base_name(url: str) -> str:
    """The file name in an URL: what the file is called in a mirror."""
    return urllib.parse.unquote(urllib.parse.urlsplit(url).path).rpartition("/")[2]


def kept_name(url: str) -> str:
    """Where a download is kept, inside the folder of downloads.

    Host and path of the URL, because two corpora may both call a file ``train.en.gz``.
    """
    parts = urllib.parse.urlsplit(url)
    name = parts.netloc + parts.path + (f"?{parts.query}" if parts.query else "")
    return urllib.parse.quote(name, safe="/").replace("..", "%2E%2E")


def other_spelling(name: str) -> str:
    """``X.gz`` for ``X`` and the other way round: either will do for the other."""
    return name[: -len(".gz")] if name.endswith(".gz") else f"{name}.gz"


def text_sha256(path: PathLike, largest: int = LARGEST) -> str:
    """SHA-256 of the text in a file, after decompression, so that a recompressed copy still matches.

    An archive (``.tgz``, ``.tar.gz``, ``.zip``) is hashed as it is.

    Raises:
        InputError: a gzip file is damaged, or holds more than ``largest`` bytes.
    """
    digest = hashlib.sha256()
    is_text = str(path).endswith(".gz") and not str(path).endswith(".tar.gz")
    try:
        with (gzip.open if is_text else open)(path, "rb") as stream:
            for block in _blocks(stream, path, largest):
                digest.update(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged gzip file ({error}); fetch it again") from None
    return digest.hexdigest()


def copy(source: PathLike, path: PathLike, bar: Bar, largest: int = LARGEST) -> None:
    """Copy a file of this machine to ``path``, whole or not at all.

    Where only one of the two names ends in ``.gz`` the text is compressed or decompressed.

    Raises:
        InputError: ``path`` cannot be written, or would have more than ``largest`` bytes.
    """
    source, path = Path(source), Path(path)
    packs = path.suffix == ".gz" != source.suffix
    unpacks = source.suffix == ".gz" != path.suffix
    with (gzip.open if unpacks else open)(source, "rb") as stream, _writing(path):
        bar.start(None if unpacks else source.stat().st_size)
        with atomic_write(path, "wb") as file:
            with _compressed(file) if packs else contextlib.nullcontext(file) as target:
                for block in _blocks(stream, source, largest):
                    target.write(block)
                    bar.advance(len(block))


def _blocks(stream: Union[IO[bytes], gzip.GzipFile], path: PathLike, largest: int) -> Iterator[bytes]:
    """A file block by block, refused beyond ``largest`` bytes: how much a gzip file unpacks to is not known before."""
    for block in iter(lambda: stream.read(1 << 20), b""):
        largest -= len(block)
        if largest < 0:
            raise InputError(f"{path}: refused: unpacks to more than it may; fetch it from elsewhere")
        yield block


def _compressed(file: IO[bytes]) -> gzip.GzipFile:
    return gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)  # no time: the same bytes every time


def _is_final(error: Exception) -> bool:
    return isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code not in PASSING


def _continue(url: str, part: _Part, bar: Bar) -> None:
    """Ask for what is missing and append it to the part."""
    if part.is_whole(url):
        return
    if part.size and part.whole is not None and part.whole["url"] != url:
        part.clear()
    request = urllib.request.Request(url, headers={"Range": f"bytes={part.size}-"} if part.size else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.clear()
        raise
    with response:
        whole = _whole(url, response)
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            part.begin(whole)
        elif whole != part.whole or _first_byte(response) != part.size:
            part.clear()
            raise EOFError("the file on the server is another one than before")
        bar.remove()
        bar.start(whole["size"])
        bar.advance(part.size)
        for block in iter(lambda: response.read(1 << 16), b""):
            part.append(block)
            bar.advance(len(block))
    if whole["size"] not in (None, part.size):
        raise EOFError(f"the connection closed after {part.size} of {whole['size']} bytes")


def _whole(url: str, response: http.client.HTTPResponse) -> dict:
    """The notes on a file, from the server's answer: equal for two requests if the file has not changed."""
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        size = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        size = response.headers.get("Content-Length", "")
    return {
        "url": url,
        "size": int(size) if size.isdigit() else None,
        "etag": response.headers.get("ETag"),
        "modified": response.headers.get("Last-Modified"),
    }


def _first_byte(response: http.client.HTTPResponse) -> Optional[int]:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found.group(1)) if found else None


class _Part:
    """The beginning of a file, open for appending and locked against a second process."""

    def __init__(self, path: Path, notes: Path) -> None:
        self._path, self._notes = path, notes
        self._stream = open(path, "ab")
        self._continues = True
        self.size = os.fstat(self._stream.fileno()).st_size
        self.whole: Optional[dict] = None

    @classmethod
    @contextlib.contextmanager
    def opened(cls, target: Path) -> Iterator[_Part]:
        remove_unfinished(target)  # left by a copy out of a mirror
        with _writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            name = f".{target.name}.part"
            part = cls(target.with_name(name), target.with_name(f"{name}.json"))
        with part._stream:
            if not seize(part._stream):
                raise InputError(f"{target}: another process is downloading it; wait for it")
            try:
                part._read_notes()
                yield part
            finally:
                if part.size == 0:
                    part._remove()

    def is_whole(self, url: str) -> bool:
        return self.whole is not None and self.whole["url"] == url and self.size == self.whole["size"]

    def begin(self, whole: dict) -> None:
        """Start again from the first byte, and write down how the server describes the whole file."""
        self._continues = self.size == 0  # otherwise the rest was asked for, and everything came
        self.clear()
        with atomic_write(self._notes) as stream:
            json.dump(whole, stream)
        self.whole = whole

    def append(self, block: bytes) -> None:
        with _writing(self._path):
            self._stream.write(block)
            self._stream.flush()  # what a kill finds in a buffer would be lost
        self.size += len(block)

    def clear(self) -> None:
        self._stream.truncate(0)
        self.size, self.whole = 0, None

    def give_up(self) -> None:
        """Keep the part only if the server can continue it."""
        if not self._continues:
            self.clear()

    def finish(self, target: Path) -> None:
        with _writing(target):
            os.fsync(self._stream.fileno())
            os.replace(self._path, target)
        self._notes.unlink()

    def _read_notes(self) -> None:
        with contextlib.suppress(InputError):  # without what belongs to it the part is of no use
            whole = read_json(self._notes, "it is made again")
            if isinstance(whole, dict) and set(whole) == set(WHOLE) and isinstance(whole["url"], str):
                self.whole = whole
        if self.whole is None:
            self.clear()

    def _remove(self) -> None:
        for path in (self._path, self._notes):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn an error of the disk into an `InputError`, after which the server is not asked again."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); make room or choose another folder, and start "
            f"again: what is there already is kept"
        ) from None


Place = Union[str, Path]
"""An URL, or a file of this machine."""


def place_of(url: str, mirror: Optional[PathLike] = None) -> Place:
    """The place to read ``url`` from: the URL itself, or the file of the same name in a mirror.

    Args:
        mirror: a folder, or the URL of one. In a folder ``.gz`` may be there or not.

    Raises:
        InputError: the folder does not hold the file.
    """
    if mirror is None:
        return url
    name = base_name(url)
    if is_url(mirror):
        return f"{str(mirror).rstrip('/')}/{urllib.parse.quote(name)}"
    for path in (Path(mirror) / name, Path(mirror) / other_spelling(name)):
        if path.is_file():
            return path
    raise InputError(
        f"{Path(mirror) / name}: no such file; the folder that --mirror names must hold it, in place of {url}"
    )
