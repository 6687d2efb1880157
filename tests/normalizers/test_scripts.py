"""The benchmark and the figure scripts, run as a user runs them, at the smallest size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.image import imread

ROOT = Path(__file__).resolve().parents[2]


def run(script, *options, check=True):
    command = [sys.executable, str(ROOT / "scripts" / script), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=check, cwd=ROOT)


@pytest.mark.slow
def test_benchmark(tmp_path):
    options = ("--shapes", "64x16", "8x200", "--threads", 1, "--seconds", 0, "--clock", "cpu")
    printed = run("benchmarks/normalizers.py", *options, "--out", tmp_path / "speed").stdout
    assert "| ours: ev-softmax |" in printed and printed.count("| torch softmax |") == 2
    report = json.loads((tmp_path / "speed.json").read_text())
    rows = [row for row in report["measurements"] if row["name"] == "ours: ev-softmax"]
    assert {(row["shape"], row["masked"]) for row in rows} == {
        (s, m) for s in ("64x16", "8x200") for m in (False, True)
    }
    # ev-softmax needs no more memory than its result, and a count per row
    assert all(row["extra_mib"] * 2**20 <= 1.2 * 4 * 64 * 25 for row in rows)
    assert (tmp_path / "speed.md").read_text() in printed
    assert imread(tmp_path / "speed.png")[..., :3].min() < 0.5  # something is drawn on the white page


def test_benchmark_refuses_a_shape_it_cannot_read():
    result = run("benchmarks/normalizers.py", "--shapes", "64", check=False)
    assert result.returncode != 0 and "write rows x classes" in result.stderr


@pytest.mark.slow
def test_figures(tmp_path):
    run("figures/simplex.py", "--out", tmp_path, "--resolution", 20)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"simplex.png", "simplex.svg", "simplex_support.png", "simplex_support.svg"}
    text = (tmp_path / "simplex.svg").read_text()
    assert "ev-softmax(v) = (0.27, 0.73, 0.00)" in text and "sparsemax(v) = (0.00, 1.00, 0.00)" in text
