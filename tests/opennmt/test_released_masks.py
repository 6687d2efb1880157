"""scripts/released_masks.py: what the released formulation makes of masks, counted on a real model's scores."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from scripts.released_masks import Count, sample_batches

ROOT = Path(__file__).resolve().parents[2]


def test_one_hidden_key_makes_the_released_formulation_softmax():
    count = Count()
    count.add(torch.tensor([[1.0, 2.0, 6.0, -1e18], [1.0, 2.0, 6.0, 3.0], [5.0, -1e18, -1e18, -1e18]]))
    assert (count.rows, count.rows_with_hidden_keys) == (2, 1)  # one visible key is no choice
    assert (count.dense_rows, count.dense_rows_ours) == (1, 0)
    # means 3 and 3: ours keeps 6, and 6 and 3; released keeps 1, 2, 6 in the first row
    assert (count.visible_keys, count.kept_released, count.kept_ours) == (7, 5, 3)


def test_batches_of_like_length_hold_neighbours_in_length():
    pairs = [(["w"] * length, ["w"]) for length in (5, 1, 4, 2, 3, 6)]
    by_source = {tuple(len(s) for s, _ in batch) for batch in sample_batches(pairs, "source", 2, 10)}
    assert by_source == {(1, 2), (3, 4), (5, 6)}
    pairs = [(["w"] * source, ["w"] * target) for source, target in ((1, 9), (2, 1), (3, 1), (8, 1))]
    by_longer = {tuple(len(s) for s, _ in batch) for batch in sample_batches(pairs, "longer", 2, 10)}
    assert by_longer == {(2, 3), (8, 1)}
    assert len(sample_batches(pairs, "file", 2, 2)) == 2


def run(*options, check=True):
    command = [sys.executable, str(ROOT / "scripts" / "released_masks.py"), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=check, cwd=ROOT)


def test_the_command_counts_a_trained_model(trained, tmp_path):
    folder, out = trained.folder, tmp_path / "counts.json"
    options = ("--model", folder / "evsoftmax_step_6.pt", "--src", folder / "src.txt")
    printed = run(*options, "--tgt", folder / "tgt.txt", "--batch_size", 16, "--json", out).stdout
    assert printed.count("| encoder |") == 3
    counts = json.loads(out.read_text())["counts"]
    for kinds in counts.values():
        for count in kinds.values():
            # a row is dense exactly where a key is hidden, and ours is not dense there
            assert count["dense_rows"] == count["rows_with_hidden_keys"] < count["rows"]
            assert count["dense_rows_ours"] == 0
            assert count["kept_ours"] < count["kept_released"] <= count["visible_keys"]
    # padding is rarer among sentences of like length; what is kept of a sentence does not depend on its batch
    rare, common = (counts[order]["encoder"] for order in ("source", "file"))
    assert rare["rows_with_hidden_keys"] < common["rows_with_hidden_keys"]
    assert rare["kept_ours"] == pytest.approx(common["kept_ours"], rel=1e-3)


def test_files_of_different_length_are_refused(trained, tmp_path):
    short = tmp_path / "short.txt"
    short.write_text("w1\n")
    model = trained.folder / "evsoftmax_step_6.pt"
    failed = run("--model", model, "--src", trained.folder / "src.txt", "--tgt", short, check=False)
    assert failed.returncode == 2 and "short.txt has 1" in failed.stderr
