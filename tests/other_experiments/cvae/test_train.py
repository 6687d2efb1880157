"""The command line: the effect it shows, stopping and continuing, and bad input."""

import json
import signal
import time

import numpy as np
import pytest

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.plots import METHODS
from other_experiments.cvae import train

TRAIN, FIGURES = "other_experiments.cvae.train", "other_experiments.cvae.figures"


@pytest.fixture(scope="module")
def small(run, cache, tmp_path_factory):
    """A shortened run of the small preset, all methods."""
    out = tmp_path_factory.mktemp("runs") / "small"
    status, output, errors = run(
        TRAIN, "--preset", "small", "--seeds", "0-3", "--epochs", "30", "--cache", cache, "--out", out
    )
    assert status == 0, errors
    return out, output


def test_sparsemax_collapses_and_evsoftmax_keeps_several_modes(small):
    out, output = small
    (entry,) = json.loads((out / "results.json").read_text())
    runs = {name: [row for row in entry["runs"] if row["method"] == name] for name in METHODS}
    assert all(len(rows) == 4 for rows in runs.values())
    for row in runs["softmax"]:
        assert row["modes"] == [10, 10]
    for row in runs["sparsemax"]:
        assert row["posterior_modes"] <= 2  # classes an image; how many the images use together differs by CPU
    assert sum(row["posterior_classes"] for row in runs["sparsemax"]) <= 2 * len(runs["sparsemax"])
    for row in runs["evsoftmax"]:
        assert all(2 <= modes <= 7 for modes in row["modes"]) and row["posterior_classes"] >= 5
    for row in runs["posthoc_evidential"]:
        assert all(2 <= modes < 10 for modes in row["modes"])

    def mean(name):
        return np.mean([row["wasserstein"] for row in runs[name]])

    assert mean("evsoftmax") < mean("sparsemax")
    assert "judge: 9" in output and "| ev-softmax | 4 |" in output


def test_files_of_a_run_are_complete(small):
    out, _ = small
    for name in ("figure2.png", "figure3.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    folders = {path.name for path in out.iterdir() if path.is_dir()}
    assert folders == {"softmax", "sparsemax", "entmax15", "evsoftmax"}
    lines = [json.loads(line) for line in (out / "softmax" / "log.jsonl").read_text().splitlines()]
    assert {line["method"] for line in lines} == {"softmax", "posthoc_evidential"}
    assert {line["iteration"] for line in lines} == {*range(0, 601, 100), 660}
    assert all(0 <= value < 10 for line in lines for value in line["wasserstein"])


def test_a_finished_run_is_not_trained_again_and_figures_need_no_training(small, run, cache, tmp_path):
    out, output = small
    before = (out / "evsoftmax" / "checkpoint.pt").stat().st_mtime_ns
    arguments = ("--preset", "small", "--seeds", "0-3", "--epochs", "30", "--cache", cache, "--out", out)
    status, again, _ = run(TRAIN, *arguments)
    assert status == 0 and again == output
    assert (out / "evsoftmax" / "checkpoint.pt").stat().st_mtime_ns == before
    status, _, errors = run(FIGURES, out, out, "--out", tmp_path)
    assert status == 0, errors
    assert len(json.loads((tmp_path / "results.json").read_text())) == 2
    assert (tmp_path / out.name / "figure2.png").exists()


@pytest.mark.slow
def test_a_killed_run_continues_to_the_same_lines(start, run, cache, tmp_path):
    arguments = ["--preset", "small", "--normalizer", "softmax", "--seeds", "0,1", "--epochs", "100"]
    arguments += ["--cache", cache]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(TRAIN, *arguments, "--out", whole)[0] == 0
    process = start(TRAIN, *arguments, "--out", killed)
    while not (killed / "softmax" / "checkpoint.pt").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    time.sleep(0.2)  # into a later epoch
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "softmax" / "results.json").exists()
    assert run(TRAIN, *arguments, "--out", killed)[0] == 0
    for name in ("softmax/log.jsonl", "softmax/results.json"):
        assert (killed / name).read_text() == (whole / name).read_text()


@pytest.fixture
def wrong_files(tmp_path):
    (tmp_path / "corrupt").mkdir()
    (tmp_path / "corrupt" / "train-images-idx3-ubyte.gz").write_bytes(b"no archive")
    (tmp_path / "key.yaml").write_text("kl_wait: 1\n")
    (tmp_path / "split.yaml").write_text("split: [[0, 1], [2, 3]]\n")
    (tmp_path / "file").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mirror", "{tmp}/absent"], "absent/train-images-idx3-ubyte.gz: no such file"),
        (["--mirror", "{tmp}/corrupt"], "corrupt/train-images-idx3-ubyte.gz: damaged gzip file"),
        (["--normalizer", "sparsmax"], "unknown function 'sparsmax'; known: softmax, sparsemax"),
        (["--preset", "small", "--out", "{tmp}/file"], "file is a file; name another place"),
    ],
)
def test_bad_input_is_one_line(run, wrong_files, arguments, message):
    arguments = ["--out", wrong_files / "out", *(argument.format(tmp=wrong_files) for argument in arguments)]
    status, output, errors = run(TRAIN, "--cache", wrong_files, *arguments)
    assert (status, output) == (2, "")
    assert errors.startswith("error: ") and message in errors and errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--normalizer", "sparsehourglass"], "sparsehourglass is not compared in this experiment"),
        (["--preset", "tiny"], "preset: unknown 'tiny'; known: released, small"),
        (["--config", "{tmp}/key.yaml"], "key.yaml: unknown key kl_wait; did you mean kl_weight?"),
        (["--seeds", "3-1"], "runs backwards"),
        (["--kl_weight", "-1"], "kl_weight: must not be negative"),
        (["--epochs", "0"], "epochs: must be at least 1"),
        (["--config", "{tmp}/split.yaml"], "split: must name each of the digits"),
    ],
)
def test_bad_settings_are_refused_before_any_data_is_read(wrong_files, monkeypatch, arguments, message):
    monkeypatch.setattr(train, "load_images", None)  # would raise a TypeError
    with pytest.raises(InputError, match=message):
        train.main([argument.format(tmp=wrong_files) for argument in arguments])


def test_a_run_folder_of_another_config_and_no_run_folder_are_refused(small, run, cache, tmp_path):
    out, _ = small
    status, _, errors = run(TRAIN, "--preset", "small", "--seeds", "0-3", "--kl_weight", "0.5",
                            "--epochs", "30", "--cache", cache, "--out", out)  # fmt: skip
    assert "another config (kl_weight: 0.3 there, 0.5 here)" in errors
    assert status == 2 and errors.count("\n") == 1
    status, _, errors = run(FIGURES, tmp_path, "--out", tmp_path)
    assert status == 2 and "holds no run that is through" in errors and errors.count("\n") == 1
