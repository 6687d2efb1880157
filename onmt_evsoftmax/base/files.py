"""Reading text strictly and writing files whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import io
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Optional, Union

from .errors import InputError
from .locks import seize

PathLike = Union[str, "os.PathLike[str]"]


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""errno of a full disk, of a user's full quota, and of a file that is too large for the file system"""
_BOM = b"\xef\xbb\xbf"
_UNFINISHED = ".writing-"
"""In the names of temporary files, so that nothing else, such as the part of a download, is taken for one."""


@contextlib.contextmanager
def atomic_write(path: PathLike, mode: str = "w") -> Iterator[IO]:
    """Open a temporary file beside ``path`` and rename it to ``path`` on success.

    A reader therefore never sees half a file, and an exception (or ``kill -9``) leaves the
    previous ``path`` as it was. Text is written as UTF-8 with ``\n`` line ends. What a killed
    process left of the same file is removed; what a living one is writing stays.

    Args:
        path: the final name; its parent folders are made.
        mode: ``"w"`` for text, ``"wb"`` for bytes.

    Raises:
        InputError: ``path`` is a folder, its folder cannot be made or written to, or the disk is full.
    """
    path = Path(path)
    check_writable(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_unfinished(path)
        raw = _open_unfinished(path)
    temporary = raw.name
    try:
        buffered = io.BufferedWriter(raw)
        text = io.TextIOWrapper(buffered, encoding="utf-8", newline="\n") if "b" not in mode else buffered
        with text as stream:
            yield stream
            stream.flush()
            with writing(path):
                os.fsync(raw.fileno())
                os.chmod(temporary, 0o666 & ~_umask())
                os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if raw.failure is not None:  # torch.save, for one, puts an error of its own in its place
            raise raw.failure from None
        raise


def check_writable(path: PathLike) -> None:
    """Raise before long work, as far as that can be seen, if its result could not be written to ``path``.

    Raises:
        InputError: ``path`` is a folder or a device, something in place of its folder is a file, or nothing may
            be written there.
    """
    path = Path(path)
    with writing(path):
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name the file to write")
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is no ordinary file, and writing would replace it; name another place")
        folder = next(above for above in path.absolute().parents if above.exists() or above.is_symlink())
        if not folder.is_dir():
            raise InputError(f"{path}: cannot be written, because {folder} is a file; name another place")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(f"{path}: cannot be written (no permission for {folder}); name another place")


def remove_unfinished(path: PathLike) -> None:
    """Remove what killed processes left of an `atomic_write` of ``path``.

    Whoever writes holds a lock on the temporary file, which falls with the process however it ends.
    """
    path = Path(path)
    prefix = f".{path.name}{_UNFINISHED}"
    with contextlib.suppress(OSError):
        for name in os.listdir(path.parent):
            if name.startswith(prefix):
                with contextlib.suppress(OSError), open(path.with_name(name), "rb") as stream:
                    if seize(stream):  # otherwise somebody writes it
                        os.unlink(stream.name)


class _Unfinished(io.FileIO):
    """The bytes of a temporary file; an error of the disk names the file that they are for.

    Attributes:
        failure: the error that ended the writing, if one did.
    """

    def __init__(self, descriptor: int, name: str, path: Path) -> None:
        super().__init__(descriptor, "wb")
        self.name = name
        self.failure: Optional[InputError] = None
        self._path = path

    def write(self, block) -> int:
        try:
            with writing(self._path):
                return super().write(block)
        except InputError as error:
            self.failure = error
            raise


def _open_unfinished(path: Path) -> _Unfinished:
    """A new temporary file, locked."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}{_UNFINISHED}", suffix=".part")
        with contextlib.suppress(OSError):  # a file system without locks: it is never removed as left over
            seize(descriptor, wait=True)
        if os.fstat(descriptor).st_nlink:
            return _Unfinished(descriptor, name, path)
        os.close(descriptor)  # between the two lines above another process took it for left over


@contextlib.contextmanager
def writing(path: PathLike) -> Iterator[None]:
    """A full disk or a folder without permission becomes an InputError that names ``path``."""
    try:
        yield
    except OSError as error:
        remedy = "make room or name another place" if error.errno in FULL else "name another place"
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); {remedy}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256(path: PathLike) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def read_lines(path: PathLike) -> list[str]:
    """All lines of a text file; see `Lines`."""
    return list(Lines(path))


class Lines:
    """The lines of one or several UTF-8 files, without their line ends, read anew by every loop over them.

    One line at a time is in memory. ``.gz`` is decompressed. Only ``\\n`` (and a ``\\r`` before it) ends a
    line: U+2028 and the like are ordinary characters in crawled text, and splitting there would misalign a
    parallel corpus.

    Raises:
        InputError: while it is read: a file is missing, is no valid gzip file or is not UTF-8; the message
            names the line.
    """

    def __init__(self, *paths: PathLike) -> None:
        self._paths = [Path(path) for path in paths]

    def __iter__(self) -> Iterator[str]:
        for path in self._paths:
            yield from _lines(path)

    def count(self) -> int:
        """The number of lines, from one pass over the files."""
        return sum(1 for _ in self)


def _lines(path: Path) -> Iterator[str]:
    try:
        with _opened(path) as stream:
            for number, line in enumerate(stream, start=1):
                if number == 1 and line.startswith(_BOM):
                    line = line[len(_BOM) :]
                    if not line:  # a file of nothing but the mark has no line
                        return
                yield _decoded(line, number, path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory, expected a text file") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged gzip file ({error}); fetch it again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"))  # gzip's own loop over lines is slow
    return open(path, "rb")


def _decoded(line: bytes, number: int, path: Path) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}, line {number}: not valid UTF-8 (byte {line[error.start]:#04x}); "
            f"convert it, for example with: iconv -f latin1 -t utf-8"
        ) from None
    text = text[:-1] if text.endswith("\n") else text
    return text[:-1] if text.endswith("\r") else text
