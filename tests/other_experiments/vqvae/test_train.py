"""The command: all stages on the digits, runs that are killed and continued, settings that are refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common import training as common
from other_experiments.common.plots import METHODS
from other_experiments.common.runs import read_log
from other_experiments.vqvae import run, train
from other_experiments.vqvae.autoencoding import Autoencoding
from other_experiments.vqvae.prior import PriorTraining

ROOT = Path(__file__).resolve().parents[3]
TINY = """
seeds: "3"
dataset: digits
side: 8
autoencoder: {codes: 32, hidden: 8, halvings: 1, epochs: 2, warm_up: 3, batch: 128, learning_rate: 3e-3}
prior: {layers: 2, hidden: 8, head: 16, epochs: 2, batch: 256, learning_rates: [3e-3, 1e-3]}
judge: {depth: 10, width: 1, epochs: 1, learning_rates: [1e-2]}
samples: {per_class: 2}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    file = tmp_path_factory.mktemp("config") / "tiny.yaml"
    file.write_text(TINY)
    return ["--config", str(file), "--codebook", "live"]


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    train.main([*tiny, "--out", str(out)])
    return out


def results(out):
    """The results of a run without times, which differ."""

    def timeless(value):
        if isinstance(value, dict):
            return {key: timeless(inner) for key, inner in value.items() if not key.endswith("seconds")}
        return value

    return timeless(json.loads((out / "live/seed-3/results.json").read_text()))


def test_every_method_is_trained_sampled_and_judged_on_the_digits(finished):
    found = results(finished)
    assert found["codebook"] == "live" and found["seed"] == 3
    assert list(found["methods"]) == list(METHODS)
    for part in ("train", "validation", "test"):
        assert 1 < found["codes"][part]["perplexity"] <= found["codes"][part]["codes_in_use"] <= 32
    for name, method in found["methods"].items():
        assert method["trained_as"] == ("softmax" if name == "posthoc_evidential" else name)
        assert method["learning_rate"] in (3e-3, 1e-3) and method["died"] is None
        assert 1 <= method["K"] <= 32 and 0 <= method["outside"] < 1
        assert (method["K"] < 32) >= (name in ("posthoc_evidential", "evsoftmax"))
        assert method["samples"]["images"] == 20 and 0 <= method["samples"]["top1"] <= method["samples"]["top5"] <= 1
        # a code outside the support costs log2(1 / 1e-6) bits more by the paper's eq. 10
        assert method["bits"]["softmax"] > 1 and method["bits"]["epsilon"] < 25
    softmax, filtered = (found["methods"][name] for name in ("softmax", "posthoc_evidential"))
    assert softmax["K"] == softmax["samples"]["K"] == 32 and softmax["outside"] == 0
    assert softmax["bits"]["softmax"] == filtered["bits"]["softmax"] == pytest.approx(softmax["bits"]["own"], rel=1e-4)


def test_samples_hold_codes_of_the_support_and_their_decoded_images(finished):
    for method in METHODS:
        with np.load(finished / f"live/seed-3/samples/{method}/samples.npz") as drawn:
            assert drawn["codes"].shape == (20, 4, 4) and drawn["codes"].dtype == np.int16
            assert drawn["images"].shape == (20, 1, 8, 8) and drawn["images"].dtype == np.uint8
            assert drawn["labels"].tolist() == [label for label in range(10) for _ in range(2)]
            assert len(np.unique(drawn["images"], axis=0)) > 10


def test_the_learning_rate_with_the_lowest_validation_loss_is_used(finished):
    for mapping in ("softmax", "sparsemax", "entmax15", "evsoftmax"):
        files = (finished / "live/seed-3/priors").glob(f"{mapping}-*/results.json")
        priors = [json.loads(file.read_text()) for file in files]
        best = min(priors, key=lambda prior: prior["validation_loss"])
        used = results(finished)["methods"][mapping]
        assert len(priors) == 2 and used["learning_rate"] == best["learning_rate"]


def test_what_is_through_is_not_done_again(tiny, finished, monkeypatch):
    monkeypatch.setattr(run, "encoded", None)
    monkeypatch.setattr(Autoencoding, "advance", None)
    monkeypatch.setattr(PriorTraining, "advance", None)
    before = results(finished)
    train.main([*tiny, "--out", str(finished)])
    assert results(finished) == before


