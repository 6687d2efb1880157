"""The loss, and the run as a whole: resuming, shared starts, the order of the supports."""

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

from onmt_evsoftmax.normalizers import get
from other_experiments.common.config import load_config
from other_experiments.common.datasets import load_digits
from other_experiments.ssvae import train
from other_experiments.ssvae.data import split
from other_experiments.ssvae.estimators import ESTIMATORS
from other_experiments.ssvae.methods import METHODS
from other_experiments.ssvae.training import Trainer, labelled_loss, unlabelled_loss
from other_experiments.ssvae.warm_start import warm_start

ROOT = Path(__file__).resolve().parents[3]
TIMES = ("seconds", "cpu_seconds")


def log(folder):
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key not in TIMES} for line in lines]


def results(folder):
    return json.loads((folder / "results.json").read_text())


@pytest.mark.parametrize("name", ["softmax", "sparsemax", "entmax15", "evsoftmax"])
def test_loss_is_the_written_one(problem, name):
    """Term by term from the probabilities, for one labelled and one unlabelled batch."""
    normalizer, labels = get(name), torch.tensor([1, 0, 3, 2, 2])
    marginal = ESTIMATORS["marginal"](6, {})
    found = labelled_loss(problem.model, normalizer, problem.images, labels, problem.noise)
    values = problem.objective().each(labels)
    scores = problem.model.classifier(problem.images)
    torch.testing.assert_close(found, values.mean() + normalizer.loss(scores, labels))

    found = unlabelled_loss(problem.model, normalizer, marginal, problem.images, problem.noise, torch.Generator())
    posterior = problem.posterior(normalizer.function)
    negative_entropy = torch.special.entr(posterior.probabilities).sum(-1).neg()
    torch.testing.assert_close(found, (problem.every_class(posterior) + negative_entropy).mean())


def test_evsoftmax_has_a_finite_label_loss_outside_the_support_and_a_sparse_posterior(problem):
    normalizer = get("evsoftmax")
    labels = problem.posterior().probabilities.argmin(-1)  # never in the support
    loss = labelled_loss(problem.model, normalizer, problem.images, labels, problem.noise)
    assert loss.isfinite()
    assert (problem.posterior(normalizer.function).probabilities == 0).any()


def test_supports_come_in_the_order_of_the_paper(tmp_path, small):
    config = small(epochs=6, warm_start={"epochs": 60, "learning_rate": 3e-3})
    names = ["softmax", "sparsemax", "entmax15", "evsoftmax"]
    train.main(["--config", config, "--normalizer", *names, "--out", str(tmp_path / "runs")])
    calls, scores = {}, {}
    for name in names:
        folder = tmp_path / "runs" / name / "seed-43"
        calls[name] = log(folder)[-1]["decoder_calls"]
        for row, score in results(folder)["rows"].items():
            scores[row] = score["last"]
    assert calls["softmax"] == pytest.approx(10, abs=0.01)
    assert 1 <= calls["sparsemax"] < calls["entmax15"] < calls["evsoftmax"] < 9
    # post-hoc evidential filters the softmax model: fewer classes, the same arg max
    assert scores["posthoc_evidential"]["accuracy"] == scores["softmax"]["accuracy"]
    assert 1 <= scores["posthoc_evidential"]["decoder_calls"] < scores["softmax"]["decoder_calls"]


def test_every_sampled_method_trains_to_a_result(tmp_path, small):
    names = [name for name, method in METHODS.items() if method.estimator != "marginal"]
    config = small()
    train.main(["--config", config, "--method", *names, "--out", str(tmp_path)])
    for name in names:
        record = log(tmp_path / name / "seed-43")[0]
        assert record["decoder_calls"] == (2 if name in ("sfe_plus", "sum_and_sample") else 1)
        assert record["validation_elbo"] < 0 and torch.tensor(record["loss"]).isfinite()
        assert set(results(tmp_path / name / "seed-43")["rows"]) == {name}
    assert [path.name for path in (tmp_path / "warm_start").iterdir()] == ["softmax-43.pt"], "one for all"


@pytest.mark.parametrize("name", ["sfe", "nvil", "sum_and_sample", "st_gumbel", "evsoftmax"])
def test_state_holds_all_that_an_epoch_depends_on(small, name):
    settings = load_config(Path(small()))
    data = split(load_digits(), 200, 200, 43)

    def trainer():
        return Trainer(METHODS[name], settings, 43, data)

    def second(trainer):
        return {key: value for key, value in trainer.epoch(2).items() if key not in TIMES}

    first = trainer()
    first.epoch(1)
    state = copy.deepcopy(first.state_dict())
    wanted = second(first)
    continued = trainer()
    continued.load_state_dict(state)
    assert second(continued) == wanted
    state["estimator"] = trainer().estimator.state_dict()  # new: its moving average, network or step is lost
    if state["estimator"]:
        forgetful = trainer()
        forgetful.load_state_dict(state)
        assert second(forgetful) != wanted


def test_killed_run_continues_to_the_same_result(tmp_path, small):
    name, config = "nvil", small(epochs=15)
    arguments = ["--config", config, "--method", name, "--out"]
    process = subprocess.Popen(
        [sys.executable, "-m", "other_experiments.ssvae.train", *arguments, str(tmp_path / "killed")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    folder = tmp_path / "killed" / name / "seed-43"
    deadline = time.monotonic() + 60
    while not (folder / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it must not have been through"
    assert not (folder / "results.json").exists()

    train.main([*arguments, str(tmp_path / "killed")])
    train.main([*arguments, str(tmp_path / "whole")])
    whole = tmp_path / "whole" / name / "seed-43"
    assert [record["epoch"] for record in log(folder)] == list(range(1, 16))
    assert log(folder) == log(whole)
    assert results(folder) == results(whole)


def test_warm_start_is_kept_and_refused_from_other_settings(tmp_path):
    settings = load_config(train.CONFIG, preset="small")
    settings["warm_start"] = {"epochs": 1, "learning_rate": 1e-3}
    data = split(load_digits(), 200, 200, 43)
    made = warm_start(tmp_path, METHODS["sfe"], settings, 43, data)
    kept = warm_start(tmp_path, METHODS["gumbel"], settings, 43, data)
    assert all(torch.equal(made[name], kept[name]) for name in made)
    with pytest.raises(ValueError, match="made with another latent"):
        warm_start(tmp_path, METHODS["sfe"], {**settings, "latent": 3}, 43, data)


def test_released_protocol_has_its_own_rates_and_widths():
    settings = load_config(train.CONFIG, overrides={"protocol": "released"})
    own = {name: train.run_settings(settings, METHODS[name]) for name in ("sfe", "softmax", "evsoftmax")}
    assert [own[name]["learning_rate"] for name in own] == [1e-4, 1e-3, 5e-4]
    assert own["sfe"]["hidden"] == [128, 128]
    paper = train.run_settings({**settings, "protocol": "paper"}, METHODS["sfe"])
    assert (paper["learning_rate"], paper["hidden"]) == (5e-4, [128])
