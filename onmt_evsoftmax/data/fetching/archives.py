"""Taking named members out of an archive that may be hostile."""

from __future__ import annotations

import contextlib
import gzip
import posixpath
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Union, cast

from ...base.downloads import LARGEST
from ...base.errors import InputError
from ...base.files import PathLike, atomic_write

LONGEST_NAME = 4096
"""Bytes of a path on Linux; no link has a longer target."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Member:
    """An entry of an archive.

    Attributes:
        size: bytes, as the archive says.
        link: the entry that a symbolic or hard link stands for, else empty.
    """

    name: str
    kind: str  # file | folder | link | device
    size: int
    link: str
    open: Callable[[], IO[bytes]]


def unpack(archive: PathLike, members: Sequence[str], folder: PathLike, largest: int = LARGEST) -> dict[str, Path]:
    """Write the named members into ``folder``, all of them, under their base names.

    The archive is read once, and every entry of it is looked at. Nothing is written under a name that
    the archive chooses, and memory does not grow with what an entry unpacks to.

    Args:
        largest: bytes that all entries may have together, by what the archive says and by what comes out.

    Returns:
        base name -> file.

    Raises:
        InputError: an entry has an absolute path or climbs out with ``..``, a link does so, an entry is a
            device, one that is wanted is a link or missing, the entries are too large or other than the
            archive says, or it is damaged. The message names the archive and the entry; what was written of
            ``members`` is removed.
    """
    archive, folder = Path(archive), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    try:
        for member in _read(archive):
            largest -= member.size
            _refuse_hostile(archive, member, largest)
            name = posixpath.normpath(member.name)
            if name not in members:
                continue
            if member.kind != "file":
                raise InputError(f"{archive}: its entry {member.name} is a {member.kind}, not a file")
            path = folder / posixpath.basename(name)
            _extract(archive, member, path)
            files[path.name] = path
        missing = [name for name in members if posixpath.basename(name) not in files]
        if missing:
            raise InputError(f"{archive}: {missing[0]} is not in it; it is another archive than expected")
    except BaseException:
        for path in files.values():
            path.unlink()
        raise
    return files


def _extract(archive: Path, member: Member, path: Path) -> None:
    """Copy an entry, block by block, and not a byte more than it is said to have."""
    with atomic_write(path, "wb") as copy, _damage_named(archive), member.open() as source:
        left = member.size
        for block in iter(lambda: source.read(_BLOCK), b""):
            left -= len(block)
            if left < 0:
                break
            copy.write(block)
        if left:
            raise InputError(
                f"{archive}: its entry {member.name} is {'longer' if left < 0 else 'shorter'} than it says; "
                f"delete it and fetch it again"
            )


def _refuse_hostile(archive: Path, member: Member, left: int) -> None:
    """Raise `InputError` for an entry that no honest archive has; links within the archive are common and harmless."""
    if _leaves(member.name):
        problem = "would be written outside of its folder"
    elif _leaves(member.link):
        problem = f"is a link out of the archive, to {member.link}"
    elif member.kind == "device":
        problem = "is a device"
    elif member.kind == "link" and member.size > LONGEST_NAME:
        problem = f"is a link to a name of {member.size:,} bytes"
    elif left < 0 or member.size < 0:
        problem = f"has {member.size:,} bytes, which makes too much of the archive"
    else:
        return
    raise InputError(f"{archive}: refused: its entry {member.name} {problem}; fetch it from elsewhere")


def _leaves(name: str) -> bool:
    name = name.replace("\\", "/")
    return name.startswith("/") or name[1:2] == ":" or posixpath.normpath(name).split("/")[0] == ".."


def _beside(name: str, target: str) -> str:
    """Where a symbolic link leads: its target is relative to the folder that it lies in."""
    return posixpath.join(posixpath.dirname(name), target)


@contextlib.contextmanager
def _damage_named(archive: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # a damaged archive makes zipfile, tarfile and zlib raise a dozen kinds
        problem = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{archive}: damaged archive ({problem}); delete it and fetch it again") from None


def _read(archive: Path) -> Iterator[Member]:
    with _damage_named(archive):
        if zipfile.is_zipfile(archive):
            yield from _read_zip(archive)
        else:
            yield from _read_tar(archive)


class _SmallReads:
    """A tar, decompressed, that refuses large reads.

    tarfile reads a long name or a header of extensions whole, however long it says it is.
    """

    def __init__(self, stream: Union[IO[bytes], gzip.GzipFile]) -> None:
        self._stream = stream
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int) -> bytes:
        if size > _BLOCK:
            raise ValueError(f"a header of {size:,} bytes")
        return self._stream.read(size)


def _read_tar(archive: Path) -> Iterator[Member]:
    with open(archive, "rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(archive, "rb") as stream:
        with tarfile.open(fileobj=cast(IO[bytes], _SmallReads(stream)), mode="r:") as tar:
            for info in tar:
                link = info.linkname if info.islnk() or info.issym() else ""
                if info.issym():
                    link = _beside(info.name, link)
                kind = "link" if link else "folder" if info.isdir() else "file" if info.isreg() else "device"
                opened = cast(Callable[[], IO[bytes]], partial(tar.extractfile, info))  # None of a folder alone
                yield Member(info.name, kind, info.size, link, opened)


def _read_zip(archive: Path) -> Iterator[Member]:
    with contextlib.closing(zipfile.ZipFile(archive)) as file:
        for info in file.infolist():
            kind = "folder" if info.is_dir() else "file"
            link = ""
            if stat.S_ISLNK(info.external_attr >> 16):
                kind, link = "link", _beside(info.filename, _link_target(file, info))
            yield Member(info.filename, kind, info.file_size, link, partial(file.open, info))


def _link_target(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    """The target of a symbolic link in a zip file; a longer one is refused by the size of its member."""
    with file.open(info) as stream:
        return stream.read(LONGEST_NAME).decode("utf-8", "replace")
