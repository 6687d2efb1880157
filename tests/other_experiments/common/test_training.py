"""The one loop of all experiments: stopped anywhere it comes to the same result; one process has a run at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common import training
from other_experiments.common.runs import RunFolder, finished, read_log
from other_experiments.common.seeding import generator
from other_experiments.common.training import Training, train

ROOT = Path(__file__).resolve().parents[3]
CONFIG = {"rate": 0.1}


class Walk(Training):
    """A walk of five random steps, with a learned part and a state."""

    shown = ("place",)
    parts = ("model",)

    def __init__(self, stop=None):
        self.model, self.state, self.stop = torch.nn.Linear(1, 1, bias=False), {"sum": 0.0}, stop
        torch.nn.init.zeros_(self.model.weight)

    @property
    def total(self):
        return 5

    def begin(self):
        return [{"place": 0.0}]

    def advance(self, number):
        if number == self.stop:
            raise KeyboardInterrupt
        with torch.no_grad():
            self.model.weight.add_(torch.randn(1, 1, generator=generator(0, f"step {number}")))
        place = self.model.weight.item()
        self.state["sum"] += place
        self.keep_if_best(self.model, -abs(place), number)
        return [{"place": place}]

    def results(self, log):
        return {"sum": self.state["sum"], "best": self.state["best_epoch"], "places": [line["place"] for line in log]}

    def arrays(self):
        return {"walk.npz": {"end": self.model.weight.detach().numpy()}}


@pytest.fixture
def whole(tmp_path):
    return train(RunFolder(tmp_path / "whole", CONFIG), "walk", Walk)


@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.parametrize("stop", [0, 1, 4])
def test_a_walk_that_is_stopped_comes_to_the_same_result(tmp_path, monkeypatch, whole, stop, seconds):
    monkeypatch.setattr(training, "SAVE_SECONDS", seconds)
    with pytest.raises(KeyboardInterrupt):
        train(RunFolder(tmp_path / "cut", CONFIG), "walk", lambda: Walk(stop))
    assert train(RunFolder(tmp_path / "cut", CONFIG), "walk", Walk) == whole
    assert len(whole["places"]) == 6 and whole["best"] == min(range(5), key=lambda i: abs(whole["places"][i + 1]))
    assert read_log(tmp_path / "cut") == read_log(tmp_path / "whole")
    ends = [np.load(tmp_path / name / "walk.npz")["end"] for name in ("cut", "whole")]
    assert ends[0] == ends[1]


def test_a_walk_that_is_through_is_not_walked_again(tmp_path, whole):
    assert train(RunFolder(tmp_path / "whole", CONFIG), "walk", None) == whole


def test_a_second_process_is_refused(tmp_path):
    code = (
        "import sys; from other_experiments.common.runs import RunFolder\n"
        f"folder = RunFolder(sys.argv[1], {CONFIG}); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another process works here; name another --out"):
            RunFolder(tmp_path, CONFIG)
    finally:
        holder.kill()
        holder.communicate()
    assert train(RunFolder(tmp_path, CONFIG), "walk", Walk)["sum"]


def test_a_checkpoint_of_an_earlier_version_is_refused(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    folder.save({"epoch": 3, "model": {}})
    with pytest.raises(InputError, match="begun by an earlier version; finish it there, or delete it"):
        train(folder, "walk", Walk)


def test_runs_that_are_through_are_found_in_the_order_asked_for(tmp_path):
    for name in ("b/seed-2", "b/seed-1", "a", "c/seed-1"):
        folder = RunFolder(tmp_path / name, {"name": name})
        if name[0] != "c":
            folder.finish({"score": len(name)})
    found = finished(tmp_path, "b/*", "a")
    assert [run.config["name"] for run in found] == ["b/seed-1", "b/seed-2", "a"]
    assert found[0].results == {"score": 8} and found[0].folder == tmp_path / "b/seed-1"
    assert len(finished(tmp_path, "**")) == 3
    with pytest.raises(InputError, match="holds no run that is through"):
        finished(tmp_path, "c/*")
    (tmp_path / "a" / "results.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match="results.json: holds no results"):
        finished(tmp_path, "a")
