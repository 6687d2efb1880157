"""Texts larger than memory: their lines one at a time."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, Iterable, Iterator

from ..errors import InputError
from ..files import PathLike

BOM = b"\xef\xbb\xbf"


class Lines:
    """The lines of one or several UTF-8 files, read anew by every loop over them.

    They are those of `onmt_evsoftmax.files.read_lines`, ``.gz`` and errors included, but one line at
    a time is in memory.
    """

    def __init__(self, *paths: PathLike) -> None:
        self._paths = [Path(path) for path in paths]

    def __iter__(self) -> Iterator[str]:
        for path in self._paths:
            yield from _lines(path)

    def count(self) -> int:
        """Their number: one pass over the files."""
        return sum(1 for _ in self)


class Counted:
    """Lines on their way from one place to another.

    Attributes:
        lines: how many have passed.
        tokens: of how many tokens.
    """

    def __init__(self, source: Iterable[str]) -> None:
        self._source = source
        self.lines = self.tokens = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._source:
            self.lines += 1
            self.tokens += len(line.split())
            yield line


def _lines(path: Path) -> Iterator[str]:
    try:
        with _opened(path) as stream:
            for number, line in enumerate(stream, start=1):
                if number == 1 and line.startswith(BOM):
                    line = line[len(BOM):]
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
