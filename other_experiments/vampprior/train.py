"""Train autoencoders and score them: ``python -m other_experiments.vampprior.train``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import torch
import yaml

from ..common.config import load_config
from ..common.errors import ExperimentError, run_main
from ..common.runs import RunFolder
from ..common.seeding import parse_seeds
from .data import SHAPES, load, split
from .training import Trainer

HERE = Path(__file__).parent
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
    arguments = _parser().parse_args(argv)
    runs = planned(arguments)
    images: dict[str, Any] = {}
    device = _device(arguments.device)
    for settings, seed in runs:
        if settings["dataset"] not in images:
            images[settings["dataset"]] = load(settings, arguments.cache, arguments.mirror)
        folder = RunFolder(arguments.out / name(settings) / f"seed-{seed}", {"seed": seed, **settings})
        data = split(images[settings["dataset"]], settings).to(device)
        result = Trainer(settings, seed, data, folder).run(f"{name(settings)}, seed {seed}")
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
    """Raises ExperimentError: they are no settings that can be trained with."""
    for key, known in CHOICES.items():
        if settings[key] not in known:
            raise ExperimentError(f"{key}: must be one of {', '.join(known)}, not {settings[key]!r}")
    if (settings["dataset"] == "frey") != (settings["decoder"] == "logistic"):
        raise ExperimentError(
            f"decoder: {settings['decoder']} does not fit {settings['dataset']}; Frey faces have 256 grey "
            "values (logistic), the digits are binarised (bernoulli)"
        )
    for key in ("latent", "hidden", "pseudo_inputs", "epochs", "batch", "samples"):
        if settings[key] < 1:
            raise ExperimentError(f"{key}: must be at least 1, not {settings[key]}")
    for key in ("warm_up", "score_images", "pseudo_std", "log_floor"):
        if settings[key] < 0:
            raise ExperimentError(f"{key}: must not be negative, got {settings[key]}")
    if not settings["learning_rate"] > 0:
        raise ExperimentError(f"learning_rate: must be positive, not {settings['learning_rate']}")


def planned(arguments: argparse.Namespace) -> list[tuple[dict[str, Any], int]]:
    """Settings and seed of every run, in order.

    Raises:
        ExperimentError: one of them cannot be trained; the message names its place in the plan.
    """
    runs = []
    for number, changes in enumerate(_plan(arguments), start=1):
        try:
            runs += _runs(arguments, changes)
        except ExperimentError as error:
            place = "" if arguments.plan is None else f"{arguments.plan}, entry {number}: "
            raise ExperimentError(f"{place}{error}") from None
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
        settings = load_config(HERE / "config.yaml", arguments.config, presets, given)
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
        raise ExperimentError(f"--device {name}: cannot be used ({reason})") from None
    return device


def _plan(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Changes of the config for each run or set of runs, in order; a single empty one without --plan."""
    if arguments.plan is None:
        return [{}]
    try:
        plan = yaml.safe_load(arguments.plan.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ExperimentError(f"{arguments.plan}: no YAML ({' '.join(str(error).split())})") from None
    if not isinstance(plan, list) or not all(isinstance(changes, dict) for changes in plan):
        raise ExperimentError(f"{arguments.plan}: must be a list of changes, each of keys and values")
    return plan


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m other_experiments.vampprior.train", description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="YAML with changes to config.yaml")
    add("--preset", nargs="+", default=[], metavar="NAME", help="small, mnist")
    add("--plan", type=Path, metavar="FILE", help="a list of changes, trained in order, such as report.yaml")
    add("--prior", nargs="+", default=["standard", "vampprior"], metavar="NAME", help="default: both")
    add("--latent", type=int, metavar="M", help="dimensions of z")
    add("--seeds", metavar="LIST", help="such as 1-3 or 1,3")
    add("--epochs", type=int, metavar="N")
    add("--mirror", metavar="DIR", help="folder or address with the files of the data set")
    add("--device", default="cpu", metavar="NAME", help="such as cuda; default: cpu")
    cache, out = Path("runs/cache"), Path("runs/vampprior")
    add("--cache", type=Path, default=cache, metavar="DIR", help=f"downloads go here (default: {cache})")
    add("--out", type=Path, default=out, metavar="DIR", help=f"run folders go here (default: {out})")
    return parser


if __name__ == "__main__":
    run_main(main)
