"""``--dry-run``: the jobs of the shipped sweeps, and errors before anything starts."""

from __future__ import annotations

import pytest
import yaml

pytest.importorskip("snakemake", reason="needs pip install 'onmt_evsoftmax[sweep]', Python 3.11 or newer")

from onmt_evsoftmax.base.locks import lock
from onmt_evsoftmax.sweep.command import PROFILES

from .projects import ROOT, finish, planned_jobs, start_sweep

SWEEPS = ROOT / "configs" / "sweeps"


@pytest.fixture
def checkout(tmp_path):
    """An empty folder that sees the shipped configurations: nothing is prepared there, and nothing trained."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    return tmp_path


def plan(folder, *arguments, status: int = 0) -> str:
    return finish(start_sweep(*arguments, "--dry-run", cwd=folder), status)


@pytest.mark.parametrize("name", ["multi30k_ende", "iwslt14_wmt_ende", "toy_ende"])
def test_jobs_are_functions_by_seeds(checkout, name):
    settings = yaml.safe_load((SWEEPS / f"{name}.yaml").read_text(encoding="utf-8"))
    if "model" in settings["pretrain"]:
        model = checkout / settings["pretrain"]["model"]
        model.parent.mkdir(parents=True)
        model.write_bytes(b"a checkpoint")
    jobs = planned_jobs(plan(checkout, f"configs/sweeps/{name}.yaml"))
    functions, seeds, tests = (len(settings[key]) for key in ("functions", "seeds", "tests"))
    trained, scored = (functions - 1) * seeds, functions * seeds * tests
    assert jobs.get("pretrain", 0) == ("model" not in settings["pretrain"])
    assert (jobs["prepare"], jobs["fine_tune"], jobs["average"]) == (1, trained, trained)
    assert jobs["translate"] == jobs["score"] == scored
    assert (jobs["attend"], jobs["attend_for_scores"]) == (functions * tests, scored - functions * tests)
    assert (jobs["compare"], jobs["report"]) == (tests, 1)


def test_a_given_checkpoint_on_the_command_line_replaces_the_pretraining(checkout):
    (checkout / "given.pt").write_bytes(b"a checkpoint")
    change = ("--config", 'pretrain={"model": "given.pt"}')
    output = plan(checkout, "configs/sweeps/multi30k_ende.yaml", *change)
    assert "pretrain" not in planned_jobs(output) and "fine_tune" in planned_jobs(output)


def test_numbers_on_the_command_line_are_numbers(checkout):
    change = ("--config", "seeds=[7]", "keep_archives=[7]", 'fine_tune={"steps": 40}', "average=[40]")
    output = plan(checkout, "configs/sweeps/toy_ende.yaml", *change)
    assert planned_jobs(output)["fine_tune"] == 2 and "evsoftmax.7/model_step_40.pt" in output


def test_a_report_of_an_unfinished_sweep_is_not_its_end(checkout):
    """`onmt_evsoftmax report` can be called at any time, and the tables can be made by hand."""
    out = checkout / "runs" / "toy_ende_sweep"
    out.mkdir(parents=True)
    for name in ("report.html", "test.md", "test.tex", "test.csv", "test.json"):
        (out / name).write_text("by hand", encoding="utf-8")
    jobs = planned_jobs(plan(checkout, "configs/sweeps/toy_ende.yaml"))
    assert (jobs["fine_tune"], jobs["score"], jobs["compare"], jobs["report"]) == (4, 6, 1, 1)


def test_posthoc_evidential_is_a_translation_of_the_softmax_model(checkout):
    output = plan(checkout, "configs/sweeps/toy_ende.yaml")
    commands = [line for line in output.splitlines() if "onmt_translate" in line]
    (line,) = (line for line in commands if "--output runs/toy_ende_sweep/posthoc_evidential.2/test.hyp" in line)
    assert "--model runs/toy_ende_sweep/softmax.2/model.pt" in line
    assert "--self_attn_function posthoc_evidential" in line
    assert "sweep.train" in output and "settings.yaml posthoc_evidential" not in output


def test_gpus_are_asked_for(checkout):
    output = plan(checkout, "configs/sweeps/iwslt14_ende.yaml")
    job = output.split("rule fine_tune:")[1].split("Shell command")[0]
    assert "gpu=1" in job
    assert any("--gpu 0" in line for line in output.splitlines() if "onmt_evsoftmax attend" in line)


def test_wrong_settings_stop_it_before_the_plan(project):
    output = project.run("--dry-run", status=1, seeds=[1, 1])
    assert "sweep.yaml: seeds: [1, 1] has non-unique elements" in output
    output = project.run("--dry-run", status=1, pretrain={"steps": 4, "overrides": {"learning_rat": 1}})
    assert "pretrain.overrides.learning_rat: onmt_train has no such option" in output
    assert not project.out.exists()


def test_a_second_sweep_in_the_same_folder_is_refused(project):
    project.out.mkdir()
    with lock(project.out / ".lock", "held twice"):
        output = project.run(status=1)
    assert "another sweep is running in out" in output
    assert not (project.out / "settings.yaml").exists() and not (project.folder / "prepared").exists()


def test_the_cluster_profile_keeps_what_the_default_profile_promises():
    """Only one workflow profile is read, so a continued, going-on sweep on Slurm depends on the copy."""
    profiles = PROFILES
    default, slurm = (
        yaml.safe_load((profiles / name / "config.yaml").read_text(encoding="utf-8")) for name in ("default", "slurm")
    )
    del default["resources"]  # GPUs of one machine
    assert default.items() <= slurm.items()
