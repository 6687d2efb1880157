"""``onmt_evsoftmax sweep`` itself: what it hands on, and what it refuses before Snakemake starts."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path

import pytest

from onmt_evsoftmax.cli import main
from onmt_evsoftmax.sweep import command

from .projects import finish, planned_jobs, wait_for

needs_snakemake = pytest.mark.skipif(
    importlib.util.find_spec("snakemake") is None,
    reason="needs pip install 'onmt_evsoftmax[sweep]', Python 3.11 or newer",
)


def refused(capsys, *arguments) -> str:
    assert main(["sweep", *map(str, arguments)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("onmt_evsoftmax sweep: error: ") and error.count("\n") == 1
    return error


def test_without_snakemake_it_says_how_to_install_it(capsys, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "snakemake" else True)
    assert "pip install 'onmt_evsoftmax[sweep]'" in refused(capsys, "sweep.yaml")


def test_without_opennmt_it_says_so_before_anything_runs(capsys, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "onmt" else True)
    assert "needs OpenNMT-py" in refused(capsys, "sweep.yaml")


def test_without_settings_it_says_what_they_are(capsys):
    assert "configs/sweeps/toy_ende.yaml" in refused(capsys)


@needs_snakemake
def test_a_missing_file_and_an_unknown_profile_are_one_line(capsys, project):
    assert "none.yaml: no such file" in refused(capsys, project.folder / "none.yaml")
    settings = project.write()
    assert "--workflow-profile none: " in refused(capsys, settings, "--workflow-profile", "none")


def test_the_path_of_the_snakefile_is_printed(capsys):
    """For ``snakemake -s``."""
    assert main(["sweep", "--snakefile"]) == 0
    path = Path(capsys.readouterr().out.rstrip("\n"))
    assert path.name == "Snakefile" and "rule fine_tune" in path.read_text(encoding="utf-8")


@needs_snakemake
def test_targets_and_options_reach_snakemake(project):
    """`tables` ends before the report."""
    output = project.run("tables", "--dry-run", "--config", "seeds=[7]", "keep_archives=[7]")
    assert "report" not in planned_jobs(output) and "out/evsoftmax.7/test.json" in output


@needs_snakemake
def test_a_profile_of_the_user_replaces_the_shipped_one(project):
    profile = project.folder / "mine"
    profile.mkdir()
    (profile / "config.yaml").write_text("quiet: [rules]\ncores: 1\n", encoding="utf-8")
    output = project.run("--dry-run", "--workflow-profile", "mine")
    assert f"workflow specific profile {profile.name}" in output and "Shell command" not in output


@needs_snakemake
@pytest.mark.slow
def test_ctrl_c_ends_the_jobs_and_the_status_is_130(project):
    process = project.start(pretrain={"steps": 4000})
    log = project.out / "pretrain" / "train.log"
    wait_for(process, lambda: log.exists() and "Step" in log.read_text(encoding="utf-8"))
    os.killpg(process.pid, signal.SIGINT)
    assert finish(process, status=130).endswith("onmt_evsoftmax sweep: interrupted; the same command continues\n")
