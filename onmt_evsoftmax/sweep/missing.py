"""What a sweep has not made (yet), and the commands that make it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from .commands import RunCommands, line
from .commands import sweep as sweep_command
from .folder import RunFolder, Sweep
from .settings import Settings, TestSettings

UNKNOWN = TestSettings("TEST", Path("SOURCE"), Path("REFERENCE"), {"hyp_segmentation": "bpe"})
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
    if sweep.odd is not None:
        parts.append(Missing(f"{sweep.odd}; the page shows whatever the folder holds."))
    absent = [run.path.name for run in sweep.wanted if run not in sweep.runs]
    if absent:
        parts.append(Missing(f"settings.yaml asks for runs that have not begun: {', '.join(absent)}."))
    return parts


def continuation(sweep: Sweep) -> Missing:
    """How the sweep itself makes whatever is missing."""
    if sweep.plan is not None and sweep.moved:
        return Missing(
            f"This folder was moved, or `report` was started elsewhere than the sweep: settings.yaml says "
            f"out: {sweep.plan.out}. To continue the sweep, move it back, or give its settings this folder."
        )
    settings = "configs/sweeps/NAME.yaml" if sweep.plan is None else Path(sweep.plan.out, "settings.yaml")
    text = "The sweep makes what is missing when it is continued, from where it was started:"
    return Missing(text, line(sweep_command(settings)))


def missing_parts(sweep: Sweep, run: RunFolder, name: str, seed: int, *, unfinished: bool = False) -> list[Missing]:
    """What a run lacks on a test set.

    Args:
        seed: whose sentences the page shows; without settings, only this one needs an archive.
        unfinished: ``TEST.hyp`` is not whole.
    """
    commands, who = _commands(sweep, run, name), run.path.name
    # without a model the sweep is to train it first
    trained = sweep.plan is None or (sweep.path / commands.model.relative_to(commands.settings.out)).is_file()
    translate, attend = (line(make()) if trained else "" for make in (commands.translate, commands.attend))
    if unfinished:
        text = f"{who} has an unfinished translation of {name}: it is being written, or was stopped."
        return [Missing(text, translate)]
    scored = run.file(name, "json") is not None
    if run.file(name, "hyp") is None:
        text = f"{who} has not translated {name} (yet)."
        return [] if scored else [Missing(text, translate)]
    parts = []
    kept = [seed] if sweep.plan is None else sweep.plan.keep_archives
    if run.seed in kept and run.file(name, "npz") is None:
        parts.append(Missing(f"{who} has no attention archive of {name}.", attend))
    if not scored:
        score = _score(commands, run.file(name, "npz") is not None, trained)
        parts.append(Missing(f"{who} is not scored on {name} (yet).", score))
    return parts


def _commands(sweep: Sweep, run: RunFolder, name: str) -> RunCommands:
    """Paths are as seen from where the sweep was started, or from here where nobody knows that."""
    if sweep.plan is None:
        settings, test = Settings(sweep.path, keep_archives=(run.seed,), attend=False), replace(UNKNOWN, name=name)
    else:
        settings, test = sweep.plan, sweep.plan.test(name)
    if sweep.moved:
        settings = replace(settings, out=sweep.path)
    return RunCommands(settings, run.function, run.seed, test)


def _score(commands: RunCommands, archived: bool, trained: bool) -> str:
    """After `attend` where the sweep scores with an archive that is not there."""
    attend = commands.settings.attend and not archived and trained
    parts = [*([commands.attend()] if attend else []), commands.score(attention=archived or attend)]
    return " && ".join(map(line, parts))
