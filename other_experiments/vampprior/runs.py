"""Finished runs, grouped by everything but their seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..common.errors import ExperimentError
from ..common.runs import read_config

PRIORS = {"standard": "standard", "vampprior": "VampPrior"}
"""Printed names, in the order of the report's tables."""


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed only: settings without it, and folder and results by seed."""

    settings: dict[str, Any]
    folders: dict[int, Path]
    results: dict[int, dict[str, Any]]

    def log_likelihood(self, seed: int) -> np.ndarray:
        """Of each test image, in nats."""
        with np.load(self.folders[seed] / "images.npz") as arrays:
            return arrays["log_likelihood"]


def finished(runs: Path) -> list[Group]:
    """What is through under a folder, in the order dataset, M, units, epochs, optimiser, K, prior.

    Raises:
        ExperimentError: nothing is.
    """
    groups: dict[str, Group] = {}
    for file in sorted(Path(runs).glob("*/seed-*/results.json")):
        settings = read_config(file.parent)
        seed = settings.pop("seed")
        key = json.dumps(settings, sort_keys=True)
        group = groups.setdefault(key, Group(settings, {}, {}))
        group.folders[seed] = file.parent
        group.results[seed] = json.loads(file.read_text(encoding="utf-8"))
    if not groups:
        raise ExperimentError(f"{runs}: holds no run that is through; run other_experiments.vampprior.train first")
    return sorted(groups.values(), key=_place)


def _place(group: Group) -> tuple:
    known = group.settings
    optimiser = (known["learning_rate"], not known["normalised_gradients"])
    own = (known["prior"], -known.get("pseudo_inputs", 0), known.get("pseudo_start", ""))
    return known["dataset"], known["latent"], known["hidden"], known["epochs"], *optimiser, *own
