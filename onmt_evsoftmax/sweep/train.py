"""One training of a sweep, from its start or from its last whole checkpoint.

    python -m onmt_evsoftmax.sweep.train runs/multi30k_ende_sweep/settings.yaml evsoftmax.1

The Snakefile runs this line; it can be typed as well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Optional

import yaml

from ..base.errors import InputError
from ..base.files import atomic_write, sha256
from ..base.locks import lock
from ..plugin.startup import STRICT, SWITCH, is_switched_off
from . import commands
from .checkpoints import whole_checkpoints
from .checks import read_settings
from .runs import checkpoint, prefix, refuse_other_settings, run_names, start_model, training_config
from .settings import Settings

LINES_SHOWN = 20


def train(settings: Settings, run: str) -> None:
    """Run ``onmt_train`` until the last checkpoint of ``run`` is there; its output goes to train.log.

    Raises:
        InputError: the plugin is switched off, the run was begun with other settings or from another model,
            another process is training it, or onmt_train failed.
    """
    if is_switched_off():
        raise InputError(f"{SWITCH}={os.environ[SWITCH]}: every function would be softmax; unset it")
    folder = settings.out / run
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / ".lock", f"another process is training {folder}; wait for it, or end it") as held:
        refuse_other_settings(settings)
        _write_config(settings, run, "train.yaml")
        done = whole_checkpoints(prefix(settings, run))
        if done and done[-1][1] == checkpoint(settings, run):
            print(f"{run}: finished before")
            return
        # the first part has updated the vocabulary; with the optimiser's state OpenNMT-py refuses to do it again
        config = _write_config(settings, run, "continue.yaml", without="update_vocab") if done else "train.yaml"
        command = commands.train(folder / config, *start_options(settings, run, done))
        _follow([str(word) for word in command], folder / "train.log", held)


def _write_config(settings: Settings, run: str, name: str, without: str = "") -> str:
    options = {key: value for key, value in training_config(settings, run).items() if key != without}
    with atomic_write(settings.out / run / name) as stream:
        yaml.safe_dump(options, stream, sort_keys=False)
    return name


def start_options(settings: Settings, run: str, done: Sequence[tuple[int, Path]]) -> list:
    """The options that say where the training starts.

    A continuation keeps the optimiser's state and the step. Its batches begin at the top of the corpus again, for
    OpenNMT-py does not store where it was, but in another order: with the same seed the model would see its first
    batches twice, and learn them by heart.
    """
    model = start_model(settings, run)
    if model is not None:
        remember_start(model, settings.out / run, begun=bool(done))
    if done:
        step, last = done[-1]
        print(f"{run}: continues from step {step}", flush=True)
        seed = training_config(settings, run).get("seed", -1)
        return ["-train_from", last, *(["-seed", seed + step] if seed > 0 else [])]
    print(f"{run}: starts from {model or 'random weights'}", flush=True)
    return [] if model is None else commands.start_from(model)


def remember_start(model: Path, folder: Path, begun: bool) -> None:
    """Keep the checksum of the starting model, so that half a run is never continued from another one."""
    record, digest = folder / "start.sha256", sha256(model)
    if begun and record.exists() and record.read_text(encoding="utf-8").split()[0] != digest:
        raise InputError(f"{folder} was started from another {model}; start it anew with: rm -r {folder}")
    with atomic_write(record) as stream:
        stream.write(f"{digest}  {model}\n")


def _follow(command: Sequence[str], log: Path, held: IO) -> None:
    """Run to the end, adding the output to ``log``. The child shares the lock: it can outlive us.

    What onmt_train alone would warn of, because it ignores it in the model it starts from, is an error here.
    """
    with log.open("a", encoding="utf-8") as stream:
        print("$", *command, file=stream, flush=True)
        status = subprocess.run(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            pass_fds=[held.fileno()],
            env={**os.environ, SWITCH: STRICT},
        ).returncode
    if status != 0:
        with log.open(encoding="utf-8", errors="replace") as stream:
            print("".join(deque(stream, LINES_SHOWN)), file=sys.stderr)
        raise InputError(f"onmt_train exited with status {status}; the end of {log} is above")


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line; the exit status is 2 when the training failed, 130 when it was interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("settings", help="settings.yaml of the sweep")
    parser.add_argument("run", help="pretrain, or FUNCTION.SEED")
    options = parser.parse_args(arguments)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        settings = read_settings(options.settings)
        if options.run not in run_names(settings):
            raise InputError(f"{options.run}: no such run; there are {', '.join(run_names(settings))}")
        train(settings, options.run)
    except InputError as error:
        print(f"train: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"train: {options.run} interrupted; the same command continues", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
