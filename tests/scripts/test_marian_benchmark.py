"""The benchmark of Marian in Transformers, run as a user runs it, at the smallest size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PreTrainedModel = pytest.importorskip("transformers").PreTrainedModel
if not hasattr(PreTrainedModel, "set_attn_implementation"):
    pytest.skip("models of this Transformers keep their attention", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_contestant_is_measured_beside_eager(tmp_path):
    options = ["--rounds", "1", "--lengths", "4", "--tokens", "8", "--out", tmp_path / "speed"]
    command = [sys.executable, ROOT / "scripts" / "benchmarks" / "marian.py", *options]
    printed = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    measured = json.loads((tmp_path / "speed.json").read_text(encoding="utf-8"))["measurements"]
    assert {row["task"] for row in measured} == {"training", "generation"}
    assert {"eager", "sdpa", "softmax", "evsoftmax"} <= {row["name"] for row in measured}
    for row in measured:
        assert len(row["seconds"]) == 1 and row["seconds"][0] > 0 and (row["name"] != "eager" or row["ratios"] == [1])
    assert (tmp_path / "speed.md").read_text(encoding="utf-8") in printed
