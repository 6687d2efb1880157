"""Train the flows and score them: ``python -m other_experiments.mdn_flow.train --preset small``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import torch

from ..common.config import load_config
from ..common.errors import run_main
from ..common.progress import Progress
from ..common.runs import RunFolder
from ..common.seeding import parse_seeds
from .components import ComponentsTrainer
from .entropy import EntropyTrainer
from .likelihood import LikelihoodTrainer
from .plan import PARTS, Run, plan
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
        results = execute(run, options.out)
        print(f"{number}/{len(runs)} {run.name}: {_headline(results)}", flush=True)
    print(markdown(collect(options.out)))
    print(f"figures: python -m other_experiments.mdn_flow.figures {options.out} --out DIR")


def execute(run: Run, out: Path) -> Mapping[str, Any]:
    """One run from where an earlier process left it, to the same results; returns them."""
    folder = RunFolder(out / run.name, run.settings)
    if folder.results is not None:
        return folder.results
    trainer = trainer_of(run.settings)
    state = folder.load()
    done = 0
    if state is not None:
        done = state["done"]
        trainer.load_state_dict(state["trainer"])
    with Progress(run.name, trainer.total, done) as progress:
        for number in range(done, trainer.total):
            folder.log(trainer.advance(number))
            folder.save({"done": number + 1, "trainer": trainer.state_dict()})
            progress.advance()
    results = trainer.results()
    folder.finish(results)
    return results


def trainer_of(settings: Mapping[str, Any]) -> Union[ComponentsTrainer, EntropyTrainer, LikelihoodTrainer]:
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
    parser = argparse.ArgumentParser(
        prog="python -m other_experiments.mdn_flow.train", description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="YAML with changes to config.yaml")
    add("--preset", metavar="NAME", help="a set of changes under `presets` of the config: small")
    add("--part", nargs="+", metavar="NAME", help=f"of {', '.join(PARTS)}; default: all")
    add("--seeds", metavar="LIST", help="such as 0-2 or 0,5")
    out = Path("runs/mdn_flow")
    add("--out", type=Path, default=out, metavar="DIR", help=f"run folders go here (default: {out})")
    return parser


if __name__ == "__main__":
    run_main(main)
