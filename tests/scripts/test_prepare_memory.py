"""The benchmark of memory, run as a user runs it, at the smallest size."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "benchmarks" / "prepare_memory.py"

MEASURABLE = Path("/proc/self/smaps_rollup").exists()
pytestmark = pytest.mark.skipif(not MEASURABLE, reason="memory is read from /proc")


@pytest.fixture
def benchmark():
    spec = importlib.util.spec_from_file_location("prepare_memory", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_command_runs_and_is_measured(tmp_path):
    options = ["--lines", "3000", "--merges", "50", "--out", str(tmp_path / "memory")]
    command = [sys.executable, str(SCRIPT), *options]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    report = json.loads((tmp_path / "memory.json").read_text())
    (record,) = report["runs"]
    assert (record["lines"], record["segment"]) == (3000, "bpe")
    assert record["processes"] >= 3  # the command and two workers
    assert 20 < record["peak_pss_mb"] <= record["peak_rss_mb"] and record["seconds"] > 0
    assert "sacremoses" in report["machine"]
    assert (tmp_path / "memory.md").read_text() in printed


def test_memory_of_children_counts(benchmark):
    hold = "import sys; held = bytearray(60 << 20); print('held', flush=True); sys.stdin.read()"
    before = benchmark.memory([os.getpid()])  # other tests may have left children of this process
    child = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        child.stdout.readline()
        assert child.pid in benchmark.family(os.getpid())
        grown = {name: now - before[name] for name, now in benchmark.memory([os.getpid(), child.pid]).items()}
        assert all(60 << 10 <= kilobytes < 160 << 10 for kilobytes in grown.values())
    finally:
        child.kill()
        child.communicate()


def test_the_corpus_is_the_same_each_time_and_repeats_every_twentieth_line(benchmark):
    lines = list(benchmark.sentences(100, 1))
    assert lines == list(benchmark.sentences(100, 1)) != list(benchmark.sentences(100, 2))
    assert [number for number in range(1, 100) if lines[number] == lines[number - 1]] == [19, 39, 59, 79, 99]
