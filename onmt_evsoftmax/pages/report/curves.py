"""The learning curves of a sweep, ready for JSON."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Optional

from ...sweep.folder import Sweep
from ...sweep.missing import Missing
from ...sweep.train_log import METRICS, read_train_log


def learning_curves(sweep: Sweep) -> tuple[dict[str, Any], list[Missing]]:
    """``pretrain`` and ``train``: a list of ``function``, ``seed`` and metric -> ``[[step, value], ..]``.

    ``function`` is None for pretraining, which a sweep that starts from a given model has not; a value
    is None where the log says NaN or infinity.
    """
    functions, missing, train = sweep.described, [], []
    for run in sweep.runs:
        if not functions[run.function].is_trained:
            continue
        curves = _read(run.path / "train.log")
        if curves:
            train.append({"function": run.function, "seed": run.seed, **curves})
        else:
            missing.append(Missing(f"{run.path.name}/train.log has no logged step (yet)."))
    pretrain = _read(sweep.path / "pretrain" / "train.log")
    if not pretrain and (sweep.path / "pretrain").is_dir():
        missing.append(Missing("pretrain/train.log has no logged step (yet)."))
    data = {
        "metrics": METRICS,
        "pretrain": [{"function": None, "seed": None, **pretrain}] if pretrain else [],
        "train": train,
    }
    return data, missing


def _read(path: Path) -> Optional[dict[str, list]]:
    if not path.is_file():
        return None
    curves = read_train_log(path)
    if not any(curves.values()):
        return None
    return {
        metric: [[step, value if math.isfinite(value) else None] for step, value in points.items()]
        for metric, points in curves.items()
    }
