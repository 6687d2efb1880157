"""Line-aligned text files."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...base.errors import InputError
from ...base.files import PathLike, atomic_write


def write_lines(path: PathLike, lines: Iterable[str]) -> None:
    with atomic_write(path) as stream:
        stream.writelines(f"{line}\n" for line in lines)


def join_files(parts: Sequence[Path], path: Path) -> None:
    """Put text files, gzipped or not, one behind the other, byte by byte; they may be larger than memory."""
    with atomic_write(path, "wb") as joined:
        for part in parts:
            last = b"\n"
            with (gzip.open if part.suffix == ".gz" else open)(part, "rb") as stream:
                for block in iter(lambda: stream.read(1 << 20), b""):
                    joined.write(block)
                    last = block[-1:]
            if last != b"\n":
                joined.write(b"\n")  # or the first line of the next part would join the last of this one


def count_lines(path: PathLike) -> int:
    """Lines of a file; the last one counts even if nothing ends it."""
    count, last = 0, b"\n"
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")


def check_aligned(paths: Sequence[Path]) -> None:
    """Raise InputError where the two sides of a text differ in length."""
    counts = [count_lines(path) for path in paths]
    if len(set(counts)) > 1:
        raise InputError(
            f"{paths[0].name} has {counts[0]} lines but {paths[1].name} has {counts[1]}; line N of one must "
            f"translate line N of the other: the archive is damaged or another one than expected"
        )
