"""Files appear whole or not at all, and text is read strictly."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time

import pytest

from onmt_evsoftmax.errors import InputError
from onmt_evsoftmax.files import atomic_write, read_lines, sha256


def test_an_exception_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(path) as stream:
        stream.write("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_kill_9_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    code = (
        "import sys, time\nfrom onmt_evsoftmax.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as stream:\n"
        "    stream.write('new'); stream.flush(); print('written', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.read_text() == "old"


def test_the_file_has_the_usual_permissions(tmp_path):
    with atomic_write(tmp_path / "ours") as stream:
        stream.write("x")
    (tmp_path / "usual").write_text("x")
    assert os.stat(tmp_path / "ours").st_mode == os.stat(tmp_path / "usual").st_mode


def test_text_is_utf8_with_unix_line_ends_and_folders_are_made(tmp_path):
    with atomic_write(tmp_path / "a" / "b" / "file") as stream:
        stream.write("Straße\n")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == "Straße\n".encode("utf-8")


@pytest.mark.parametrize("name", ["file.txt", "file.txt.gz"])
def test_only_line_feeds_end_a_line(tmp_path, name):
    path = tmp_path / name
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "wb") as stream:
        stream.write("\ufeffeins\u2028zwei\r\n\ndrei\x85vier\n".encode("utf-8"))
    assert read_lines(path) == ["eins\u2028zwei", "", "drei\x85vier"]


def test_a_last_line_without_a_line_end_counts(tmp_path):
    (tmp_path / "file").write_text("a\nb")
    assert read_lines(tmp_path / "file") == ["a", "b"]
    (tmp_path / "empty").write_text("")
    assert read_lines(tmp_path / "empty") == []


def test_the_line_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "latin").write_bytes(b"gut\nauch gut\nStra\xdfe\n")
    with pytest.raises(InputError, match=r"latin, line 3: not valid UTF-8 \(byte 0xdf\)"):
        read_lines(tmp_path / "latin")


def test_missing_files_folders_and_damaged_archives_are_named(tmp_path):
    with pytest.raises(InputError, match="nothing.txt: no such file"):
        read_lines(tmp_path / "nothing.txt")
    with pytest.raises(InputError, match="is a directory"):
        read_lines(tmp_path)
    (tmp_path / "bad.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match="bad.gz: damaged"):
        read_lines(tmp_path / "bad.gz")
    whole = gzip.compress(b"a line\n" * 1000)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cut.gz: damaged"):
        read_lines(tmp_path / "cut.gz")
    (tmp_path / "flipped.gz").write_bytes(whole[:20] + bytes([whole[20] ^ 255]) + whole[21:])
    with pytest.raises(InputError, match="flipped.gz: damaged"):
        read_lines(tmp_path / "flipped.gz")


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "file").write_text("x")
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match=r"file: cannot be read \(Permission denied\)"):
        read_lines(tmp_path / "file")


def test_sha256_equals_the_coreutils_one(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(3_000_000))
    started = time.monotonic()
    expected = subprocess.check_output(["sha256sum", path], text=True).split()[0]
    assert sha256(path) == expected and time.monotonic() - started < 60
