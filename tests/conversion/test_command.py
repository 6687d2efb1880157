"""The command line, and what stock OpenNMT-py does with its result."""

from __future__ import annotations

import subprocess
import sys

import pytest

from onmt_evsoftmax.base.versions import missing_opennmt

from .conftest import load
from .legacy import FIRST, write_legacy


@pytest.fixture(scope="module")
def converted(modern, command, tmp_path_factory):
    """(result of the command, NEW.pt) for a checkpoint of the first versions, such as the published one."""
    folder = tmp_path_factory.mktemp("converted")
    write_legacy(modern.checkpoint, folder / "averaged.pt", FIRST, optim=None)
    result = command("onmt_evsoftmax", "convert", "averaged.pt", "new.pt", cwd=folder)
    return result, folder / "new.pt"


def test_it_says_what_it_did_and_what_to_type_next(converted):
    lines = converted[0].stdout.splitlines()
    assert lines[0].startswith("averaged.pt: OpenNMT-py 0.1 to 0.6, transformer of 2 + 2 layers, width 16")
    assert lines[1].startswith("new.pt: written for OpenNMT-py 3.x")
    assert lines[2] == "translate: onmt_translate -model new.pt -src SOURCE -output OUTPUT"
    assert "-train_from new.pt -reset_optim all -self_attn_function evsoftmax" in lines[3]


def test_stock_translation_is_the_same_before_and_after(modern, converted, tmp_path):
    before = modern.translate(modern.folder / "model.pt", tmp_path / "before")
    after = modern.translate(converted[1], tmp_path / "after")
    assert before == after
    assert len(after[1]) == len(after[0]) == 100
    reference = [line.replace("s", "t") for line in (modern.folder / "test.txt").read_text().splitlines()]
    words = [pair for lines in zip(reference, after[0]) for pair in zip(*(line.split() for line in lines))]
    assert sum(word == other for word, other in words) > len(words) / 2, "the model has learnt too little"


def test_stock_training_goes_on_from_it_with_ev_softmax(modern, converted, command, tmp_path):
    command(
        "onmt_train", "-config", modern.folder / "config.yaml", "-train_from", converted[1],
        "-reset_optim", "all", "-self_attn_function", "evsoftmax", "-train_steps", "1",
        "-save_checkpoint_steps", "1", "-save_model", tmp_path / "tuned",
    )  # fmt: skip
    tuned = load(tmp_path / "tuned_step_1.pt")
    assert tuned["opt"].self_attn_function == "evsoftmax"
    start = load(converted[1])
    assert all(tuned["vocab"][side] == start["vocab"][side] for side in ("src", "tgt"))
    before, after = start["model"], tuned["model"]
    assert before.keys() == after.keys()
    largest_step = max((after[name] - before[name]).abs().max() for name in before)
    assert 0 < largest_step <= 0.0101, "one step of Adam from the converted weights, at a learning rate of 0.01"


def test_bad_input_is_one_line_and_status_2(command, tmp_path):
    (tmp_path / "old.pt").write_text("no checkpoint")
    result = command("onmt_evsoftmax", "convert", "old.pt", "new.pt", cwd=tmp_path, check=False)
    assert result.returncode == 2 and not result.stdout
    assert result.stderr.startswith("onmt_evsoftmax convert: error: old.pt: not a checkpoint")
    assert result.stderr.count("\n") == 1


def test_without_opennmt_one_line_says_what_is_missing(modern, tmp_path):
    write_legacy(modern.checkpoint, tmp_path / "old.pt", FIRST, optim=None)
    code = "import sys\nsys.modules['onmt'] = None\nfrom onmt_evsoftmax.cli import main\n"
    code += "sys.exit(main(['convert', 'old.pt', 'new.pt']))"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"onmt_evsoftmax convert: error: {missing_opennmt()}\n"
    assert not (tmp_path / "new.pt").exists()
