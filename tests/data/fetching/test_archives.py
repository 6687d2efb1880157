"""Hostile and damaged archives are refused by name, and nothing of them is left."""

from __future__ import annotations

import contextlib
import gzip
import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile

import pytest

from onmt_evsoftmax.base.downloads import copy, text_sha256
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.progress import Bar
from onmt_evsoftmax.data.fetching.archives import unpack


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


@contextlib.contextmanager
def little_memory():
    """Python itself may hold 16 MB more inside of the block than before it."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


BOMB = 64 << 20


def zip_bomb(path, mode):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("in/good.txt")
        info.external_attr = (mode | 0o644) << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, bytes(BOMB))
    return path


def tar_bomb(path, kind):
    """A wanted member, or a name or header of extensions, of many zeros."""
    with gzip.open(path, "wb") as stream:
        info = entry("in/good.txt", kind)
        info.size = BOMB
        stream.write(info.tobuf() + bytes(BOMB) + entry("in/good.txt").tobuf() + bytes(1024))
    return path


@pytest.mark.parametrize(
    "make, kind, message",
    [
        (zip_bomb, stat.S_IFLNK, r"is a link to a name of 67,108,864 bytes"),
        (zip_bomb, stat.S_IFREG, "has 67,108,864 bytes, which makes too much of the archive"),
        (tar_bomb, tarfile.REGTYPE, "has 67,108,864 bytes, which makes too much of the archive"),
        (tar_bomb, tarfile.GNUTYPE_LONGNAME, "a header of 67,1.* bytes"),
        (tar_bomb, tarfile.XHDTYPE, "a header of 67,1.* bytes"),
    ],
)
def test_a_bomb_takes_no_memory(tmp_path, make, kind, message):
    bomb = make(tmp_path / "bomb", kind)
    assert bomb.stat().st_size < 100_000
    with little_memory(), pytest.raises(InputError, match=f"bomb: .*{message}"):
        unpack(bomb, ["in/good.txt"], tmp_path / "out", largest=BOMB - 1)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("make, kind", [(zip_bomb, stat.S_IFREG), (tar_bomb, tarfile.REGTYPE)])
def test_a_large_member_is_copied_block_by_block(tmp_path, make, kind):
    large = make(tmp_path / "large", kind)
    if make is tar_bomb:  # without the second entry of the same name
        large.write_bytes(gzip.compress(gzip.decompress(large.read_bytes())[: 512 + BOMB] + bytes(1024)))
    with little_memory():
        unpack(large, ["in/good.txt"], tmp_path / "out", largest=BOMB)
    assert (tmp_path / "out" / "good.txt").stat().st_size == BOMB


@pytest.mark.parametrize("said", [0, 3, 5, 4_000_000_000])
def test_a_zip_that_lies_about_a_size(tmp_path, said):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/good.txt", "text")
    content = (tmp_path / "a.zip").read_bytes()
    directory = content.rindex(b"PK\1\2") + 24
    (tmp_path / "a.zip").write_bytes(content[:directory] + struct.pack("<I", said) + content[directory + 4 :])
    with pytest.raises(InputError, match="a.zip: .*(damaged archive|shorter than it says)"):
        unpack(tmp_path / "a.zip", ["in/good.txt"], tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_damage_inside_of_a_zipped_member(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/good.txt", "text")
    (tmp_path / "a.zip").write_bytes((tmp_path / "a.zip").read_bytes().replace(b"text", b"next", 1))
    with pytest.raises(InputError, match="a.zip: damaged archive .*CRC"):
        unpack(tmp_path / "a.zip", ["in/good.txt"], tmp_path / "out")


def test_a_text_that_unpacks_to_too_much(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(3_000_000)))
    with pytest.raises(InputError, match="a.gz: refused: unpacks to more"):
        copy(tmp_path / "a.gz", tmp_path / "a", Bar("copy"), largest=2_999_999)
    with pytest.raises(InputError, match="a.gz: refused: unpacks to more"):
        text_sha256(tmp_path / "a.gz", largest=2_999_999)
    copy(tmp_path / "a.gz", tmp_path / "a", Bar("copy"), largest=3_000_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a.gz"]


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
