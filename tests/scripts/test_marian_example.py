"""The example with Transformers on a shorter schedule: whole, after kill -9 too, and idle the next time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

transformers = pytest.importorskip("transformers")
pytest.importorskip("datasets")
pytest.importorskip("accelerate")

from onmt_evsoftmax.archive import AttentionArchive  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCHEDULE = ["--pretrain", "4", "--fine_tune", "2", "--save_steps", "1", "--sentences", "3"]

pytestmark = pytest.mark.slow


def start(out: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.transformers.translate", "--out", str(out), *SCHEDULE],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    return output


@pytest.fixture(scope="module")
def killed_and_continued(tmp_path_factory) -> Path:
    """A run that was killed while it trained, and started again."""
    out = tmp_path_factory.mktemp("example") / "run"
    process = start(out)
    deadline = time.monotonic() + 600
    while not (out / "pretrain" / "checkpoint-2" / "trainer_state.json").exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "pretrain" / "model").exists()
    mark(last_checkpoint(out))
    finish(start(out))
    return out


def last_checkpoint(out: Path) -> Path:
    states = (out / "pretrain").glob("checkpoint-*/trainer_state.json")
    return max((path.parent for path in states), key=lambda path: int(path.name.split("-")[1]))


def mark(checkpoint: Path) -> None:
    """An entry in the Trainer's log, which goes into all later checkpoints."""
    path = checkpoint / "trainer_state.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**state, "log_history": [{"step": 0, "before_the_kill": 1}]}), encoding="utf-8")


def test_everything_is_there_after_a_kill(killed_and_continued):
    out = killed_and_continued
    assert "<svg" in (out / "heatmap.svg").read_text(encoding="utf-8")
    assert "ev-softmax" in (out / "report.html").read_text(encoding="utf-8")
    for function in ("softmax", "evsoftmax"):
        folder = out / f"{function}.1"
        archive = AttentionArchive(folder / "test.npz")
        assert archive.metadata["functions"] == dict.fromkeys(("encoder", "decoder", "cross"), function)
        assert (archive[0].attention["cross"] == 0).any() == (function == "evsoftmax")
        system = json.loads((folder / "test.json").read_text(encoding="utf-8"))["systems"][0]
        assert system["seed"] == 1 and system["attended"]["words"]["mean"] > 0
        config = json.loads((folder / "model" / "config.json").read_text(encoding="utf-8"))
        assert function in (config.get("attn_implementation"), config.get("_attn_implementation"))


def test_training_continued_from_a_checkpoint(killed_and_continued):
    out = killed_and_continued
    state = json.loads((last_checkpoint(out) / "trainer_state.json").read_text(encoding="utf-8"))
    assert state["global_step"] == 4 and state["log_history"][0] == {"step": 0, "before_the_kill": 1}


def test_the_next_time_nothing_is_made_again(killed_and_continued):
    out = killed_and_continued
    made = [out / "softmax.1" / "test.npz", out / "evsoftmax.1" / "model" / "config.json", out / "heatmap.svg"]
    before = [path.stat().st_mtime_ns for path in made]
    assert "$ onmt_evsoftmax attend" not in finish(start(out))
    assert [path.stat().st_mtime_ns for path in made] == before
