"""A real sweep over a tiny corpus: killed while it trains, continued, extended; and one with a failing job."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("snakemake", reason="needs pip install 'onmt_evsoftmax[sweep]', Python 3.11 or newer")

from .projects import Project, finish, make_project, planned_jobs, wait_for

pytestmark = pytest.mark.slow


def step(path: Path) -> int:
    return int(path.stem.rsplit("_", 1)[1])


@pytest.fixture(scope="module")
def sweep(tmp_path_factory) -> Project:
    """A sweep that was killed in its first fine-tuning, whose last checkpoint was half written, and continued."""
    project = make_project(tmp_path_factory.mktemp("sweep"))
    process = project.start()
    wait_for(process, lambda: len(list(project.out.glob("*.1/model_step_*.pt"))) >= 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    checkpoints = sorted(project.out.glob("*.1/model_step_*.pt"), key=step)
    half = checkpoints[-1].read_bytes()
    checkpoints[-1].write_bytes(half[: len(half) // 2])
    project.killed = (checkpoints[-1].parent, step(checkpoints[-2]))
    project.pretrained = (project.out / "pretrain" / "model_step_4.pt").stat().st_mtime_ns
    project.output = finish(project.start())
    return project


def small_project(sweep: Project, folder: Path, **settings) -> Project:
    """Fine-tuning alone, from the corpus and the pretrained model of ``sweep``."""
    project = make_project(folder)
    shutil.copytree(sweep.folder / "prepared", folder / "prepared")
    pretrained = {"model": str(sweep.out / "pretrain" / "model_step_4.pt")}
    project.settings.update(pretrain=pretrained, attend=False, **settings)
    return project


def test_it_was_killed_in_the_middle(sweep):
    folder, last_whole = sweep.killed
    assert 0 < last_whole < 38
    assert not (folder / "model_step_40.pt").exists() or (folder / "model.pt").exists()


def test_the_training_continued_from_its_last_whole_checkpoint(sweep):
    folder, last_whole = sweep.killed
    log = (folder / "train.log").read_text(encoding="utf-8")
    first, second = re.findall(r"^\$ onmt_train .*$", log, flags=re.MULTILINE)
    assert "pretrain/model_step_4.pt -reset_optim all" in first
    assert f"model_step_{last_whole}.pt" in second and "-reset_optim" not in second
    steps = [int(number) for number in re.findall(r"Step\s+(\d+)/", log.split(second)[1])]
    assert steps == list(range(last_whole + 1, 41))


def test_the_continued_training_kept_its_schedule(sweep):
    """The learning rate of every step, across the kill, is noam's for that step."""
    log = (sweep.killed[0] / "train.log").read_text(encoding="utf-8")
    rates = re.findall(r"Step\s+(\d+)/.*? lr: ([\d.]+);", log)
    assert len(rates) >= 40
    for step_reported, rate in rates:
        number = int(step_reported) + 1  # the log shows the rate of the step to come
        noam = 0.5 * 16**-0.5 * min(number**-0.5, number * 10**-1.5)
        assert float(rate) == pytest.approx(noam, abs=1e-5)


def test_finished_jobs_were_not_repeated(sweep):
    jobs = planned_jobs(sweep.output)
    assert "prepare" not in jobs and "pretrain" not in jobs
    assert (sweep.out / "pretrain" / "model_step_4.pt").stat().st_mtime_ns == sweep.pretrained


def test_every_function_has_its_scores_and_the_tables_name_them(sweep):
    for function in sweep.settings["functions"]:
        report = json.loads((sweep.out / f"{function}.1" / "test.json").read_text(encoding="utf-8"))
        (system,) = report["systems"]
        assert (system["function"], system["seed"]) == (function, 1)
        assert system["attention"]["functions"]["cross"] == function
    for suffix in ("md", "tex"):
        table = (sweep.out / f"test.{suffix}").read_text(encoding="utf-8")
        assert all(name in table for name in ("softmax", "post-hoc evidential", "ev-softmax"))
    assert "post-hoc evidential" in (sweep.out / "report.html").read_text(encoding="utf-8")


def test_posthoc_evidential_was_not_trained(sweep):
    names = {path.name for path in (sweep.out / "posthoc_evidential.1").iterdir()}
    assert names == {"test.hyp", "test.json", "test.npz"}


