"""Train the flows and score them: ``python -m other_experiments.mdn_flow.train --preset small``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Union

import torch

from ..common.config import load_config
from ..common.errors import run_main
from ..common.progress import Progress
from ..common.runs import RunFolder
from ..common.seeding import parse_seeds

from .entropy import EntropyTrainer
from .likelihood import LikelihoodTrainer
from .plan import PARTS, Run, plan
from .table import collect, markdown

CONFIG = Path(__file__).with_name("config.yaml")


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Train what the options name, one run folder per model and seed; finished runs are left as they are."""
    options = _parser().parse_args(arguments)
    # half of the time of nets this small goes into checks of arguments that are right
    torch.distributions.Distribution.set_default_validate_args(False)
    changes = {"seeds": options.seeds, "parts": options.part}
    config = load_config(CONFIG, options.config, options.preset, changes)
    runs = plan(config, parse_seeds(config["seeds"]))
    with Progress("runs", len(runs)) as progress:
        for run in runs:
            results = execute(run, options.out)
            progress.advance(note=f"{run.name}, seed {run.seed}: {_headline(results)}")
    print(markdown(collect(options.out)))
    print(f"figures: python -m other_experiments.mdn_flow.figures {options.out} --out DIR")


def execute(run: Run, out: Path) -> Mapping[str, Any]:
    """One run from where an earlier process left it, to the same results; returns them."""
    about = {"part": run.part, "seed": run.seed, **run.settings}
    folder = RunFolder(out / run.name / f"seed-{run.seed}", about)
    if folder.results is not None:
        return folder.results
    trainer = trainer_of(about)
    state = folder.load()
    done = 0
    if state is not None:
        done = state["done"]
        trainer.load_state_dict(state["trainer"])
    for number in range(done, trainer.total):
        folder.log(trainer.advance(number))
        folder.save({"done": number + 1, "trainer": trainer.state_dict()})
    results = trainer.results()
    folder.finish(results)
    return results


def trainer_of(about: Mapping[str, Any]) -> Union[LikelihoodTrainer, EntropyTrainer]:
    """The untrained trainer for a run's ``config.yaml``."""
    kind = EntropyTrainer if about["part"] == "entropy" else LikelihoodTrainer
    return kind(about, about["seed"])


def _headline(results: Mapping[str, Any]) -> str:
    if "nll" in results:
        return f"NLL {results['nll']:.3f}, entropy of the target {results['entropy']:.3f}"
    return f"H {results['entropy']:.3f} of {results['exact_entropy']:.3f}, violation {results['violation']:.3f}"


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
