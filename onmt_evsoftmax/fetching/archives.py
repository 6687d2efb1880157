"""Taking named members out of an archive that may be hostile."""

from __future__ import annotations

import contextlib
import gzip
import posixpath
import shutil
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable, Iterator, Sequence

from ..errors import InputError
from ..files import PathLike, atomic_write


@dataclass(frozen=True)
class Member:
    """An entry of an archive; ``link`` is the entry that a symbolic or hard link stands for, else empty."""

    name: str
    kind: str  # file | folder | link | device
    link: str
    open: Callable[[], IO[bytes]]


_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    EOFError,
    zlib.error,
    RuntimeError,  # zipfile's, for a password or a method that it does not know
)


def unpack(archive: PathLike, members: Sequence[str], folder: PathLike) -> dict[str, Path]:
    """Write the named members into ``folder``, all of them, under their base names.

    The archive is read once, and every entry of it is looked at. Nothing is written under a name that
    the archive chooses.

    Returns:
        base name -> file.

    Raises:
        InputError: an entry has an absolute path or climbs out with ``..``, a link does so, an entry is a
            device, one that is wanted is a link or missing, or the archive is damaged. The message names
            the archive and the entry; what was written of ``members`` is removed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    try:
        for member in _read(Path(archive)):
            _refuse_hostile(archive, member)
            name = posixpath.normpath(member.name)
            if name not in members:
                continue
            if member.kind != "file":
                raise InputError(f"{archive}: its entry {member.name} is a {member.kind}, not a file")
            path = folder / posixpath.basename(name)
            with member.open() as source, atomic_write(path, "wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            files[path.name] = path
        missing = [name for name in members if posixpath.basename(name) not in files]
        if missing:
            raise InputError(f"{archive}: {missing[0]} is not in it; it is another archive than expected")
    except BaseException:
        for path in files.values():
            path.unlink()
        raise
    return files


def _refuse_hostile(archive: PathLike, member: Member) -> None:
    """Links inside of the archive are common and, not wanted, harmless; the rest is no accident."""
    if _leaves(member.name):
        problem = "would be written outside of its folder"
    elif _leaves(member.link):
        problem = f"is a link out of the archive, to {member.link}"
    elif member.kind == "device":
        problem = "is a device"
    else:
        return
    raise InputError(f"{archive}: refused: its entry {member.name} {problem}; fetch it from elsewhere")


def _leaves(name: str) -> bool:
    name = name.replace("\\", "/")
    return name.startswith("/") or name[1:2] == ":" or posixpath.normpath(name).split("/")[0] == ".."


def _beside(name: str, target: str) -> str:
    """A symbolic link is read from the folder that it lies in."""
    return posixpath.join(posixpath.dirname(name), target)


def _read(archive: Path) -> Iterator[Member]:
    try:
        if zipfile.is_zipfile(archive):
            yield from _read_zip(archive)
        else:
            yield from _read_tar(archive)
    except _DAMAGED as error:
        raise InputError(f"{archive}: damaged archive ({error}); delete it and fetch it again") from None


def _read_tar(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive, "r:*") as tar:
        for info in tar:
            link = info.linkname if info.islnk() or info.issym() else ""
            if info.issym():
                link = _beside(info.name, link)
            kind = "link" if link else "folder" if info.isdir() else "file" if info.isreg() else "device"
            yield Member(info.name, kind, link, lambda info=info: tar.extractfile(info))


def _read_zip(archive: Path) -> Iterator[Member]:
    with contextlib.closing(zipfile.ZipFile(archive)) as file:
        for info in file.infolist():
            mode = info.external_attr >> 16
            link = _beside(info.filename, file.read(info).decode()) if stat.S_ISLNK(mode) else ""
            kind = "link" if link else "folder" if info.is_dir() else "file"
            yield Member(info.filename, kind, link, lambda info=info: file.open(info))
