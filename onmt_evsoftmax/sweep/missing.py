"""What a sweep has not made (yet), and the commands that make it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base import catalogue
from .folder import RunFolder, Sweep
from .plan import PlannedTest

UNKNOWN = PlannedTest("SOURCE", "REFERENCE", {})
"""Where no settings.yaml names the files of a test set, the reader puts them in."""


@dataclass(frozen=True)
class Missing:
    """A part that the page lacks, and the command that makes it."""

    text: str
    command: str = ""


def missing_files(sweep: Sweep) -> list[Missing]:
    """What the folder itself lacks: records of the sweep, and runs that it is to hold."""
    parts = [
        Missing(f"{name} is not in the folder: a sweep writes it when it starts.")
        for name, content in (("settings.yaml", sweep.settings), ("versions.json", sweep.versions))
        if content is None
    ]
    if sweep.odd_key is not None:
        odd = f"settings.yaml: {sweep.odd_key} is missing or odd; the page shows whatever the folder holds."
        parts.append(Missing(odd))
    absent = [run.path.name for run in sweep.wanted if run not in sweep.runs]
    if absent:
        parts.append(Missing(f"settings.yaml asks for runs that have not begun: {', '.join(absent)}."))
    return parts


def continuation(sweep: Sweep) -> Missing:
    """How the sweep itself makes whatever is missing."""
    if sweep.moved:
        return Missing(
            f"This folder was moved, or `report` was started elsewhere than the sweep: settings.yaml says "
            f"out: {sweep.plan.out}. To continue the sweep, move it back, or give its settings this folder."
        )
    settings = "configs/sweeps/NAME.yaml" if sweep.plan is None else Path(sweep.plan.out, "settings.yaml")
    text = "The sweep makes what is missing when it is continued, from where it was started:"
    snakemake = ["snakemake", "-s", "scripts/workflow/Snakefile", "--configfile", settings, "--cores", 2]
    return Missing(text, _command(snakemake))


def missing_parts(sweep: Sweep, run: RunFolder, name: str, seed: int, *, unfinished: bool = False) -> list[Missing]:
    """What a run lacks on a test set.

    Args:
        seed: whose sentences the page shows; without settings, only this one needs an archive.
        unfinished: ``TEST.hyp`` is not whole.
    """
    commands, who = _Commands(sweep, run, name), run.path.name
    if unfinished:
        text = f"{who} has an unfinished translation of {name}: it is being written, or was stopped."
        return [Missing(text, commands.translate())]
    scored = run.file(name, "json") is not None
    if run.file(name, "hyp") is None:
        text = f"{who} has not translated {name} (yet)."
        return [] if scored else [Missing(text, commands.translate())]
    parts = []
    kept = [seed] if sweep.plan is None else sweep.plan.keep_archives
    if run.seed in kept and run.file(name, "npz") is None:
        parts.append(Missing(f"{who} has no attention archive of {name}.", commands.attend()))
    if not scored:
        parts.append(Missing(f"{who} is not scored on {name} (yet).", commands.score()))
    return parts


class _Commands:
    """What makes the files of a run on a test set, with the options of the sweep's settings.

    Paths are as seen from where the sweep was started. A command is empty where the settings say that the
    model is yet to be trained: the sweep does that.
    """

    def __init__(self, sweep: Sweep, run: RunFolder, name: str) -> None:
        self.run, self.name, self.plan = run, name, sweep.plan
        self.test = UNKNOWN if self.plan is None else self.plan.tests[name]
        top = sweep.path if self.plan is None or sweep.moved else Path(self.plan.out)
        self.stem = top / run.path.name / name
        function = catalogue.get(run.function)
        model = Path(f"{function.trained_as}.{run.seed}", "model.pt")
        self.model = ["--model", top / model]
        if not function.is_trained:
            self.model += ["--self_attn_function", function.name]
        self.trained = self.plan is None or (sweep.path / model).is_file()

    def translate(self) -> str:
        options = [] if self.plan is None else _options(self.plan.translate)
        files = ["--src", self.test.src, "--output", f"{self.stem}.hyp"]
        return _command(["onmt_translate", *self.model, *files, *options]) if self.trained else ""

    def attend(self) -> str:
        files = ["--src", self.test.src, "--hyp", f"{self.stem}.hyp", "--out", f"{self.stem}.npz"]
        options = [] if self.plan is None else self._attend_options()
        return _command(["onmt_evsoftmax", "attend", *self.model, *files, *options]) if self.trained else ""

    def _attend_options(self) -> list:
        options = {"segmentation": self.test.scoring.get("hyp_segmentation", "none")}
        if self.run.seed not in self.plan.keep_archives:
            options["kinds"] = "cross"  # all that scores need
        if self.plan.translate.get("gpu", -1) != -1:
            options["gpu"] = self.plan.translate["gpu"]
        return _options(options)

    def score(self) -> str:
        """After `attend` where the sweep scores with an archive that is not there."""
        files = ["--hyp", f"{self.stem}.hyp", "--ref", self.test.reference, "--json", f"{self.stem}.json"]
        who = ["--names", self.run.path.name, "--function", self.run.function, "--seed", self.run.seed]
        score = ["onmt_evsoftmax", "score", *files, *who, *_options(self.test.scoring)]
        archived = self.run.file(self.name, "npz") is not None
        attend = self.attend() if self.plan is not None and self.plan.attend and not archived else ""
        if archived or attend:
            score += ["--attention", f"{self.stem}.npz"]
        return f"{attend} && {_command(score)}" if attend else _command(score)


def _options(options: Mapping[str, Any]) -> list:
    """As in the Snakefile: true is a bare flag, false is left out."""
    chosen = {f"--{key}": value for key, value in options.items() if value is not False}
    return [word for key, value in chosen.items() for word in ([key] if value is True else [key, value])]


def _command(words: list) -> str:
    return " ".join(shlex.quote(str(word)) for word in words)
