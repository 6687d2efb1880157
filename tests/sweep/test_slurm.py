"""A sweep through Slurm, killed and continued, against the same sweep without it; docs/sweep.md sets a cluster up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytest.importorskip("snakemake_executor_plugin_slurm", reason="needs pip install 'onmt_evsoftmax[slurm]'")

from onmt_evsoftmax.base.files import sha256

from .projects import Project, finish, make_project, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.slow]
SLURM = ("--workflow-profile", "slurm", "--default-resources", "runtime=10", "mem_mb=1000")
SHORT = {"functions": ["evsoftmax"], "fine_tune": {"steps": 4}, "average": [2, 4]}


@pytest.fixture(scope="module")
def cluster() -> None:
    """Skips where no Slurm answers."""
    if shutil.which("sinfo") is None or subprocess.run(["sinfo"], capture_output=True, timeout=60).returncode != 0:
        pytest.skip("no Slurm answers: sinfo")


def results(project: Project) -> dict[str, object]:
    """The weights, translations and scores of every run."""
    models = {path.parent.name: sha256(path) for path in project.out.glob("*.1/model.pt")}
    hypotheses = {path.parent.name: path.read_text(encoding="utf-8") for path in project.out.glob("*.1/test.hyp")}
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(project.out.glob("*.1/test.json"))]
    return {
        "models": models,
        "hypotheses": hypotheses,
        "systems": [system for report in reports for system in report["systems"]],
    }


def wait_for_orphans(folder: Path) -> None:
    """The jobs that a killed sweep leaves to Slurm hold the folders of their trainings until they end."""
    deadline = time.monotonic() + 300
    while str(folder) in subprocess.check_output(["squeue", "--noheader", "--format", "%Z"], text=True).split("\n"):
        assert time.monotonic() < deadline
        time.sleep(1)


def test_a_sweep_through_slurm_that_was_killed_gives_what_one_without_slurm_gives(cluster, tmp_path):
    here, there = make_project(tmp_path / "here"), make_project(tmp_path / "there")
    without_slurm = here.start(**SHORT)
    process = there.start(*SLURM, **SHORT)
    wait_for(process, lambda: list(there.out.glob("*.1/train.log")))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    wait_for_orphans(there.folder)
    output = finish(there.start(*SLURM, **SHORT))
    finish(without_slurm)
    assert "has been submitted with SLURM jobid" in output and "rule pretrain" not in output
    assert results(there) == results(here) and len(results(here)["models"]) == 1
    assert (there.out / "report.html").exists()
