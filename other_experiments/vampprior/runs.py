"""Finished runs, grouped by everything but their seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..common.runs import damage_named, finished

PRIORS = {"standard": "standard", "vampprior": "VampPrior"}
"""Printed names, in the order of the report's tables."""


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed only: settings without it, and folder and results by seed."""

    settings: dict[str, Any]
    folders: dict[int, Path]
    results: dict[int, dict[str, Any]]

    def log_likelihood(self, seed: int) -> np.ndarray:
        """log p(x) of each test image, in nats: ``[N]``."""
        with np.load(self.folders[seed] / "images.npz") as arrays:
            return arrays["log_likelihood"]


def grouped(runs: Path) -> list[Group]:
    """The finished runs under a folder, in the order dataset, M, units, epochs, optimiser, K, prior.

    Raises:
        InputError: there is none.
    """
    groups: dict[str, Group] = {}
    for run in finished(runs, "*/seed-*"):
        with damage_named(run.folder):
            settings = {key: value for key, value in run.config.items() if key != "seed"}
            group = groups.setdefault(json.dumps(settings, sort_keys=True), Group(settings, {}, {}))
            group.folders[run.config["seed"]] = run.folder
            group.results[run.config["seed"]] = run.results
    return sorted(groups.values(), key=_place)


def _place(group: Group) -> tuple:
    known = group.settings
    optimiser = (known["learning_rate"], not known["normalised_gradients"])
    own = (known["prior"], -known.get("pseudo_inputs", 0), known.get("pseudo_start", ""))
    return known["dataset"], known["latent"], known["hidden"], known["epochs"], *optimiser, *own
