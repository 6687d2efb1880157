"""What a training refuses, before it loads anything heavy."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

pytest.importorskip("snakemake", reason="needs pip install 'onmt_evsoftmax[sweep]', Python 3.11 or newer")

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.locks import lock
from onmt_evsoftmax.sweep import train as sweep_train
from onmt_evsoftmax.sweep.checks import read_settings
from onmt_evsoftmax.sweep.runs import training_config
from onmt_evsoftmax.sweep.train import remember_start, start_options

from .projects import ROOT


def train(project, run: str, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "onmt_evsoftmax.sweep.train", str(project.write()), run],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_second_training_of_the_same_run_is_refused(project):
    """After kill -9 of snakemake alone its onmt_train goes on; the folder is its own until it ends."""
    folder = project.out / "pretrain"
    folder.mkdir(parents=True)
    with lock(folder / ".lock", "held twice"):
        result = train(project, "pretrain")
    assert result.returncode == 2 and "another process is training out/pretrain" in result.stderr
    assert not (folder / "train.log").exists()


def test_without_the_plugin_nothing_is_trained(project):
    result = train(project, "pretrain", ONMT_EVSOFTMAX="0")
    assert result.returncode == 2 and "ONMT_EVSOFTMAX=0" in result.stderr and "unset it" in result.stderr
    assert not project.out.exists()


def test_an_unknown_run_is_refused(project):
    result = train(project, "posthoc_evidential.1")
    assert result.returncode == 2
    assert result.stderr.strip() == (
        "train: error: posthoc_evidential.1: no such run; there are pretrain, softmax.1, evsoftmax.1"
    )


def test_a_continued_run_does_not_see_its_first_batches_again(project, monkeypatch):
    """With its own seed OpenNMT-py would draw the order of the corpus again that it began with."""
    monkeypatch.chdir(project.folder)
    settings = read_settings(project.write())
    seed = training_config(settings, "pretrain")["seed"]
    checkpoint = project.out / "pretrain" / "model_step_20.pt"
    assert start_options(settings, "pretrain", []) == []
    assert start_options(settings, "pretrain", [(20, checkpoint)]) == ["-train_from", checkpoint, "-seed", seed + 20]


def test_a_continued_run_does_not_update_its_vocabulary_again(project, monkeypatch):
    """OpenNMT-py accepts update_vocab with reset_optim alone, and a continuation keeps its optimiser."""
    monkeypatch.chdir(project.folder)
    changes = {"fine_tune": {"steps": 40, "overrides": {"update_vocab": True}}}
    project.folder.joinpath("start.pt").write_bytes(b"a model")
    settings = read_settings(project.write(pretrain={"model": "start.pt"}, **changes))
    folder = project.out / "evsoftmax.1"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "model_step_20.pt", "w") as bundle:
        bundle.writestr("not", "a checkpoint")
    commands = []
    monkeypatch.setattr(sweep_train, "_follow", lambda command, *_: commands.append(command))
    sweep_train.train(settings, "evsoftmax.1")
    folder.joinpath("model_step_20.pt").unlink()
    sweep_train.train(settings, "evsoftmax.1")
    updates = [yaml.safe_load(Path(command[2]).read_text()).get("update_vocab") for command in commands]
    assert updates == [None, True]
    assert "-reset_optim" not in commands[0] and "-reset_optim" in commands[1]


def test_a_run_is_not_continued_from_another_starting_model(tmp_path):
    model = tmp_path / "start.pt"
    model.write_bytes(b"one")
    remember_start(model, tmp_path, begun=False)
    remember_start(model, tmp_path, begun=True)
    model.write_bytes(b"another")
    with pytest.raises(InputError, match="started from another .*start.pt"):
        remember_start(model, tmp_path, begun=True)