def test_the_average_is_over_the_steps_of_the_settings(sweep):
    import torch

    import onmt_evsoftmax.opennmt  # noqa: F401  (checkpoints hold an argparse.Namespace)

    folder = sweep.out / "evsoftmax.1"
    last, before, mean = (
        torch.load(folder / name, weights_only=True)["model"]["decoder.layer_norm.weight"]
        for name in ("model_step_40.pt", "model_step_38.pt", "model.pt")
    )
    torch.testing.assert_close(mean, (last + before) / 2)
    assert not torch.equal(last, before)


def test_the_settings_and_versions_are_kept(sweep):
    import yaml

    assert yaml.safe_load((sweep.out / "settings.yaml").read_text(encoding="utf-8")) == sweep.settings
    versions = json.loads((sweep.out / "versions.json").read_text(encoding="utf-8"))
    assert {"python", "torch", "OpenNMT-py", "snakemake"} <= set(versions)


def test_a_finished_sweep_has_nothing_to_do(sweep):
    assert "Nothing to be done" in sweep.run()


def test_another_seed_adds_its_own_jobs_alone(sweep):
    jobs = planned_jobs(sweep.run("--dry-run", seeds=[1, 2]))
    new = {"fine_tune": 2, "average": 2, "translate": 3, "attend_for_scores": 3, "score": 3}
    assert jobs == {**new, "compare": 1, "report": 1, "all": 1}


def test_other_training_settings_are_refused_and_nothing_is_lost(sweep):
    changed = {"steps": 40, "overrides": {"learning_rate": 0.7, "warmup_steps": 10}}
    output = sweep.run(status=1, fine_tune=changed)
    assert "softmax.1 was trained with learning_rate: 0.5, but now it is 0.7" in output
    assert (sweep.out / "softmax.1" / "model_step_40.pt").exists()


def test_steps_that_an_orphan_finished_are_not_made_again(sweep, tmp_path):
    """kill -9 of Snakemake alone: its onmt_train goes on, and finishes the checkpoint of an unfinished job."""
    project = small_project(sweep, tmp_path, functions=["evsoftmax"])
    process = project.start()
    folder = project.out / "evsoftmax.1"
    wait_for(process, lambda: list(folder.glob("model_step_*.pt")))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    last = folder / "model_step_40.pt"
    assert not last.exists()
    orphan_ends(folder / ".lock")
    log, content = (folder / "train.log").read_text(encoding="utf-8"), last.read_bytes()
    project.run()
    assert (folder / "train.log").read_text(encoding="utf-8") == log
    assert last.read_bytes() == content
    assert (project.out / "evsoftmax.1" / "test.json").exists()
    assert "Nothing to be done" in project.run()


def orphan_ends(path: Path) -> None:
    """Wait until the training that holds this lock has ended."""
    with path.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)


def test_a_starting_model_with_another_vocabulary_is_refused(sweep, tmp_path):
    """OpenNMT-py alone would go on with the vocabulary of the model, and score translations of another one."""
    project = small_project(sweep, tmp_path, functions=["evsoftmax"])
    vocabulary = tmp_path / "prepared" / "vocab.shared"
    lines = vocabulary.read_text(encoding="utf-8").splitlines(keepends=True)
    vocabulary.write_text("".join([*lines[:-2], "neither\t1\n", "nor\t1\n"]), encoding="utf-8")
    output = project.run(status=1)
    assert "InputError: src_vocab: 4 types differ between" in output
    assert not list((project.out / "evsoftmax.1").glob("*.pt"))


def test_a_failing_training_shows_its_log_and_the_others_go_on(sweep, tmp_path):
    project = small_project(sweep, tmp_path, functions=["softmax", "evsoftmax"])
    project.settings.update(fine_tune={"steps": 2}, average=[2])
    broken = project.out / "evsoftmax.1"
    broken.mkdir(parents=True)
    with zipfile.ZipFile(broken / "model_step_1.pt", "w") as bundle:
        bundle.writestr("not", "a checkpoint")
    output = project.run(status=1)
    assert "logs/fine_tune.evsoftmax.1.log" in output and "onmt_train exited with status" in output
    assert "Traceback" in (broken / "train.log").read_text(encoding="utf-8")
    assert (project.out / "softmax.1" / "test.json").exists()
    assert not (project.out / "test.md").exists()
