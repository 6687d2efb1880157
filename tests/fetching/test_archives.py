"""Hostile and damaged archives are refused by name, and nothing of them is left."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest

from onmt_evsoftmax.errors import InputError
from onmt_evsoftmax.fetching.archives import unpack


def tar_with(path, *infos):
    """A good member, and entries made by hand."""
    with tarfile.open(path, "w:gz") as tar:
        for name in ("in/good.txt", "in/unwanted.txt"):
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"text"))
        for info in infos:
            tar.addfile(info)
    return path


def entry(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_only_what_is_wanted(tmp_path):
    link = entry("in/other", tarfile.SYMTYPE, "good.txt")
    archive = tar_with(tmp_path / "a.tgz", link, entry("in", tarfile.DIRTYPE))
    files = unpack(archive, ["in/good.txt"], tmp_path / "out")
    assert files == {"good.txt": tmp_path / "out" / "good.txt"}
    assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [b"text"]


@pytest.mark.parametrize(
    "bad, message",
    [
        (entry("/etc/passwd"), "/etc/passwd would be written outside"),
        (entry("../up.txt"), r"\.\./up.txt would be written outside"),
        (entry("in/../../up.txt"), "up.txt would be written outside"),
        (entry("in\\..\\..\\up.txt"), "up.txt would be written outside"),
        (entry("C:/up.txt"), "C:/up.txt would be written outside"),
        (entry("in/link", tarfile.SYMTYPE, "../../up"), "in/link is a link out of the archive"),
        (entry("in/link", tarfile.SYMTYPE, "/etc/passwd"), "in/link is a link out of the archive"),
        (entry("in/link", tarfile.LNKTYPE, "../up"), "in/link is a link out of the archive"),
        (entry("in/pipe", tarfile.FIFOTYPE), "in/pipe is a device"),
        (entry("in/disk", tarfile.BLKTYPE), "in/disk is a device"),
        (entry("in/wanted.txt", tarfile.SYMTYPE, "good.txt"), "in/wanted.txt is a link, not a file"),
    ],
)
def test_hostile_tar(tmp_path, bad, message):
    archive = tar_with(tmp_path / "a.tgz", bad)
    with pytest.raises(InputError, match=f"a.tgz: .*{message}"):
        unpack(archive, ["in/good.txt", "in/wanted.txt"], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tgz", "out"]


def test_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/good.txt", "text")
    assert unpack(tmp_path / "a.zip", ["in/good.txt"], tmp_path)["good.txt"].read_text() == "text"


@pytest.mark.parametrize(
    "name, mode, message",
    [
        ("../up.txt", stat.S_IFREG, "up.txt would be written outside"),
        ("in/link", stat.S_IFLNK, "in/link is a link out of the archive"),
    ],
)
def test_hostile_zip(tmp_path, name, mode, message):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/good.txt", "text")
        info = zipfile.ZipInfo(name)
        info.external_attr = (mode | 0o644) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match=message):
        unpack(tmp_path / "a.zip", ["in/good.txt"], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_member(tmp_path):
    with pytest.raises(InputError, match="a.tgz: in/absent.txt is not in it"):
        unpack(tar_with(tmp_path / "a.tgz"), ["in/good.txt", "in/absent.txt"], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-20],
        lambda data: b"<html>not found</html>",
        lambda data: data[:40] + b"\0" * 60,
    ],
)
def test_damaged_archive(tmp_path, damage):
    archive = tar_with(tmp_path / "a.tgz")
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(InputError, match="a.tgz: damaged archive"):
        unpack(archive, ["in/good.txt"], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
