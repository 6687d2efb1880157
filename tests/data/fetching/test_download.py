"""A download survives what servers and kills do to it."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import random

import pytest

from onmt_evsoftmax.base import downloads as downloading
from onmt_evsoftmax.base.downloads import Unreachable, download, place_of
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import read_lines
from onmt_evsoftmax.base.progress import Bar
from onmt_evsoftmax.data.corpus.config import SourceFile
from onmt_evsoftmax.data.corpus.sources import locate

CONTENT = random.Random(0).randbytes(300_000)
BAR = Bar("fetch")


@pytest.fixture
def url(server):
    server.files["/a.tgz"] = CONTENT
    return f"{server.url}/a.tgz"


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_good_download_leaves_the_file_alone(url, tmp_path):
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT
    assert left_in(tmp_path) == ["a.tgz"]


def test_dropped_connection_is_continued_where_it_broke(server, url, tmp_path):
    server.faults = ["cut", "503", "cut"]
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=150000-", "bytes=150000-", "bytes=225000-"]
    assert sum(server.sent) == len(CONTENT)


def test_progress_renews_patience(server, url, tmp_path):
    server.faults = ["cut"] * 2 * downloading.ATTEMPTS
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT


def test_server_that_ignores_ranges(server, url, tmp_path):
    server.faults, server.ranges = ["cut"], False
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT
    assert server.asked == [None, "bytes=150000-"]


def test_later_process_continues(server, url, tmp_path):
    server.faults = ["cut"] + ["503"] * (downloading.ATTEMPTS - 1)
    with pytest.raises(Unreachable, match="503"):
        download(url, tmp_path / "a.tgz", BAR)
    assert left_in(tmp_path) == [".a.tgz.part", ".a.tgz.part.json"]
    server.asked.clear()
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT and server.asked == ["bytes=150000-"]


def test_file_that_changed_meanwhile_is_not_mixed(server, url, tmp_path):
    server.faults = ["cut"] + ["503"] * (downloading.ATTEMPTS - 1)
    with pytest.raises(Unreachable):
        download(url, tmp_path / "a.tgz", BAR)
    server.files["/a.tgz"], server.tag = bytes(reversed(CONTENT)), '"2"'  # of the same length
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == bytes(reversed(CONTENT))


def test_part_without_notes_is_not_trusted(server, url, tmp_path):
    (tmp_path / ".a.tgz.part").write_bytes(b"something else")
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT and server.asked == [None]


def test_part_longer_than_the_file(server, url, tmp_path):
    server.faults = ["cut"] + ["503"] * (downloading.ATTEMPTS - 1)
    with pytest.raises(Unreachable):
        download(url, tmp_path / "a.tgz", BAR)
    server.files["/a.tgz"] = CONTENT[:1000]
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT[:1000]


def test_length_that_is_never_reached(server, url, tmp_path):
    server.claim = len(CONTENT) + 5
    with pytest.raises(Unreachable, match="cannot be fetched"):
        download(url, tmp_path / "a.tgz", BAR)
    assert left_in(tmp_path) == []


def test_absent_file_is_asked_for_once(server, tmp_path):
    with pytest.raises(Unreachable, match="absent.tgz: cannot be fetched .*404.*--mirror DIR"):
        download(f"{server.url}/absent.tgz", tmp_path / "absent.tgz", BAR)
    assert len(server.asked) == 1 and left_in(tmp_path) == []


def test_full_disk_is_one_line_and_keeps_the_part(server, url, tmp_path, monkeypatch):
    class FullDisk(io.FileIO):
        def write(self, block):
            if self.tell() > 100_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(block)

    with monkeypatch.context() as patch:
        patch.setattr(downloading, "open", FullDisk, raising=False)
        with pytest.raises(InputError, match="a.tgz.part: cannot be written .No space left") as error:
            download(url, tmp_path / "a.tgz", BAR)
    assert "\n" not in str(error.value) and len(server.asked) == 1
    download(url, tmp_path / "a.tgz", BAR)
    assert (tmp_path / "a.tgz").read_bytes() == CONTENT and server.asked[1] is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(url, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="a.tgz: cannot be written .Permission denied"):
        download(url, tmp_path / "a.tgz", BAR)


@pytest.mark.parametrize("asked, there", [("a.en", "a.en.gz"), ("a.en.gz", "a.en"), ("a.en.gz", "a.en.gz")])
def test_prepare_takes_either_spelling_from_a_mirror(tmp_path, asked, there):
    content = gzip.compress(b"text\n") if there.endswith(".gz") else b"text\n"
    (tmp_path / there).write_bytes(content)
    source = SourceFile(f"http://host/{asked}", hashlib.sha256(b"text\n").hexdigest())
    found = locate(source, tmp_path / "downloads", tmp_path, BAR)
    assert found.path.name == asked and read_lines(found.path) == ["text"]


def test_place_in_a_mirror(tmp_path):
    (tmp_path / "a b.en").write_text("x")
    assert place_of("http://host/a.tgz") == "http://host/a.tgz"
    assert place_of("http://host/x/a%20b.en.gz", tmp_path) == tmp_path / "a b.en"
    assert place_of("http://host/x/a%20b.en", "http://mirror/deep/") == "http://mirror/deep/a%20b.en"
    with pytest.raises(InputError, match="absent.tgz: no such file; the folder that --mirror names"):
        place_of("http://host/absent.tgz", tmp_path)
