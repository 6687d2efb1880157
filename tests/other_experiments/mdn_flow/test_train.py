"""The plan, a run that is killed, the tables; and the effects that a short training shows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

from other_experiments.common.config import load_config
from other_experiments.common.errors import ExperimentError
from other_experiments.mdn_flow import table, train
from other_experiments.mdn_flow.entropy import EntropyTrainer
from other_experiments.mdn_flow.likelihood import LikelihoodTrainer
from other_experiments.mdn_flow.plan import plan

ROOT = Path(__file__).resolve().parents[3]


def small(tmp_path, **changes):
    """A config of one run, and the folder of that run."""
    config = {
        "seeds": "0",
        "parts": ["likelihood"],
        "hidden": 16,
        "transforms": 1,
        "steps_between": 20,
        "test_points": 500,
        "nested": 16,
        "nested_evaluation": 100,
        "likelihood": {
            "targets": ["eight_gaussians"],
            "bases": ["relaxed02"],
            "steps": {"maf": 300, "spline": 0},
        },
        **changes,
    }
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    return str(file)


def results(folder):
    content = json.loads((folder / "results.json").read_text())
    content.pop("cpu_seconds")
    return content


def test_plan_leaves_a_useful_table_at_any_time():
    config = load_config(train.CONFIG)
    runs = plan(config, [4, 2])
    names = [(run.name, run.seed) for run in runs]
    assert len(set(names)) == len(names) == 2 * (4 + 2 * 3 * 7 + 3 * 4)
    first = [run for run in runs if run.name.startswith(("weights/", "likelihood/maf/eight_gaussians/"))]
    assert runs[: len(first)] == first
    rest = [run.seed for run in runs[len(first) :]]
    assert rest == sorted(rest, key=[4, 2].index)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"parts": ["likelihoods"]}, "parts: unknown 'likelihoods'; known: weights"),
        ({"batch": 0}, "batch: must be at least 1"),
        ({"clip": 0.0}, "clip: must be positive"),
    ],
)
def test_plan_refuses_what_cannot_be_run(changes, message):
    with pytest.raises(ExperimentError, match=message):
        plan({**load_config(train.CONFIG), **changes}, [0])


def test_killed_run_continues_to_the_same_result(tmp_path):
    config = small(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "other_experiments.mdn_flow.train", "--config", config, "--out"]
        + [str(tmp_path / "killed")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    folder = tmp_path / "killed" / "likelihood/maf/eight_gaussians/relaxed02/seed-0"
    deadline = time.monotonic() + 60
    while not (folder / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it must not have been through"
    assert not (folder / "results.json").exists()

    for out in ("killed", "whole"):
        train.main(["--config", config, "--out", str(tmp_path / out)])
    whole = tmp_path / "whole" / "likelihood/maf/eight_gaussians/relaxed02/seed-0"
    assert (folder / "log.jsonl").read_text() == (whole / "log.jsonl").read_text()
    assert results(folder) == results(whole)

    before = (folder / "results.json").stat().st_mtime_ns
    train.main(["--config", config, "--out", str(tmp_path / "killed")])
    assert (folder / "results.json").stat().st_mtime_ns == before, "a finished run is left alone"


@pytest.mark.parametrize("kind", ["likelihood", "entropy"])
def test_state_holds_all_that_the_next_call_depends_on(settings, kind):
    own = {"case": "bimodal", "objective": "nested", "flow": "spline", "nested": 8, "batch": 64}
    own.update(stages=3, stage_steps=5, penalty=1.0, penalty_growth=3.0, penalty_limit=9.0, measure_points=512)
    make = LikelihoodTrainer if kind == "likelihood" else EntropyTrainer
    options = settings() if kind == "likelihood" else settings(**own)
    first = make(options, 0)
    first.advance(0)
    state = torch.utils._pytree.tree_map(lambda v: v.clone() if torch.is_tensor(v) else v, first.state_dict())
    continued = make(options, 0)
    continued.load_state_dict(state)
    assert continued.advance(1) == first.advance(1)


def test_every_part_reaches_the_tables(tmp_path, capsys):
    changes = load_config(train.CONFIG)
    entropy = {**changes["entropy"], "cases": ["bimodal"], "objectives": ["normal", "joint"]}
    entropy["settings"] = {**entropy["settings"], "stages": 2, "stage_steps": 3, "measure_points": 512}
    weights = {**changes["weights"], "settings": {**changes["weights"]["settings"], "steps": 20}}
    config = small(tmp_path, parts=["weights", "likelihood", "entropy"], entropy=entropy, weights=weights)
    out = tmp_path / "runs"
    train.main(["--config", config, "--out", str(out), "--seeds", "0,1"])
    table.main([str(out), "--out", str(tmp_path / "table")])
    text = (tmp_path / "table.md").read_text()
    assert "| relaxed, tau 0.2 |" in text and "(2) |" in text
    assert "| evsoftmax, eps 1e-06 in training |" in text and "two modes" in text
    rows = json.loads((tmp_path / "table.json").read_text())["runs"]
    assert len(rows) == 2 * (4 + 1 + 2)
    with pytest.raises(ExperimentError, match="holds no run that is through"):
        table.collect(tmp_path / "nothing")


def test_exact_mixture_beats_one_gaussian_on_eight(settings):
    excess = {}
    for base in ("normal", "mixture"):
        trainer = LikelihoodTrainer(settings(base=base, flow="maf", steps=300, steps_between=300, spread=2.0), 0)
        trainer.advance(0)
        excess[base] = trainer.results()["excess"]
    assert excess["mixture"] < excess["normal"] - 0.1
    assert excess["mixture"] > 0


def test_sparse_weights_leave_components_out_and_still_fit(settings):
    found = {}
    for mapping in ("softmax", "sparsemax"):
        own = settings(flow="none", mapping=mapping, components=32, steps=300, steps_between=300)
        trainer = LikelihoodTrainer({**own, "learning_rate": 1e-2}, 0)
        trainer.advance(0)
        found[mapping] = trainer.results()
    assert found["softmax"]["alive"] == 32
    assert 8 <= found["sparsemax"]["alive"] <= 12
    assert found["sparsemax"]["excess"] < 0.2


def test_maximum_entropy_given_two_moments_is_the_gaussian(settings):
    """One affine layer holds the exact solution, so nothing but the augmented Lagrangian is tested."""
    own = {"case": "gaussian", "objective": "normal", "flow": "maf", "learning_rate": 2e-2, "hidden": 4}
    own.update(stages=8, stage_steps=60, penalty=1.0, penalty_growth=3.0, penalty_limit=30.0)
    trainer = EntropyTrainer(settings(**own, measure_points=4096, test_points=4000), 0)
    for stage in range(trainer.total):
        trainer.advance(stage)
    found = trainer.results()
    assert found["violation"] < 0.1
    assert found["entropy"] == pytest.approx(found["exact_entropy"], abs=0.1)
    assert abs(found["divergence"]) < 0.05
