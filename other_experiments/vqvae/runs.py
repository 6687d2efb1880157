"""Finished runs, by codebook, and the measurements of their priors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy as np

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError

from ..common.plots import METHODS
from ..common.runs import damage_named, finished, read_log, read_results

OF_A_RUN = ("seed", "codebook", "start", "restart_every")
"""Settings that may differ between the runs of one table."""


@dataclass(frozen=True)
class Run:
    """An autoencoder, its priors, and what came out: one codebook and seed."""

    folder: Path
    config: dict[str, Any]
    results: dict[str, Any]

    @property
    def codebook(self) -> str:
        return self.folder.parent.name

    @property
    def seed(self) -> int:
        return int(self.folder.name.partition("-")[2])

    @property
    def methods(self) -> list[str]:
        """In the order of the paper's tables."""
        with damage_named(self.folder):
            return [method for method in METHODS if method in self.results["methods"]]

    def support(self, method: str) -> list[dict[str, Any]]:
        """``step``, ``K`` and ``outside`` during the training of the prior that the method reads."""
        with damage_named(self.folder):
            rate = self.results["methods"][method]["learning_rate"]
            log = read_log(self.folder / "priors" / f"{catalogue.get(method).trained_as}-lr{rate:g}")
            return [{"step": line["step"], **line["methods"][method]} for line in log if "methods" in line]

    def images(self, *place: str) -> tuple[np.ndarray, np.ndarray]:
        """Images, uint8 ``[N, C, S, S]``, and labels ``[N]`` of a file in the folder.

        Raises:
            InputError: it is missing or damaged.
        """
        file = self.folder.joinpath(*place)
        try:
            with np.load(file, allow_pickle=False) as arrays:
                return arrays["images"], arrays["labels"]
        except Exception as error:  # a damaged file makes numpy, zipfile and zlib raise a dozen kinds
            raise InputError(
                f"{file}: missing or damaged ({type(error).__name__}); delete its folder and train again"
            ) from None


class Codes(NamedTuple):
    """An autoencoder and how it uses its codes, with or without priors."""

    folder: Path
    codebook: str
    results: dict[str, Any]


def grouped(runs: Path) -> dict[str, list[Run]]:
    """The finished runs of each codebook, by seed.

    Raises:
        InputError: there is none, or they are of different settings.
    """
    found: dict[str, list[Run]] = {}
    first: Optional[Run] = None
    for run in finished(runs, "*/seed-*"):
        own = Run(*run)
        first = first or own
        keys = [key for key in {**first.config, **own.config} if key not in OF_A_RUN]
        differing = [key for key in keys if first.config.get(key) != own.config.get(key)]
        if differing:
            raise InputError(
                f"{own.folder}: its {', '.join(differing)} differ from those of {first.folder}; name another --out "
                "for each"
            )
        found.setdefault(own.codebook, []).append(own)
    return {name: sorted(group, key=lambda run: run.seed) for name, group in found.items()}


def codes(runs: Path) -> list[Codes]:
    """The autoencoders that are through, those without priors too."""
    folders = [file.parents[1] for file in sorted(Path(runs).glob("*/seed-*/codes/results.json"))]
    return [
        Codes(folder, folder.parent.name, {**read_results(folder / "vqvae"), **read_results(folder / "codes")})
        for folder in folders
    ]


def unfinished(runs: Path) -> list[Path]:
    """Folders of runs that were begun and are not through, nor end with the codes."""
    folders = [file.parent for file in sorted(Path(runs).glob("*/seed-*/config.yaml"))]
    return [
        folder
        for folder in folders
        if not (folder / "results.json").exists() and ((folder / "priors").exists() or not (folder / "codes").exists())
    ]


def described(run: Run) -> str:
    """The settings that a table needs to be read."""
    config = run.config
    with damage_named(run.folder):
        autoencoder, prior = config["autoencoder"], config["prior"]
        side = config["side"] >> autoencoder["halvings"]
        return (
            f"{config['dataset']}, {config['side']} x {config['side']} pixels, {side} x {side} codes of "
            f"{autoencoder['codes']}; {autoencoder['epochs']} epochs of the autoencoder, {prior['epochs']} of each "
            f"prior; {config['samples']['per_class']} samples of each class"
        )
