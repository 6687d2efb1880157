"""Training on several GPUs is OpenNMT-py's own: it spawns a child per GPU. What runs in such a child."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import copy, json, sys, warnings
warnings.simplefilter("ignore")
import torch.multiprocessing
from onmt.opts import train_opts
from onmt.train_single import main as train_single
from onmt.utils import distributed
from onmt.utils.parse import ArgumentParser


def train(options, device_id):
    from tests.opennmt.conftest import ZeroCounter

    seen = {"rank": torch.distributed.get_rank()}
    on_the_cpu = copy.copy(options)
    on_the_cpu.gpu_ranks = []
    with ZeroCounter() as counter:
        train_single(on_the_cpu, device_id=device_id)
    with open(options.log_file + ".json", "w") as stream:
        json.dump({**seen, "zeros": counter.zeros, "calls": counter.calls}, stream)


if __name__ == "__main__":
    parser = ArgumentParser()
    train_opts(parser)
    options, _ = parser.parse_known_args()
    ArgumentParser.validate_train_opts(options)
    ArgumentParser.update_model_opts(options)
    ArgumentParser.validate_model_opts(options)
    context = torch.multiprocessing.get_context("spawn")
    errors = context.SimpleQueue()
    # as onmt_train does it for each GPU; -1 is the CPU. 3.0.4 calls it consumer, 3.5.1 spawned_train
    consumer = getattr(distributed, "spawned_train", None) or distributed.consumer
    child = context.Process(target=consumer, args=(train, options, -1, errors))
    child.start()
    child.join()
    sys.exit(0 if errors.empty() else errors.get()[1])
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("function", ["evsoftmax", "softmax"])
def test_a_spawned_child_trains_with_the_function(workshop, function):
    """OpenNMT-py's own child process, with its process group, on the CPU (its exchange of gradients needs GPUs)."""
    script, log = workshop.folder / "spawn.py", workshop.folder / "log"
    script.write_text(SCRIPT, encoding="utf-8")
    config = workshop.config(
        self_attn_function=function,
        world_size=1,
        gpu_ranks=[0],
        gpu_backend="gloo",
        master_port=free_port(),
        log_file=str(log),
    )
    result = subprocess.run(
        [sys.executable, str(script), "-config", str(config)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    seen = json.loads(log.with_name("log.json").read_text(encoding="utf-8"))
    assert seen["calls"] > 0 and seen["rank"] == 0
    assert set(seen["zeros"]) == {function}
    assert (seen["zeros"][function] > 0) == (function == "evsoftmax")
    assert (workshop.folder / "model_step_6.pt").exists()
