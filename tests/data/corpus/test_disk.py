"""Full disks, folders that cannot be written to, files in the way: one line, and what is done stays."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from pathlib import Path

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.data.corpus import seen
from onmt_evsoftmax.data.corpus.steps import RECORDS

SMALL_DISK = """
import resource, sys
from onmt_evsoftmax.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
sys.exit(main(sys.argv[1:]))
"""
"""No file may be longer: what the first write beyond it meets is an error of the system, as on a full disk."""


@pytest.mark.parametrize("limit", [400, 4000, 12_000])
def test_disk_that_is_full_in_the_middle(corpus, digests, run_prepare, limit):
    corpus.config["filter"] = {"drop_duplicates": True}
    corpus.prepare()
    expected = digests(corpus.out)
    corpus.config["out"] = str(corpus.folder / "small")
    status, stdout, stderr = run_prepare(corpus.save(), "--workers", 1, script=("-c", SMALL_DISK, str(limit)))
    assert (status, stdout) == (2, "")
    last = stderr.splitlines()[-1]
    assert last.startswith("onmt_evsoftmax prepare: error: ") and str(corpus.folder / "small") in last
    assert "Traceback" not in stderr
    small = corpus.folder / "small"
    assert not list(corpus.folder.rglob("*.part")) and not (small / "manifest.json").exists()
    corpus.prepare()
    assert digests(small) == expected


def fail(number: int):
    def refuse(*arguments, **options):
        raise OSError(number, os.strerror(number), "x")

    return refuse


@pytest.mark.parametrize(
    "function, number",
    [
        ((os, "fsync"), errno.ENOSPC),
        ((os, "replace"), errno.EDQUOT),
        ((tempfile, "mkstemp"), errno.EROFS),
        ((tempfile, "mkstemp"), errno.EACCES),
    ],
    ids=["full", "quota", "read-only", "no permission"],
)
def test_error_of_the_system_is_one_line_and_leaves_nothing(corpus, monkeypatch, function, number):
    monkeypatch.setattr(*function, fail(number))
    with pytest.raises(InputError, match=os.strerror(number)) as error:
        corpus.prepare()
    assert "\n" not in str(error.value)
    assert not corpus.out.exists()


def test_folder_that_may_not_be_made(corpus, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", fail(errno.EACCES))  # pathlib of Python 3.10 keeps an os.mkdir of its own
    with pytest.raises(InputError, match="out: cannot be the output folder: .*Permission denied; .*--out"):
        corpus.prepare()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_permission(corpus):
    corpus.out.mkdir(mode=0o555)
    with pytest.raises(InputError, match="out: cannot be the output folder: .*Permission denied"):
        corpus.prepare()


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "vocab.shared",
        "train.tok.en",
        f"{RECORDS}/lock",
        f"{RECORDS}/learn.json",
    ],
)
def test_folder_in_place_of_a_file(corpus, name):
    (corpus.out / name).mkdir(parents=True)
    with pytest.raises(InputError, match=f"{name}: .*(folder|directory)") as error:
        corpus.prepare()
    assert "\n" not in str(error.value)
    assert (corpus.out / name).is_dir()
    (corpus.out / name).rmdir()
    assert corpus.prepare().performed


@pytest.mark.parametrize("name", ["out", f"out/{RECORDS}"])
def test_file_in_place_of_a_folder(corpus, run_prepare, name):
    (corpus.folder / name).parent.mkdir(exist_ok=True)
    (corpus.folder / name).write_text("mine")
    status, stdout, stderr = run_prepare(corpus.save())
    assert (status, stdout) == (2, "")
    assert stderr.startswith("onmt_evsoftmax prepare: error: ") and stderr.count("\n") == 1
    assert f"{corpus.folder / name} is a file" in stderr
    assert (corpus.folder / name).read_text() == "mine"


def test_no_room_for_the_pairs_that_came_before(corpus, monkeypatch):
    class Full:
        def execute(self, command, *arguments):
            if command.startswith("INSERT"):
                raise sqlite3.OperationalError("database or disk is full")

        def close(self):
            pass

    monkeypatch.setattr(seen.sqlite3, "connect", lambda *path, **options: Full())
    corpus.config["filter"] = {"drop_duplicates": True}
    with pytest.raises(InputError, match="cannot be written .database or disk is full.; make room"):
        corpus.prepare()
    assert not list(corpus.out.rglob("*.part"))


def test_source_that_may_not_be_read(corpus, monkeypatch):
    from onmt_evsoftmax.data.corpus import sources

    monkeypatch.setattr(sources, "text_sha256", fail(errno.EACCES))
    with pytest.raises(InputError, match="src.txt: cannot be read .Permission denied."):
        corpus.prepare()
    assert not corpus.out.exists()


@pytest.mark.parametrize(
    "harm",
    [
        lambda corpus: corpus.file("train", "tgt").unlink(),
        lambda corpus: corpus.file("test", "tgt").write_text("too few\n"),
        lambda corpus: corpus.config.update(src_lang="xx"),
        lambda corpus: corpus.config.update(segment={"method": "bpe", "model": "absent"}),
    ],
    ids=["no source", "misaligned", "language", "model"],
)
def test_failure_before_anything_was_made_leaves_no_folder(corpus, harm):
    harm(corpus)
    before = set(corpus.folder.rglob("*"))
    corpus.config["out"] = str(corpus.folder / "some" / "new" / "folder")
    with pytest.raises(InputError):
        corpus.prepare()
    assert set(corpus.folder.rglob("*")) - before <= {corpus.folder / "small.prepare.yaml"}
