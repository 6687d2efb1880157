"""Train the conditional autoencoders and compare their priors.

python -m other_experiments.cvae.train --preset small
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get

from ..common.command import run_main, train_parser
from ..common.config import check_known, check_numbers, load_config
from ..common.datasets import LABELLED, load_images
from ..common.plots import METHODS
from ..common.runs import RunFolder, keep_config
from ..common.seeding import parse_seeds
from ..common.training import train
from .figures import report
from .judge import trained_judge
from .training import KL_REDUCTIONS, Data, Trainer

CONFIG = Path(__file__).with_name("config.yaml")


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Train all seeds of a mapping together, one run folder per mapping; finished runs are left as they are."""
    options = _parser().parse_args(arguments)
    config = settings(options)
    seeds, trained = config["seeds"], _trained(options.normalizer)
    images = load_images(config["dataset"], options.cache, options.mirror)
    # folders first: one of another config should say so at once, not after the judge is trained
    keep_config(options.out, config)
    folders = {name: RunFolder(options.out / name, {**config, "mapping": name}) for name in trained}
    judge, accuracy = trained_judge(config["dataset"], images, options.cache)
    print(f"judge: {accuracy:.2%} of the test images right", flush=True)
    data = Data(images, judge, accuracy)
    for name, folder in folders.items():
        train(folder, name, partial(Trainer, name, seeds, config, data))
    print(report([options.out], options.out), end="")
    print(f"results and figures: {options.out}")


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """The config that the options ask for.

    Raises:
        InputError: it is not one that can be run.
    """
    presets = (["released"] if options.protocol == "released" else []) + options.preset
    overrides = {key: getattr(options, key) for key in ("kl_weight", "kl_reduction", "epochs", "seeds")}
    config = load_config(CONFIG, options.config, presets, overrides)
    _check(config)
    return {**config, "seeds": parse_seeds(config["seeds"])}


def _check(config: Mapping[str, Any]) -> None:
    check_known("dataset", [config["dataset"]], LABELLED)
    check_known("kl_reduction", [config["kl_reduction"]], KL_REDUCTIONS)
    split = config["split"]
    if not all(isinstance(digits, list) for digits in split) or sorted(sum(split, [])) != list(range(10)):
        raise InputError(f"split: must name each of the digits 0 to 9 once, in lists; got {split}")
    counts = ("classes", "prior_hidden", "hidden", "batch_size", "epochs", "evaluate_every")
    check_numbers(config, counts, ("temperature", "eps", "learning_rate"), ("kl_weight",))


def _trained(names: Sequence[str]) -> list[str]:
    """The mappings to train for the methods asked for; post-hoc evidential is a softmax model."""
    for name in names:
        get(name)  # an unknown one is an error of its own
        if name not in METHODS:
            raise InputError(f"{name} is not compared in this experiment; known: {', '.join(METHODS)}")
    return list(dict.fromkeys(catalogue.get(name).trained_as for name in names))


def _parser() -> argparse.ArgumentParser:
    parser = train_parser("cvae", __doc__, images="the four files of MNIST")
    add = parser.add_argument
    add("--protocol", choices=("paper", "released"), default="paper", help="what the authors' text or code does")
    add("--normalizer", nargs="+", default=METHODS, metavar="NAME", help=f"of {', '.join(METHODS)}; default: all")
    add("--kl_weight", type=float, metavar="W", help="weight of the KL divergence")
    add("--kl_reduction", choices=KL_REDUCTIONS, help="of the KL divergence over a batch")
    return parser


if __name__ == "__main__":
    run_main(main)
