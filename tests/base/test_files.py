"""Files appear whole or not at all, and text is read strictly."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write, check_writable, read_lines, sha256


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
    process = a_process_that_writes(path)
    process.kill()
    process.wait()
    assert path.read_text() == "old"


def a_process_that_writes(path) -> subprocess.Popen:
    """A process that has begun to write ``path``; it is alive until somebody kills it."""
    code = (
        "import sys, time\nfrom onmt_evsoftmax.base.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as stream:\n"
        "    stream.write('new'); stream.flush(); print('written', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "written\n"
    return process


def test_the_next_run_removes_what_a_killed_one_left_and_nothing_of_a_living_one(tmp_path):
    path = tmp_path / "a[1]"
    (tmp_path / ".a[1].part").write_text("the part of a download")
    (tmp_path / ".a[1].b.part").write_text("that of a longer name")
    dead, living = a_process_that_writes(path), a_process_that_writes(path)
    dead.kill()
    dead.wait()
    try:
        with atomic_write(path) as stream:
            stream.write("next")
        left = sorted(entry.name for entry in tmp_path.iterdir())
        assert [name for name in left if "writing" not in name] == [".a[1].b.part", ".a[1].part", "a[1]"]
        assert len(left) == 4
    finally:
        living.kill()
        living.wait()
    with atomic_write(path) as stream:
        stream.write("last")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".a[1].b.part", ".a[1].part", "a[1]"]


def test_many_writers_of_one_file_do_not_disturb_each_other(tmp_path):
    def write(number):
        for _ in range(30):
            with atomic_write(tmp_path / "file") as stream:
                stream.write(f"{number}" * 1000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    content = (tmp_path / "file").read_text()
    assert len(content) == 1000 and len(set(content)) == 1


WRITERS = {
    "text": "stream.write('x' * 200_000)",
    "numpy": "import numpy; numpy.savez(stream, a=numpy.zeros(50_000))",
    "torch": "import torch; torch.save({'a': torch.zeros(50_000)}, stream)",
    "figure": "from matplotlib.figure import Figure; Figure((40, 40)).savefig(stream, format='raw')",
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_disk_without_room_is_one_clear_line(tmp_path, writer):
    """A limit on the size of files makes the kernel refuse in the middle of a file, as a full disk does."""
    code = (
        "import resource, sys\nfrom onmt_evsoftmax.base.errors import InputError\n"
        "from onmt_evsoftmax.base.files import atomic_write\n"
        "try:\n    with atomic_write(sys.argv[1], sys.argv[2]) as stream:\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        f"        {WRITERS[writer]}\nexcept InputError as error:\n    print(error)"
    )
    call = [sys.executable, "-c", code, str(tmp_path / "file"), "w" if writer == "text" else "wb"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120)
    assert done.stdout == f"{tmp_path / 'file'}: cannot be written (File too large); make room or name another place\n"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def full_disk(tmp_path):
    """A file system of 64 kB; skipped where nobody may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    call = [mount or "false", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(call, capture_output=True).returncode != 0:
        pytest.skip("may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(full_disk):
    (full_disk / "file").write_text("old")
    with pytest.raises(InputError, match=r"file: cannot be written \(No space left on device\); make room"):
        with atomic_write(full_disk / "file", "wb") as stream:
            stream.write(bytes(200_000))
    assert [entry.name for entry in full_disk.iterdir()] == ["file"]
    assert (full_disk / "file").read_text() == "old"


def test_a_read_only_file_system(full_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(full_disk)], check=True)
    with pytest.raises(InputError, match=r"file: cannot be written \(no permission for .*disk\)"):
        check_writable(full_disk / "new" / "file")


def test_places_that_cannot_be_written_are_known_before_the_work(tmp_path):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path, "is a folder; name the file"),
        (tmp_path / "file" / "below", r"below: cannot be written, because .*file is a file"),
        (tmp_path / "file" / "far" / "below", "is a file; name another place"),
        (tmp_path / "pipe", "is no ordinary file"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with pytest.raises(InputError, match=message):
            check_writable(path)
        with pytest.raises(InputError, match=message), atomic_write(path):
            pytest.fail("work began")
    check_writable(tmp_path / "new" / "folder" / "file")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "pipe"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(InputError, match="no permission for"), atomic_write(tmp_path / "file"):
        pytest.fail("work began")


def test_the_file_has_the_usual_permissions(tmp_path):
    with atomic_write(tmp_path / "ours") as stream:
        stream.write("x")
    (tmp_path / "usual").write_text("x")
    assert os.stat(tmp_path / "ours").st_mode == os.stat(tmp_path / "usual").st_mode


def test_text_is_utf8_with_unix_line_ends_and_folders_are_made(tmp_path):
    with atomic_write(tmp_path / "a" / "b" / "file") as stream:
        stream.write("Straße\n")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == "Straße\n".encode()


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