@pytest.mark.parametrize(
    ("place", "name", "calls"),
    [
        (Autoencoding, "_step", 13),
        (run, "unigram_bits", 0),
        (PriorTraining, "_step", 15),
        (run, "measure", 0),
        (run, "sample", 0),
        (run, "accuracies", 1),
    ],
    ids=["autoencoder", "codes", "prior", "scores", "samples", "verdict"],
)
def test_a_run_that_was_stopped_in_any_stage_comes_to_the_same_results(
    place, name, calls, tiny, finished, tmp_path, monkeypatch
):
    monkeypatch.setattr(common, "SAVE_SECONDS", 0.0)
    one_mapping = [*tiny, "--mapping", "evsoftmax"]
    original, seen = getattr(place, name), []

    def stopping(*arguments):
        seen.append(name)
        if len(seen) > calls:
            raise KeyboardInterrupt
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(place, name, stopping)
        with pytest.raises(KeyboardInterrupt):
            train.main([*one_mapping, "--out", str(tmp_path)])
    train.main([*one_mapping, "--out", str(tmp_path)])
    check_same(results(tmp_path), results(finished))
    logs = [sorted(out.glob("live/seed-3/priors/evsoftmax-*/log.jsonl")) for out in (tmp_path, finished)]
    for cut, whole in zip(*logs):
        assert without_time(read_log(cut.parent)) == without_time(read_log(whole.parent))


def check_same(some, whole):
    """The results of some of the methods are those of all."""
    assert some["methods"] == {method: whole["methods"][method] for method in some["methods"]}
    assert {**some, "methods": None} == {**whole, "methods": None}


def without_time(log):
    return [{key: value for key, value in record.items() if key != "cpu_seconds"} for record in log]


def test_a_process_that_was_killed_is_continued(tiny, finished, tmp_path):
    options = [*tiny, "--mapping", "sparsemax", "--out", str(tmp_path)]
    command = [sys.executable, "-m", "other_experiments.vqvae.train", *options]
    threads = str(torch.get_num_threads())  # sums are added in the same order
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": threads})
    half_way = tmp_path / "live/seed-3/priors/sparsemax-lr0.003/checkpoint.pt"
    for _ in range(1200):
        if half_way.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    train.main(options)
    check_same(results(tmp_path), results(finished))


def test_a_folder_of_other_settings_is_refused(tiny, finished):
    with pytest.raises(InputError, match="holds a run of another config .autoencoder: "):
        train.main([*tiny, "--epochs", "7", "--out", str(finished)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mapping", "topk_softmax"], "--mapping: unknown 'topk_softmax'; did you mean softmax?"),
        (["--codebook", "lively"], "codebook: unknown 'lively'; did you mean live?"),
        (["--until", "samples"], "--until: unknown 'samples'"),
        (["--preset", "cpuu"], "preset: unknown 'cpuu'; did you mean cpu?"),
        (["--epochs", "0"], "autoencoder.epochs: must be at least 1, got 0"),
        (["--device", "abacus"], "--device abacus: cannot be used"),
        (["--changes", "bfloat16: yess"], "bfloat16: unknown 'yess'"),
        (["--changes", "codebooks: {live: {start: random}}"], "codebooks.live.start: unknown 'random'"),
        (["--changes", "codebooks: {kmeans: {restart_every: -1}}"], "kmeans.restart_every: must not be negative"),
        (["--changes", "prior: {learning_rates: []}"], "prior.learning_rates: must be positive numbers"),
        (["--changes", "side: 30"], "side: 30 pixels cannot be halved 2 times"),
        (["--changes", "dataset: mnist"], "dataset: unknown 'mnist'; known: tinyimagenet, digits"),
    ],
)
def test_settings_that_cannot_be_trained_are_refused_before_anything_is(arguments, message, tmp_path):
    if arguments[0] == "--changes":
        (tmp_path / "changes.yaml").write_text(arguments[1])
        arguments = ["--config", str(tmp_path / "changes.yaml")]
    with pytest.raises(InputError, match=message):
        train.main([*arguments, "--out", str(tmp_path / "runs")])
    assert not (tmp_path / "runs").exists()


def test_a_damaged_file_is_named(tiny, finished, tmp_path):
    file = finished / "live/seed-3/samples/softmax/samples.npz"
    with pytest.raises(InputError, match="codes.npz: damaged or missing"):
        run._load(tmp_path / "codes.npz")
    assert set(run._load(file)) == {"codes", "images", "labels"}
