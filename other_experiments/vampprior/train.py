"""Train autoencoders and score them: ``python -m other_experiments.vampprior.train``."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import torch

from onmt_evsoftmax.base.documents import read_yaml
from onmt_evsoftmax.base.errors import InputError

from ..common.command import run_main, train_parser
from ..common.config import check_known, check_numbers, load_config
from ..common.runs import RunFolder
from ..common.seeding import parse_seeds
from ..common.training import train
from .data import SHAPES, load, split
from .training import Trainer

CONFIG = Path(__file__).with_name("config.yaml")
CHOICES = {
    "dataset": tuple(SHAPES),
    "decoder": ("logistic", "bernoulli"),
    "binarise": ("dynamic", "fixed"),
    "prior": ("standard", "vampprior"),
    "pseudo_start": ("random", "data"),
}
OF_PSEUDO_INPUTS = ("pseudo_inputs", "pseudo_start", "pseudo_mean", "pseudo_std")
"""Settings that mean nothing with the standard prior."""


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Train what the options name, one run folder each; finished runs are left as they are."""
    arguments = parser().parse_args(argv)
    runs = planned(arguments)
    images = functools.cache(functools.partial(load, cache=arguments.cache, mirror=arguments.mirror))
    device = _device(arguments.device)
    for settings, seed in runs:
        folder = RunFolder(arguments.out / name(settings) / f"seed-{seed}", {"seed": seed, **settings})
        data = split(images(settings["dataset"]), settings).to(device)
        result = train(folder, f"{name(settings)}, seed {seed}", functools.partial(Trainer, settings, seed, data))
        bits, nats = result["bits_per_dimension"]["mean"], result["nats"]["mean"]
        print(f"{folder.path}: {nats:.2f} nats, {bits:.4f} bits per dimension", flush=True)
    print(f"done; the table: python -m other_experiments.vampprior.table {arguments.out} --out DIR")


def name(settings: Mapping[str, Any]) -> str:
    """The folder of a run: what the report and its open questions vary."""
    parts = [settings["dataset"], settings["prior"], f"m{settings['latent']}", f"h{settings['hidden']}"]
    if settings["prior"] == "vampprior":
        parts += [f"k{settings['pseudo_inputs']}", settings["pseudo_start"]]
    gradients = "normalised" if settings["normalised_gradients"] else "plain"
    return "-".join([*parts, f"lr{settings['learning_rate']:g}", gradients, f"e{settings['epochs']}"])


def check(settings: Mapping[str, Any]) -> None:
    """Raises InputError: they are no settings that can be trained with."""
    for key, known in CHOICES.items():
        check_known(key, [settings[key]], known)
    if (settings["dataset"] == "frey") != (settings["decoder"] == "logistic"):
        raise InputError(
            f"decoder: {settings['decoder']} does not fit {settings['dataset']}; Frey faces have 256 grey "
            "values (logistic), the digits are binarised (bernoulli)"
        )
    counts = ("latent", "hidden", "pseudo_inputs", "epochs", "batch", "samples")
    check_numbers(settings, counts, ["learning_rate"], ("warm_up", "score_images", "pseudo_std", "log_floor"))


def planned(arguments: argparse.Namespace) -> list[tuple[dict[str, Any], int]]:
    """Settings and seed of every run, in order.

    Raises:
        InputError: one of them cannot be trained; the message names its place in the plan.
    """
    runs = []
    for number, changes in enumerate(_plan(arguments), start=1):
        try:
            runs += _runs(arguments, changes)
        except InputError as error:
            place = "" if arguments.plan is None else f"{arguments.plan}, entry {number}: "
            raise InputError(f"{place}{error}") from None
    return runs


def _runs(arguments: argparse.Namespace, changes: Mapping[str, Any]) -> list[tuple[dict[str, Any], int]]:
    """What one entry of the plan asks for; without a prior it means those of --prior."""
    options = {
        "prior": None,
        "latent": arguments.latent,
        "seeds": arguments.seeds,
        "epochs": arguments.epochs,
    }
    changes = dict(changes)
    presets = [*arguments.preset, *([changes.pop("preset")] if "preset" in changes else [])]
    options.update(changes)
    runs = []
    for prior in arguments.prior if options["prior"] is None else [options["prior"]]:
        given = {**options, "prior": prior}
        settings = load_config(CONFIG, arguments.config, presets, given)
        check(settings)
        seeds = parse_seeds(settings.pop("seeds"))
        if prior == "standard":
            settings = {key: value for key, value in settings.items() if key not in OF_PSEUDO_INPUTS}
        runs += [(settings, seed) for seed in seeds]
    return runs


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"--device {name}: cannot be used ({reason})") from None
    return device


def _plan(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Changes of the config for each run or set of runs, in order; a single empty one without --plan."""
    if arguments.plan is None:
        return [{}]
    plan = read_yaml(arguments.plan, "report.yaml shows what a plan looks like")
    if not isinstance(plan, list) or not all(isinstance(changes, dict) for changes in plan):
        raise InputError(f"{arguments.plan}: must be a list of changes, each of keys and values")
    return plan


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = train_parser("vampprior", __doc__, images="the files of the data set")
    add = options.add_argument
    add("--plan", type=Path, metavar="FILE", help="a list of changes, trained in order, such as report.yaml")
    add("--prior", nargs="+", default=["standard", "vampprior"], metavar="NAME", help="default: both")
    add("--latent", type=int, metavar="M", help="dimensions of z")
    add("--device", default="cpu", metavar="NAME", help="such as cuda; default: cpu")
    return options


if __name__ == "__main__":
    run_main(main)
