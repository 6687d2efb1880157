"""The command lines of a sweep, each written once: the Snakefile runs them, the report page and the demo print them.

A command is a list of words, paths among them; `line` makes it one line for a shell.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base import catalogue
from ..base.files import PathLike
from .runs import checkpoint
from .settings import Settings, TestSettings, run_name

Words = list[Any]
OURS = "onmt_evsoftmax"


def line(words: Iterable[Any]) -> str:
    """A command as it is typed."""
    return shlex.join(map(str, words))


def options(**values: Any) -> Words:
    """Options and their values; True is a bare flag, a list is several values, False and None are left out."""
    words: Words = []
    for key, value in values.items():
        if value is not None and value is not False:
            words += [f"--{key}", *([] if value is True else value if isinstance(value, list) else [value])]
    return words


def sweep(settings: PathLike) -> Words:
    return [OURS, "sweep", settings]


def prepare(config: PathLike) -> Words:
    return [OURS, "prepare", config]


def train(config: PathLike, *more: Any) -> Words:
    return ["onmt_train", "-config", config, *more]


def start_from(model: PathLike) -> Words:
    """Options of `train`: another training's weights, with a new optimiser."""
    return ["-train_from", model, "-reset_optim", "all"]


def average(models: Iterable[PathLike], output: PathLike) -> Words:
    return ["onmt_average_models", "-models", *models, "-output", output]


def translate(model: PathLike, src: PathLike, output: PathLike, **more: Any) -> Words:
    return ["onmt_translate", *options(model=model, src=src, output=output, **more)]


def attend(model: PathLike, src: PathLike, hyp: PathLike, out: PathLike, **more: Any) -> Words:
    return [OURS, "attend", *options(model=model, src=src, hyp=hyp, out=out, **more)]


def score(hyps: Iterable[PathLike], reference: PathLike, names: Iterable[str], json: PathLike, **more: Any) -> Words:
    return [OURS, "score", "--hyp", *hyps, "--names", *names, *options(ref=reference, json=json, **more)]


def compare(scores: Iterable[PathLike], against: str, out: PathLike) -> Words:
    return [OURS, "compare", *scores, *options(against=against, out=out)]


def report(folder: PathLike, page: PathLike) -> Words:
    return [OURS, "report", folder, *options(out=page)]


def average_run(settings: Settings, run: str) -> Words:
    """The checkpoints of a training that the settings name, into its model.pt."""
    models = [checkpoint(settings, run, step) for step in settings.average]
    return average(models, settings.out / run / "model.pt")


def compare_runs(settings: Settings, test: str) -> Words:
    """The tables of a test set, over all runs."""
    runs = [run_name(function, seed) for function in settings.functions for seed in settings.seeds]
    scores = [settings.out / run / f"{test}.json" for run in runs]
    return compare(scores, settings.against, settings.out / test)


@dataclass(frozen=True)
class RunCommands:
    """What makes the files of one run on one test set, with the options of the settings."""

    settings: Settings
    function: str
    seed: int
    test: TestSettings

    @property
    def run(self) -> str:
        """Name of the run's folder."""
        return run_name(self.function, self.seed)

    @property
    def model(self) -> Path:
        return self.settings.out / run_name(self._described.trained_as, self.seed) / "model.pt"

    def translate(self) -> Words:
        more = {**self._function(), **self.settings.translate}
        return translate(self.model, self.test.src, self._file("hyp"), **more)

    def attend(self) -> Words:
        """All kinds of attention for the seeds whose archives stay, else what scores need."""
        segmentation = self.test.scoring.get("hyp_segmentation", "none")
        kinds = None if self.seed in self.settings.keep_archives else "cross"
        gpu = self.settings.translate.get("gpu", -1)
        more = {"segmentation": segmentation, "kinds": kinds, "gpu": gpu if gpu >= 0 else None, **self._function()}
        return attend(self.model, self.test.src, self._file("hyp"), self._file("npz"), **more)

    def score(self, attention: bool) -> Words:
        """With ``attention``: attended words too, out of the archive."""
        more = {"function": self.function, "seed": self.seed, "attention": self._file("npz") if attention else None}
        more.update(self.test.scoring)
        return score([self._file("hyp")], self.test.reference, [self.run], self._file("json"), **more)

    def _file(self, suffix: str) -> Path:
        return self.settings.out / self.run / f"{self.test.name}.{suffix}"

    @property
    def _described(self) -> catalogue.Function:
        return catalogue.described([self.function])[self.function]

    def _function(self) -> dict[str, str]:
        """What replaces the function that the checkpoint names."""
        return {} if self._described.is_trained else {"self_attn_function": self.function}
