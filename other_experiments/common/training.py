"""A training that can be killed at any time, from its run folder to its results."""

from __future__ import annotations

import abc
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import nn

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write
from onmt_evsoftmax.base.progress import bar_on_stderr

from .runs import RunFolder

SAVE_SECONDS = 20.0
"""Between two checkpoints: at most this much work is done twice after a kill, to the same result."""

Records = list[dict[str, Any]]
"""Lines of a log."""


class Training(abc.ABC):
    """What `train` drives: `begin` or `load_state_dict`, then `advance` until `total`, then `results`.

    A call of `advance` may depend on the settings, on its number and on what `state_dict` holds, and on
    nothing else: then a run that was killed comes to the same result as one that was not.

    Attributes:
        shown: keys of the log that progress shows.
        parts: attributes with a ``state_dict`` of their own, such as the model.
        state: what else changes, tensors and plain values.
    """

    shown: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("model", "optimizer")
    state: dict[str, Any]

    @property
    @abc.abstractmethod
    def total(self) -> int:
        """How many times `advance` is to be called."""

    def begin(self) -> Records:
        """What comes before the first `advance`; returns lines of the log."""
        return []

    @abc.abstractmethod
    def advance(self, number: int) -> Records:
        """The next part of the work, such as an epoch, ``number`` counted from 0; returns lines of the log."""

    def state_dict(self) -> dict[str, Any]:
        """`parts` and `state`."""
        return {**{part: getattr(self, part).state_dict() for part in self.parts}, "state": dict(self.state)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state_dict` was called."""
        for part in self.parts:
            getattr(self, part).load_state_dict(state[part])
        self.state = dict(state["state"])

    def keep_if_best(self, model: nn.Module, score: float, epoch: int) -> None:
        """Keep the weights of ``model``, with the number of the epoch, if no earlier score was as high."""
        if "best" not in self.state or score > self.state["best_score"]:
            best = {name: value.clone() for name, value in model.state_dict().items()}
            self.state.update(best_score=score, best_epoch=epoch, best=best)

    @abc.abstractmethod
    def results(self, log: Records) -> dict[str, Any]:
        """What ``results.json`` is to hold, once all is done.

        Args:
            log: all lines that `begin` and `advance` returned.
        """

    def arrays(self) -> dict[str, dict[str, Any]]:
        """What figures need besides: name of an ``.npz`` file -> name -> array, or numbers that make one."""
        return {}


def train(folder: RunFolder, name: str, make: Callable[[], Training]) -> dict[str, Any]:
    """Train to the end, from where an earlier process stopped; returns the results, which the folder has too.

    Args:
        name: shown beside the progress.
        make: builds the training anew; not called if the run is through.

    Raises:
        InputError: the checkpoint is damaged, or an earlier version wrote it.
    """
    if folder.results is not None:
        return folder.results
    training, state, done = make(), folder.load(), 0
    if state is None:
        _log(folder, training.begin())
    elif not {"done", "trainer"} <= state.keys():
        raise InputError(f"{folder.path}: begun by an earlier version; finish it there, or delete it to start anew")
    else:
        training.load_state_dict(state["trainer"])
        done = state["done"]
    with bar_on_stderr(name) as bar:
        bar.start(training.total, done)
        saved = -math.inf
        for number in range(done, training.total):
            records = training.advance(number)
            _log(folder, records)
            if number + 1 == training.total or time.monotonic() - saved >= SAVE_SECONDS:
                folder.save({"done": number + 1, "trainer": training.state_dict()})
                saved = time.monotonic()
            bar.advance(1, _note(training.shown, records))
    for file, arrays in training.arrays().items():
        with atomic_write(folder.path / file, "wb") as stream:
            np.savez_compressed(stream, **arrays)
    results = training.results(folder.read_log())
    folder.finish(results)
    return results


def _log(folder: RunFolder, records: Records) -> None:
    for record in records:
        folder.log(record)


def _note(keys: Sequence[str], records: Records) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {records[-1][key]:.4g}" for key in keys if records)
