"""``onmt_evsoftmax fetch`` as it is typed, and killed."""

from __future__ import annotations

import os
import random
import signal
import time

from onmt_evsoftmax.data.fetching.catalogue import DATASETS

WEIGHTS = random.Random(0).randbytes(1_500_000)
ARCHIVE = "transformer-ende-wmt-pyOnmt.tar.gz"


def finished(process) -> tuple[int, str, str]:
    stdout, stderr = process.communicate(timeout=120)
    return process.returncode, stdout, stderr


def test_list_names_everything(start_fetch):
    status, stdout, _ = finished(start_fetch("--list"))
    assert status == 0
    for entry in DATASETS:
        assert entry.name in stdout and entry.licence in stdout
        assert all(item.url in stdout for items in entry.sources.values() for item in items)


def test_unknown_name_lists_the_known_ones(start_fetch):
    status, _, stderr = finished(start_fetch("iwslt"))
    assert status == 2 and stderr.count("\n") == 1
    assert all(entry.name in stderr for entry in DATASETS)


def test_killed_download_goes_on_where_it_was(start_fetch, server, tmp_path, make_archive):
    files = {"averaged-10-epoch.pt": WEIGHTS, "sentencepiece.model": b"pieces"}
    server.files[f"/{ARCHIVE}"] = make_archive(tmp_path / ARCHIVE, files).read_bytes()
    total = len(server.files[f"/{ARCHIVE}"])
    server.pause = 0.02
    process = start_fetch("wmt_pretrained", "--mirror", server.url)
    part = tmp_path / "data" / "downloads" / "s3.amazonaws.com" / "opennmt-models" / f".{ARCHIVE}.part"
    deadline = time.monotonic() + 60
    while (not part.exists() or part.stat().st_size < total // 4) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    there = part.stat().st_size
    assert total // 4 <= there < total
    server.pause = 0.0
    status, stdout, stderr = finished(start_fetch("wmt_pretrained", "--mirror", server.url))
    assert status == 0, stderr
    assert server.asked[-1] == f"bytes={there}-" and server.sent[-1] == total - there
    folder = tmp_path / "data" / "wmt_pretrained"
    assert (folder / "averaged-10-epoch.pt").read_bytes() == WEIGHTS
    assert (folder / "sentencepiece.model").read_bytes() == b"pieces"
    assert "up to date" in finished(start_fetch("wmt_pretrained"))[1]
