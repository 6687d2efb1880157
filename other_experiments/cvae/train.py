"""Train the conditional autoencoders and compare their priors.

python -m other_experiments.cvae.train --preset small
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.normalizers import get

from ..common.config import load_config
from ..common.datasets import load_digits, load_mnist
from ..common.errors import ExperimentError, run_main
from ..common.plots import METHODS
from ..common.runs import RunFolder, keep_config
from ..common.seeding import parse_seeds
from .figures import report
from .judge import trained_judge
from .training import KL_REDUCTIONS, Data, Trainer

CONFIG = Path(__file__).with_name("config.yaml")


def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = _parser().parse_args(arguments)
    config = settings(options)
    seeds = parse_seeds(options.seeds)
    trained = _trained(options.normalizer)
    if config["dataset"] == "digits":
        images = load_digits()
    else:
        images = load_mnist(options.cache / "mnist", options.mirror)
    # folders first: one of another config should say so at once, not after the judge is trained
    keep_config(options.out, {**config, "seeds": seeds})
    folders = {name: RunFolder(options.out / name, {**config, "mapping": name, "seeds": seeds}) for name in trained}
    judge, accuracy = trained_judge(config["dataset"], images, options.cache)
    print(f"judge: {accuracy:.2%} of the test images right", flush=True)
    data = Data(images, judge, accuracy)
    for name, folder in folders.items():
        Trainer(name, seeds, config, data, folder).run()
    print(report([options.out], options.out), end="")
    print(f"results and figures: {options.out}")


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """The config that the options ask for.

    Raises:
        ExperimentError: it is not one that can be run.
    """
    presets = (["released"] if options.protocol == "released" else []) + options.preset
    overrides = {key: getattr(options, key) for key in ("kl_weight", "kl_reduction", "epochs")}
    config = load_config(CONFIG, options.config, presets, overrides)
    _check(config)
    return config


def _check(config: Mapping[str, Any]) -> None:
    if config["dataset"] not in ("mnist", "digits"):
        raise ExperimentError(f"dataset: must be mnist or digits, not {config['dataset']!r}")
    if config["kl_reduction"] not in KL_REDUCTIONS:
        raise ExperimentError(f"kl_reduction: must be sum or mean, not {config['kl_reduction']!r}")
    split = config["split"]
    if not all(isinstance(digits, list) for digits in split) or sorted(sum(split, [])) != list(range(10)):
        raise ExperimentError(f"split: must name each of the digits 0 to 9 once, in lists; got {split}")
    for key in ("classes", "prior_hidden", "hidden", "batch_size", "epochs", "evaluate_every"):
        if config[key] < 1:
            raise ExperimentError(f"{key}: must be at least 1, not {config[key]}")
    for key in ("temperature", "eps", "learning_rate"):
        if not config[key] > 0:
            raise ExperimentError(f"{key}: must be positive, not {config[key]}")
    if not config["kl_weight"] >= 0:
        raise ExperimentError(f"kl_weight: must not be negative, got {config['kl_weight']}")


def _trained(names: Sequence[str]) -> list[str]:
    """The mappings to train for the methods asked for; post-hoc evidential is a softmax model."""
    for name in names:
        get(name)  # an unknown one is an error of its own
        if name not in METHODS:
            raise ExperimentError(f"{name} is not compared in this experiment; known: {', '.join(METHODS)}")
    return list(dict.fromkeys(catalogue.get(name).trained_as for name in names))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m other_experiments.cvae.train", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML with changes to config.yaml")
    parser.add_argument("--preset", nargs="+", default=[], metavar="NAME", help="small, split37, classes20, released")
    parser.add_argument(
        "--protocol",
        choices=("paper", "released"),
        default="paper",
        help="the paper's text, or what the authors' code does",
    )
    parser.add_argument(
        "--normalizer",
        nargs="+",
        default=list(METHODS),
        metavar="NAME",
        help=f"of {', '.join(METHODS)}; default: all",
    )
    parser.add_argument("--seeds", default="0-9", help="such as 0-9 or 0,3,7; default: 0-9")
    parser.add_argument("--kl_weight", type=float, metavar="W", help="weight of the KL divergence")
    parser.add_argument("--kl_reduction", choices=KL_REDUCTIONS, help="of the KL divergence over a batch")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--mirror", metavar="DIR|URL", help="where MNIST's files are")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/cache"),
        metavar="DIR",
        help="for downloads and the judge; default: runs/cache",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/cvae"), metavar="DIR", help="default: runs/cvae")
    return parser


if __name__ == "__main__":
    run_main(main)
