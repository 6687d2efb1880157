"""The plan, a run that is killed, the tables; and the effects that a short training shows."""

from __future__ import annotations

import copy
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

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.config import load_config
from other_experiments.mdn_flow import figures, table, train
from other_experiments.mdn_flow.components import ComponentsTrainer
from other_experiments.mdn_flow.entropy import EntropyTrainer
from other_experiments.mdn_flow.likelihood import LikelihoodTrainer
from other_experiments.mdn_flow.plan import plan

ROOT = Path(__file__).resolve().parents[3]


def small(tmp_path, **changes):
    """A config of one run, and the folder of that run."""
    config = {
        "seeds": "0",
        "parts": ["likelihood"],
        "transforms": 1,
        "steps_between": 20,
        "test_points": 500,
        "nested": 16,
        "nested_evaluation": 100,
        "likelihood": {
            "targets": ["eight_gaussians", "rings"],
            "bases": ["relaxed02"],
            "settings": {"hidden": 16, "batch": 32},
            "steps": {"maf": 200, "spline": 0},
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
    runs = plan(load_config(train.CONFIG), [4, 2, 7])
    names = [run.name for run in runs]
    assert len(set(names)) == len(names) == 3 * 4 + 2 * 7 + 3 * 3 * 4
    assert all("seed-4" in name for name in names[:16])
    assert all(name.startswith("likelihood/maf") for name in names[16:23])
    assert all(run.settings["seeds"] == [4, 2, 7] for run in runs if run.settings["part"] == "likelihood")
    assert all("seed-2" in name for name in names[30:46])
    assert all("seed-7" in name for name in names[46:])


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"parts": ["likelihoods"]}, "parts: unknown 'likelihoods'; did you mean likelihood?"),
        ({"batch": 0}, "batch: must be at least 1"),
        ({"clip": 0.0}, "clip: must be positive"),
    ],
)
def test_plan_refuses_what_cannot_be_run(changes, message):
    with pytest.raises(InputError, match=message):
        plan({**load_config(train.CONFIG), **changes}, [0])


def test_killed_run_continues_to_the_same_result(tmp_path):
    config = small(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "other_experiments.mdn_flow.train", "--config", config, "--out"]
        + [str(tmp_path / "killed")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    folder = tmp_path / "killed" / "likelihood/maf/relaxed02"
    deadline = time.monotonic() + 60
    while not (folder / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it must not have been through"
    assert not (folder / "results.json").exists()

    for out in ("killed", "whole"):
        train.main(["--config", config, "--out", str(tmp_path / out)])
    whole = tmp_path / "whole" / "likelihood/maf/relaxed02"
    assert (folder / "log.jsonl").read_text() == (whole / "log.jsonl").read_text()
    assert results(folder) == results(whole)

    before = (folder / "results.json").stat().st_mtime_ns
    train.main(["--config", config, "--out", str(tmp_path / "killed")])
    assert (folder / "results.json").stat().st_mtime_ns == before, "a finished run is left alone"


@pytest.mark.parametrize("part", ["likelihood", "entropy", "weights"])
def test_state_holds_all_that_the_next_call_depends_on(settings, part):
    own = {
        "likelihood": {"base": "relaxed02", "seeds": [0, 1], "targets": ["rings"]},
        "weights": {"mapping": "evsoftmax", "components": 6, "seed": 0},
        "entropy": {"case": "bimodal", "objective": "nested", "flow": "spline", "nested": 8, "seed": 0},
    }[part]
    stages = {"stages": 3, "stage_steps": 5, "measure_points": 512}
    stages.update(penalty=1.0, penalty_growth=3.0, penalty_limit=9.0)
    options = settings(part=part, **own, **stages)
    first = train.trainer_of(options)
    first.advance(0)
    state = copy.deepcopy(first.state_dict())
    wanted = first.advance(1)
    continued = train.trainer_of(options)
    continued.load_state_dict(state)
    assert continued.advance(1) == wanted


def test_models_of_a_stack_are_trained_as_they_would_be_alone(settings):
    """Apart from nested densities, whose noise the models of a stack draw together."""

    def trained(targets, seeds):
        trainer = LikelihoodTrainer(settings(base="mixture", targets=targets, seeds=seeds))
        log = [record for number in range(trainer.total) for record in trainer.advance(number)]
        return trainer, log

    stack, together = trained(["two_moons", "rings"], [3, 8])
    single, alone = trained(["rings"], [8])
    losses = [record["loss"][3] for record in together]
    assert losses == pytest.approx([record["loss"][0] for record in alone], abs=1e-4)
    for own, other in zip(stack.model(3).parameters(), single.model(0).parameters()):
        torch.testing.assert_close(own, other, atol=1e-4, rtol=1e-3)


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
    assert len(rows) == 2 * (4 + 2 + 2)
    figures.main([str(out), "--out", str(tmp_path / "figures")])
    assert {file.name for file in (tmp_path / "figures").iterdir()} == {"densities_maf.png", "entropy.png"}
    next((out / "likelihood").rglob("checkpoint.pt")).unlink()
    with pytest.raises(InputError, match="likelihood.*: has no checkpoint"):
        figures.main([str(out), "--out", str(tmp_path / "figures")])
    with pytest.raises(InputError, match="holds no run that is through"):
        table.collect(tmp_path / "nothing")


def test_exact_mixture_beats_one_gaussian_on_eight(settings):
    excess = {}
    for base in ("normal", "mixture"):
        own = settings(base=base, targets=["eight_gaussians"], seeds=[0], spread=2.0)
        trainer = LikelihoodTrainer({**own, "steps": 300, "steps_between": 300})
        trainer.advance(0)
        excess[base] = trainer.results([])["rows"][0]["excess"]
    assert excess["mixture"] < excess["normal"] - 0.1
    assert excess["mixture"] > 0


def test_sparse_weights_leave_components_out_and_still_fit(settings):
    found = {}
    for mapping in ("softmax", "sparsemax"):
        own = settings(mapping=mapping, components=32, steps=300, steps_between=300, learning_rate=1e-2)
        trainer = ComponentsTrainer(own, 0)
        trainer.advance(0)
        found[mapping] = trainer.results([])
    assert found["softmax"]["alive"] == 32
    assert 8 <= found["sparsemax"]["alive"] <= 12
    assert found["sparsemax"]["excess"] < 0.2


def test_maximum_entropy_given_two_moments_is_the_gaussian(settings):
    """An affine layer comes close to the exact solution, so little but the augmented Lagrangian is tested."""
    own = {"case": "gaussian", "objective": "normal", "flow": "maf", "learning_rate": 1e-2, "hidden": 32}
    own.update(stages=10, stage_steps=50, penalty=1.0, penalty_growth=2.0, penalty_limit=20.0)
    trainer = EntropyTrainer(settings(**own, measure_points=8192, test_points=4000), 0)
    for stage in range(trainer.total):
        trainer.advance(stage)
    found = trainer.results([])
    assert found["violation"] < 0.15
    assert found["entropy"] == pytest.approx(found["exact_entropy"], abs=0.35)
    assert -0.05 < found["divergence"] < 0.4, "KL; it starts above 2"
