"""What each training of a sweep is given, and where its files lie."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import yaml

from ..base.errors import InputError
from .settings import Settings, run_name

PRETRAIN = "pretrain"
NOT_COMPARED = ("save_model", "report_every", "gpu_ranks")
"""options of onmt_train that do not change what is trained: a folder can be moved, a GPU be another one"""


def run_names(settings: Settings) -> list[str]:
    """The folders of the trainings: ``pretrain`` and ``FUNCTION.SEED``."""
    own = [] if settings.given_model is not None else [PRETRAIN]
    return own + [run_name(function, seed) for function in settings.trained for seed in settings.seeds]


def last_step(settings: Settings, run: str) -> int:
    """The number of training steps of a run."""
    return settings.pretrain["steps"] if run == PRETRAIN else settings.fine_tune["steps"]


def prefix(settings: Settings, run: str) -> Path:
    """What onmt_train is given as ``save_model``."""
    return settings.out / run / "model"


def checkpoint(settings: Settings, run: str, step: Optional[int] = None) -> Path:
    """The checkpoint of a step; by default of the last one."""
    return Path(f"{prefix(settings, run)}_step_{step or last_step(settings, run)}.pt")


def start_model(settings: Settings, run: str) -> Optional[Path]:
    """The checkpoint that a training starts from; None for the pretraining."""
    if run == PRETRAIN:
        return None
    return settings.given_model or checkpoint(settings, PRETRAIN)


def training_config(settings: Settings, run: str) -> dict[str, Any]:
    """The configuration for onmt_train: the sweep's, with the overrides of the stage.

    Seed s is the training seed of every function's run s, so that runs of one seed are paired:
    they see the same batches in the same order. Without ``override_opts`` OpenNMT-py would take dropout
    from the checkpoint that it starts from; a checkpoint of another architecture than ``config``
    describes asks for ``override_opts: false``.
    """
    if run == PRETRAIN:
        own = {"self_attn_function": settings.pretrain.get("function", "softmax")}
        overrides = settings.pretrain.get("overrides", {})
    else:
        function, seed = run.rsplit(".", 1)
        own = {"self_attn_function": function, "seed": int(seed)}
        overrides = {"override_opts": True, **settings.fine_tune.get("overrides", {})}
    own.update(train_steps=last_step(settings, run), save_model=str(prefix(settings, run)))
    return {**settings.training, **overrides, **own}


def refuse_other_settings(settings: Settings) -> None:
    """Check that what is in the folder of the sweep was trained as the settings say.

    Raises:
        InputError: a run has been trained, or half trained, with other settings.
    """
    changed: dict[str, str] = {}
    for run in run_names(settings):
        record = settings.out / run / "train.yaml"
        if record.exists():
            done, wanted = yaml.safe_load(record.read_text(encoding="utf-8")), training_config(settings, run)
            changed.update((run, change) for change in list(_changes(done, wanted))[:1])
    if not changed:
        return
    run, change = next(iter(changed.items()))
    # what was fine-tuned from another pretraining has to go with it
    stale = run_names(settings) if PRETRAIN in changed else list(changed)
    folders = " ".join(shlex.quote(str(settings.out / name)) for name in stale if (settings.out / name).exists())
    raise InputError(
        f"{settings.source}: {settings.out / run} was trained with {change}; "
        f"choose another out folder, or start anew with: rm -r {folders}"
    )


def _changes(done: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    for key in sorted({*done, *wanted} - {*NOT_COMPARED}):
        before, now = done.get(key), wanted.get(key)
        if before != now:
            yield f"{key}: {before}, but now it is {now}"
