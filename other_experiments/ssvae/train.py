"""Train rows of Table 2: ``python -m other_experiments.ssvae.train``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax.normalizers import get

from ..common.config import load_config
from ..common.datasets import Images, load_digits, load_mnist
from ..common.errors import ExperimentError, run_main
from ..common.progress import Progress
from ..common.runs import RunFolder
from ..common.seeding import parse_seeds
from .data import Split, split
from .evaluation import test
from .methods import MARGINAL, METHODS, Method, evaluated_as, select
from .training import Trainer
from .warm_start import warm_start

HERE = Path(__file__).parent
PROTOCOLS = ("paper", "released")
COMMAND_ONLY = ("methods", "seeds", "released")
"""Keys of the config that choose runs; they are not settings of a run."""


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Train what the options name, one run folder per method and seed; finished runs are left as they are."""
    arguments = _parser().parse_args(argv)
    changes = {"epochs": arguments.epochs, "seeds": arguments.seeds}
    settings = load_config(HERE / "config.yaml", arguments.config, arguments.preset, changes)
    methods = select(_names(arguments, settings))
    seeds = parse_seeds(settings["seeds"])
    run_settings(settings, methods[0])  # refuses before the data is read
    images = _images(settings, arguments)
    for seed in seeds:  # outside: one seed of every row comes before the second of any
        data = split(images, settings["labelled"], settings["validation"], seed)
        for method in methods:
            run(arguments.out, method, run_settings(settings, method), seed, data)
    print(f"done; the table: python -m other_experiments.ssvae.table {arguments.out}")


def run(out: Path, method: Method, settings: Mapping[str, Any], seed: int, data: Split) -> None:
    """One method with one seed, from where an earlier process left it."""
    folder = RunFolder(out / method.name / f"seed-{seed}", {"method": method.name, "seed": seed, **settings})
    if folder.results is not None:
        return
    trainer = Trainer(method, settings, seed, data)
    state = folder.load()
    if state is None:
        if settings["warm_start"]["epochs"] > 0:
            trainer.model.load_state_dict(warm_start(out / "warm_start", method, settings, seed, data))
        state = {"epoch": 0, "best_accuracy": -1.0, "best_epoch": 0, "best": {}}
    else:
        trainer.load_state_dict(state["trainer"])
    with Progress(f"{method.printed_name}, seed {seed}", settings["epochs"], state["epoch"]) as progress:
        for number in range(state["epoch"] + 1, settings["epochs"] + 1):
            record = trainer.epoch(number)
            accuracy = record["validation_accuracy"]
            if accuracy > state["best_accuracy"]:
                best = {name: value.clone() for name, value in trainer.model.state_dict().items()}
                state.update(best_accuracy=accuracy, best_epoch=number, best=best)
            state.update(epoch=number, trainer=trainer.state_dict())
            folder.log(record)
            folder.save(state)
            progress.advance(note=f"validation {100 * accuracy:.2f} %, {record['decoder_calls']:.2f} calls")
    folder.finish(_results(method, trainer, state))


def run_settings(settings: Mapping[str, Any], method: Method) -> dict[str, Any]:
    """The settings of one run: those of its protocol, without what only chooses runs.

    Raises:
        ExperimentError: the protocol is not known, or a count is not positive.
    """
    own = {key: value for key, value in settings.items() if key not in COMMAND_ONLY}
    if settings["protocol"] not in PROTOCOLS:
        raise ExperimentError(f"unknown protocol {settings['protocol']!r}; known: {', '.join(PROTOCOLS)}")
    if settings["protocol"] == "released":
        released = settings["released"]
        own["hidden"] = released["hidden"]
        own["learning_rate"] = released["learning_rate"].get(method.name, own["learning_rate"])
    for key in ("epochs", "batch", "latent"):
        if own[key] < 1:
            raise ExperimentError(f"{key} must be at least 1, got {own[key]}")
    return own


def _results(method: Method, trainer: Trainer, state: Mapping[str, Any]) -> dict[str, Any]:
    """Test scores of the last and the best weights, for each row that this model stands for."""
    data, model = trainer.data, trainer.model
    results: dict[str, Any] = {"best_epoch": state["best_epoch"], "rows": {}}
    last = {name: value.clone() for name, value in model.state_dict().items()}
    for row in evaluated_as(method):
        scores = results["rows"][row.name] = {}
        for which, parameters in (("last", last), ("best", state["best"])):
            model.load_state_dict(parameters)
            function = get(row.test_normalizer).function
            scores[which] = test(model, function, data.test_images, data.test_labels)
    return results


def _names(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> list[str]:
    for name in arguments.normalizer or []:
        if name in METHODS and METHODS[name].estimator != MARGINAL:
            raise ExperimentError(f"{name!r} is no mapping; name it with --method")
    return [*(arguments.method or []), *(arguments.normalizer or [])] or settings["methods"]


def _images(settings: Mapping[str, Any], arguments: argparse.Namespace) -> Images:
    if settings["dataset"] == "mnist":
        return load_mnist(arguments.cache, arguments.mirror)
    if settings["dataset"] == "digits":
        return load_digits()
    raise ExperimentError(f"unknown dataset {settings['dataset']!r}; known: mnist, digits")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m other_experiments.ssvae.train", description=__doc__)
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="settings instead of those in config.yaml")
    add("--preset", metavar="NAME", help="a set of changes under `presets` of the config: small")
    add("--method", nargs="+", metavar="NAME", help=f"rows to train (default: all): {', '.join(METHODS)}")
    add("--normalizer", nargs="+", metavar="NAME", help="rows that marginalise, by their mapping")
    add("--seeds", metavar="LIST", help="such as 43-52 or 43,45")
    add("--epochs", type=int, metavar="N", help="passes over the unlabelled images")
    add("--mirror", metavar="DIR", help="folder or address with the four files of MNIST")
    cache, out = Path("data/downloads/mnist"), Path("runs/ssvae")
    add("--cache", type=Path, default=cache, metavar="DIR", help=f"downloads go here (default: {cache})")
    add("--out", type=Path, default=out, metavar="DIR", help=f"run folders go here (default: {out})")
    return parser


if __name__ == "__main__":
    run_main(main)
