"""Bad input on the real command line: one line, exit status 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from other_experiments.ssvae import table, train

ROOT = Path(__file__).resolve().parents[3]


def command(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"other_experiments.ssvae.{module}", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--method", "reinforce"], "method: unknown 'reinforce'; "),
        (["--normalizer", "sparsemix"], "method: unknown 'sparsemix'; did you mean sparsemax?"),
        (["--normalizer", "sfe"], "'sfe' is no mapping"),
        (["--mirror", "no/such/folder"], "no/such/folder/train-images-idx3-ubyte.gz: no such file"),
        (["--seeds", "9-3"], "runs backwards"),
        (["--preset", "small", "--epochs", "0"], "epochs: must be at least 1, got 0"),
        (["--preset", "tiny"], "preset: unknown 'tiny'"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, message):
    result = command("train", *arguments, "--out", tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
    assert message in result.stderr


def test_run_folder_of_another_config_and_table(tmp_path, small):
    options = ["--config", small(), "--out", str(tmp_path)]
    train.main([*options, "--method", "posthoc_evidential"])
    result = command("train", *options, "--epochs", 2, "--method", "softmax")
    assert result.returncode == 2
    assert "seed-43: holds a run of another config (epochs: 1 there, 2 here)" in result.stderr
    assert result.stderr.count("\n") == 1

    result = command("table", tmp_path, "--out", tmp_path / "table2")
    assert result.returncode == 0, result.stderr
    text = (tmp_path / "table2.md").read_text()
    assert "| post-hoc evidential | 1 |" in text and "| softmax | 1 |" in text
    assert "ev-softmax" not in text  # not trained


def test_table_without_runs(tmp_path):
    result = command("table", tmp_path)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "holds no run that is through" in result.stderr


def test_table_refuses_runs_of_different_settings(tmp_path, small):
    options = ["--config", small(), "--out", str(tmp_path)]
    train.main([*options, "--method", "softmax"])
    train.main([*options, "--method", "sfe", "--epochs", "2"])
    with pytest.raises(ValueError, match="its epochs differ from the other runs'"):
        table.collect(tmp_path)
