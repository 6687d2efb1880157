"""`make demo` on a shorter schedule: whole, continued after kill -9, and idle the third time."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from onmt_evsoftmax.archive import AttentionArchive

ROOT = Path(__file__).resolve().parents[2]
SCHEDULE = ["--pretrain", "8", "--fine_tune", "4", "--checkpoint_every", "2", "--sentences", "3"]

pytestmark = pytest.mark.slow


def start(out: Path, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.demo", "--out", str(out), *SCHEDULE, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen, status: int = 0) -> str:
    output, _ = process.communicate(timeout=600)
    assert process.returncode == status, output
    return output


@pytest.fixture(scope="module")
def killed_and_continued(tmp_path_factory) -> Path:
    """A demo that was killed while it trained, and started again."""
    out = tmp_path_factory.mktemp("demo") / "run"
    process = start(out)
    deadline = time.monotonic() + 500
    while not (out / "pretrain_step_4.pt").exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "report.html").exists()
    finish(start(out))
    return out


@pytest.fixture(scope="module")
def next_commands(killed_and_continued) -> list[str]:
    """What the demo prints at its end, as lines of a shell."""
    printed = finish(start(killed_and_continued)).partition("What to try next")[2]
    return re.findall(r"^\d\. .*\n   (.*)$", printed, flags=re.MULTILINE)


def test_everything_is_there_after_a_kill(killed_and_continued):
    names = {path.name for path in killed_and_continued.iterdir()}
    assert {
        "report.html",
        "attention.html",
        "heatmap.svg",
        "scores.json",
        "softmax.hyp",
        "evsoftmax.hyp",
    } <= names
    assert {"pretrain_step_8.pt", "softmax_step_4.pt", "evsoftmax_step_4.pt"} <= names
    assert not [name for name in names if name.startswith("partial.")]


def test_training_continued_from_a_checkpoint(killed_and_continued):
    log = (killed_and_continued / "logs" / "train_pretrain.log").read_text(encoding="utf-8")
    assert "Loading checkpoint from" in log


def test_the_functions_are_in_place(killed_and_continued):
    functions = {name: AttentionArchive(killed_and_continued / f"{name}.npz") for name in ("softmax", "evsoftmax")}
    assert (functions["evsoftmax"][0].attention["cross"] == 0).any()
    assert (functions["softmax"][0].attention["cross"] > 0).all()


def test_the_scores_name_both_systems(killed_and_continued):
    report = json.loads((killed_and_continued / "scores.json").read_text(encoding="utf-8"))
    assert [system["name"] for system in report["systems"]] == ["softmax", "evsoftmax"]


def test_the_report_needs_no_network(killed_and_continued):
    class Links(HTMLParser):
        def __init__(self):
            super().__init__()
            self.links = []

        def handle_starttag(self, tag, attributes):
            self.links += [
                value for name, value in attributes if name in ("src", "href") and not value.startswith(("#", "data:"))
            ]

    page = (killed_and_continued / "report.html").read_text(encoding="utf-8")
    parser = Links()
    parser.feed(page)
    assert parser.links == ["attention.html"]
    assert "ev-softmax" in page and "<svg" in page and "nrefs:1" in page


def test_the_third_time_nothing_is_made_again(killed_and_continued):
    outputs = [path for path in killed_and_continued.iterdir() if path.is_file() and path.name != "report.html"]
    before = {path: path.stat().st_mtime_ns for path in outputs}
    finish(start(killed_and_continued))
    assert {path: path.stat().st_mtime_ns for path in outputs} == before


def test_the_next_commands_work_from_the_same_folder(killed_and_continued, next_commands):
    """All of them, in any shell: the scripts of this environment need not be on its path."""
    assert len(next_commands) == 5
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    for line in next_commands:
        line += " --dry-run" if " sweep " in line else ""
        result = subprocess.run(line, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
    made = {"heads.svg", "more.json", "posthoc.hyp", "sparsemax_step_4.pt"}
    assert made <= {path.name for path in killed_and_continued.iterdir()}


def test_other_settings_are_refused_and_nothing_is_lost(killed_and_continued):
    output = finish(start(killed_and_continued, "--fine_tune", "6"), status=2)
    assert "other settings" in output and "rm -r" in output
    assert (killed_and_continued / "report.html").exists()


def test_half_a_checkpoint_is_not_continued_from(tmp_path):
    import torch

    from onmt_evsoftmax.sweep.checkpoints import whole_checkpoints

    torch.save({"a": torch.zeros(1000)}, tmp_path / "m_step_2.pt")
    whole = (tmp_path / "m_step_2.pt").read_bytes()
    (tmp_path / "m_step_4.pt").write_bytes(whole[: len(whole) // 2])
    assert whole_checkpoints(tmp_path / "m") == [(2, tmp_path / "m_step_2.pt")]


def test_a_failing_stage_names_its_log(tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    with zipfile.ZipFile(out / "pretrain_step_2.pt", "w") as bundle:
        bundle.writestr("not", "a checkpoint")
    output = finish(start(out), status=2)
    assert "train pretrain exited with status" in output and "train_pretrain.log" in output


@pytest.mark.parametrize("steps", ["0", "-1", "many"])
def test_a_number_of_steps_without_an_end_is_refused(tmp_path, steps):
    output = finish(start(tmp_path / "run", f"--pretrain={steps}"), status=2)
    assert "not a number from 1 up" in output and not (tmp_path / "run").exists()
