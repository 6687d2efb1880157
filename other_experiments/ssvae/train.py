"""Train rows of Table 2: ``python -m other_experiments.ssvae.train``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax.base.errors import InputError

from ..common.command import run_main, train_parser
from ..common.config import check_known, check_numbers, load_config
from ..common.datasets import LABELLED, load_images
from ..common.runs import RunFolder
from ..common.seeding import parse_seeds
from ..common.training import train
from .data import split
from .methods import MARGINAL, METHODS, Method, select
from .training import Trainer
from .warm_start import warm_start

CONFIG = Path(__file__).with_name("config.yaml")
PROTOCOLS = ("paper", "released")
COMMAND_ONLY = ("methods", "seeds", "released")
"""Keys of the config that choose runs; they are not settings of a run."""


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Train what the options name, one run folder per method and seed; finished runs are left as they are."""
    arguments = _parser().parse_args(argv)
    changes = {"epochs": arguments.epochs, "seeds": arguments.seeds}
    settings = load_config(CONFIG, arguments.config, arguments.preset, changes)
    methods = select(_names(arguments, settings))
    seeds = parse_seeds(settings["seeds"])
    run_settings(settings, methods[0])  # refuses before the data is read
    images = load_images(settings["dataset"], arguments.cache, arguments.mirror)
    for seed in seeds:  # outside: one seed of every row comes before the second of any
        data = split(images, settings["labelled"], settings["validation"], seed)
        for method in methods:
            own = run_settings(settings, method)
            folder = RunFolder(
                arguments.out / method.name / f"seed-{seed}", {"method": method.name, "seed": seed, **own}
            )
            start = partial(warm_start, arguments.out / "warm_start", method, own, seed, data)
            make = partial(Trainer, method, own, seed, data, start)
            train(folder, f"{method.printed_name}, seed {seed}", make)
    print(f"done; the table: python -m other_experiments.ssvae.table {arguments.out}")


def run_settings(settings: Mapping[str, Any], method: Method) -> dict[str, Any]:
    """The settings of one run: those of its protocol, without what only chooses runs.

    Raises:
        InputError: the protocol or the data set is not known, or a count is not positive.
    """
    own = {key: value for key, value in settings.items() if key not in COMMAND_ONLY}
    check_known("protocol", [settings["protocol"]], PROTOCOLS)
    check_known("dataset", [settings["dataset"]], LABELLED)
    if settings["protocol"] == "released":
        released = settings["released"]
        own["hidden"] = released["hidden"]
        own["learning_rate"] = released["learning_rate"].get(method.name, own["learning_rate"])
    check_numbers(own, ("epochs", "batch", "latent"))
    return own


def _names(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> list[str]:
    for name in arguments.normalizer or []:
        if name in METHODS and METHODS[name].estimator != MARGINAL:
            raise InputError(f"{name!r} is no mapping; name it with --method")
    return [*(arguments.method or []), *(arguments.normalizer or [])] or settings["methods"]


def _parser() -> argparse.ArgumentParser:
    parser = train_parser("ssvae", __doc__, images="the four files of MNIST")
    add = parser.add_argument
    add("--method", nargs="+", metavar="NAME", help=f"rows to train (default: all): {', '.join(METHODS)}")
    add("--normalizer", nargs="+", metavar="NAME", help="rows that marginalise, by their mapping")
    return parser


if __name__ == "__main__":
    run_main(main)
