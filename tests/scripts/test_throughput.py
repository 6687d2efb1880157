"""The throughput benchmark, run as a user runs it, at the smallest size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "benchmarks" / "throughput.py"


def run(*options, check=True):
    command = [sys.executable, str(SCRIPT), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=check, cwd=ROOT)


@pytest.mark.slow
def test_the_functions_train_and_translate_beside_softmax(tmp_path):
    printed = run(
        "--rounds", 1, "--steps", 10, "--sentences", 4, "--functions", "ssmax", "--out", tmp_path / "speed"
    ).stdout
    report = json.loads((tmp_path / "speed.json").read_text())
    assert [record["function"] for record in report["functions"]] == ["softmax", "ssmax"]
    for record in report["functions"]:
        for task in ("training", "translation"):
            assert record[task]["tokens_per_second"] > 0 and len(record[task]["rounds"]) == 1
    assert report["functions"][0]["training"]["ratio_to_softmax"] == 1
    assert (tmp_path / "speed.md").read_text() in printed


def test_too_few_steps_are_refused():
    result = run("--steps", 9, check=False)
    assert result.returncode == 2 and "--steps at least 10" in result.stderr
