"""Perplexity and accuracy over steps, out of a log of onmt_train."""

from __future__ import annotations

import math
import re
from pathlib import Path

from ..base.errors import InputError

METRICS = {
    "train_perplexity": "training perplexity",
    "train_accuracy": "training accuracy (%)",
    "valid_perplexity": "validation perplexity",
    "valid_accuracy": "validation accuracy (%)",
}
"""What a log tells -> its printed name."""

START = re.compile(r"Start training loop (?:and validate every (\d+) steps|without validation)")
STEP = re.compile(r"Step\s+(\d+)(?:/\s*\d+)?; acc:\s*([\w.+-]+); ppl:\s*([\w.+-]+); xent:")
VALID = re.compile(r"Validation (perplexity|accuracy):\s*([\w.+-]+)")

Curves = dict  # metric -> {step: value}, steps ascending; NaN and infinities as they were logged


def read_train_log(path: Path) -> Curves:
    """The curves of one training, whatever number of times it was interrupted and continued.

    A continued run starts again from its last checkpoint and appends to the log: what it logs for a step
    replaces everything that was logged for this step and later ones before.

    OpenNMT-py does not log the step of a validation. It is the first multiple of ``valid_steps`` from the
    last logged step on (a step is logged before its validation), or that of the last validation plus
    ``valid_steps``, whichever is later; ``report_every`` must not be larger than ``valid_steps`` where a run
    is continued.

    Raises:
        InputError: the log cannot be read.
    """
    try:
        # a run that is killed may leave half a character behind
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    reader = _Reader()
    for line in lines:
        reader.read(line)
    return reader.curves


class _Reader:
    def __init__(self) -> None:
        self.curves: Curves = {metric: {} for metric in METRICS}
        self.step = self.validated = 0
        self.valid_steps = 1

    def read(self, line: str) -> None:
        start, step, valid = (pattern.search(line) for pattern in (START, STEP, VALID))
        if start:
            self.step = self.validated = 0
            self.valid_steps = int(start[1] or 1)
        elif step:
            self.step = int(step[1])
            self._forget_from(self.step, METRICS)
            self.curves["train_accuracy"][self.step] = _number(step[2])
            self.curves["train_perplexity"][self.step] = _number(step[3])
        elif valid:
            if valid[1] == "perplexity":  # the accuracy of the same validation follows it
                due = math.ceil(self.step / self.valid_steps) * self.valid_steps
                self.validated = max(due, self.validated + self.valid_steps)
                self._forget_from(self.validated, ["valid_perplexity", "valid_accuracy"])
            self.curves[f"valid_{valid[1]}"][self.validated] = _number(valid[2])

    def _forget_from(self, step: int, metrics) -> None:
        for metric in metrics:
            for late in [other for other in self.curves[metric] if other >= step]:
                del self.curves[metric][late]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # a line that was cut off in the middle
        return math.nan
