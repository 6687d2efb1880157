"""The pictures of the pages in the docs: the command that renews them, on a demo without any training."""

from __future__ import annotations

import subprocess
import sys

import pytest
from matplotlib.image import imread

from scripts.figures.pages import PICTURES
from tests.conftest import ROOT
from tests.pages.conftest import CHROMIUM
from tests.pages.report.sweeps import (
    hypothesis_lines,
    log_session,
    reference_lines,
    source_lines,
    write_attention,
    write_lines,
)

IMAGES = ROOT / "docs" / "images"
LARGEST = 200_000
"""Bytes of a picture in the repository."""


def photograph(demo, out):
    command = [sys.executable, "-m", "scripts.figures.pages", demo, "--out", out]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def write_demo(folder):
    """What `make demo` leaves behind, as far as the pages need it."""
    (folder / "logs").mkdir(parents=True)
    write_lines(folder / "test.de", reference_lines("test_one"))
    (folder / "scores.json").touch()
    for name in ("pretrain", "softmax", "evsoftmax"):
        (folder / "logs" / f"train_{name}.log").write_text(log_session(1, 400, start_value=9), encoding="utf-8")
    for name in ("softmax", "evsoftmax"):
        lines = hypothesis_lines("test_one", name, 1)
        write_lines(folder / f"{name}.hyp", lines)
        write_attention(folder / f"{name}.npz", name, source_lines("test_one"), lines, 1)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_each_picture_has_the_size_of_its_screen(tmp_path):
    pytest.importorskip("playwright")
    done = photograph(write_demo(tmp_path / "demo"), tmp_path / "images")
    assert done.returncode == 0, done.stderr
    for name, (_, options) in PICTURES.items():
        height, width, _ = imread(tmp_path / "images" / f"page_{name}.png").shape
        assert {"width": width, "height": height} == options["viewport"]


def test_a_folder_without_a_demo_is_an_error(tmp_path):
    done = photograph(tmp_path, tmp_path / "images")
    assert done.returncode == 2 and "run: make demo" in done.stderr


def test_the_docs_hold_these_pictures_and_show_each():
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    for name in PICTURES:
        assert f"images/page_{name}.png" in text
        assert 0 < (IMAGES / f"page_{name}.png").stat().st_size < LARGEST
