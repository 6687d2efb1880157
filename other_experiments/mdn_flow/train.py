"""Train the flows and score them: ``python -m other_experiments.mdn_flow.train --preset small``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Optional

import torch

from ..common.command import run_main, train_parser
from ..common.config import load_config
from ..common.runs import RunFolder
from ..common.seeding import parse_seeds
from ..common.training import Training, train
from .components import ComponentsTrainer
from .entropy import EntropyTrainer
from .likelihood import LikelihoodTrainer
from .plan import PARTS, plan
from .table import collect, markdown

CONFIG = Path(__file__).with_name("config.yaml")


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Train what the options name, each run in a folder of its own; finished runs are left as they are."""
    options = _parser().parse_args(arguments)
    # half of the time of nets this small goes into checks of arguments that are right
    torch.distributions.Distribution.set_default_validate_args(False)
    changes = {"seeds": options.seeds, "parts": options.part}
    config = load_config(CONFIG, options.config, options.preset, changes)
    runs = plan(config, parse_seeds(config["seeds"]))
    for number, run in enumerate(runs, 1):
        results = train(RunFolder(options.out / run.name, run.settings), run.name, partial(trainer_of, run.settings))
        print(f"{number}/{len(runs)} {run.name}: {_headline(results)}", flush=True)
    print(markdown(collect(options.out)))
    print(f"figures: python -m other_experiments.mdn_flow.figures {options.out} --out DIR")


def trainer_of(settings: Mapping[str, Any]) -> Training:
    """The untrained trainer for a run's ``config.yaml``."""
    if settings["part"] == "likelihood":
        return LikelihoodTrainer(settings)
    kind = EntropyTrainer if settings["part"] == "entropy" else ComponentsTrainer
    return kind(settings, settings["seed"])


def _headline(results: Mapping[str, Any]) -> str:
    if "rows" in results:
        return ", ".join(f"{row['excess']:.3f}" for row in results["rows"]) + " nats above the targets"
    if "excess" in results:
        return f"{results['excess']:.3f} nats above the target, {results['alive']} components alive"
    entropies = f"H {results['entropy']:.3f} of {results['exact_entropy']:.3f}"
    return f"{entropies}, violation {results['violation']:.3f}"


def _parser() -> argparse.ArgumentParser:
    parser = train_parser("mdn_flow", __doc__)
    parser.add_argument("--part", nargs="+", metavar="NAME", help=f"of {', '.join(PARTS)}; default: all")
    return parser


if __name__ == "__main__":
    run_main(main)
