"""Train codes, priors and the judge, and sample: ``python -m other_experiments.vqvae.train``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Optional

import torch

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get

from ..common.command import run_main, train_parser
from ..common.config import check_known, check_numbers, load_config
from ..common.plots import METHODS
from ..common.seeding import parse_seeds
from .codebook import STARTS
from .data import DATASETS, load
from .precision import PRECISIONS
from .run import Common, Run

CONFIG = Path(__file__).with_name("config.yaml")
NETWORKS = ("autoencoder", "prior", "judge")
STAGES = ("codes", "priors", "scores")
COUNTS = {
    "autoencoder": ("codes", "hidden", "halvings", "batch", "epochs"),
    "prior": ("layers", "hidden", "head", "batch", "epochs", "measure_every"),
    "judge": ("width", "batch", "epochs", "stride"),
    "samples": ("per_class",),
}
POSITIVE = {"autoencoder": ("learning_rate",), "prior": ("output_scale",)}
NOT_NEGATIVE = {"autoencoder": ("beta", "warm_up"), "judge": ("weight_decay", "crop", "seed")}


def main(argv: Optional[Sequence[str]] = None) -> None:
    """One run folder for each codebook and seed; what is finished is left as it is."""
    arguments = parser().parse_args(argv)
    settings, seeds, codebooks = planned(arguments)
    make_data = partial(load, settings, arguments.cache, arguments.mirror)
    common = Common(settings, make_data, arguments.out / "judge", device(arguments.device))
    runs = []
    for seed in seeds:
        for codebook in codebooks:
            own = {"codebook": codebook, "seed": seed, **of_codebook(settings, codebook)}
            name = f"{codebook}, seed {seed}"
            runs.append(Run(arguments.out / codebook / f"seed-{seed}", name, own, common))
    for run in runs:
        carry_out(run, arguments.mapping, arguments.until)
    print(f"done; the table: python -m other_experiments.vqvae.table {arguments.out}")


def carry_out(run: Run, methods: Sequence[str], until: str) -> None:
    """The stages of a run up to the one named. All priors come before the first sample, which needs the judge."""
    reconstruction, codes = run.autoencoder()["reconstruction"]["test"], run.codes()["test"]
    print(
        f"{run.folder}: squared error {reconstruction:.4f}, {codes['codes_in_use']} codes in use on test images, "
        f"perplexity {codes['perplexity']:.0f}",
        flush=True,
    )
    if until == "codes":
        return
    for method in methods:
        own = run.score(method)
        print(
            f"{run.folder}: {get(method).printed_name}: K {own['methods'][method]['K']:.1f}, "
            f"{own['bits']['softmax']:.3f} bits per code",
            flush=True,
        )
    if until == "priors":
        return
    for method in methods:
        print(f"{run.folder}: {get(method).printed_name}: top-5 {run.sample(method)['top5']:.1%}", flush=True)
    run.results()


def planned(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[int], list[str]]:
    """Settings, seeds and codebooks that the options ask for.

    Raises:
        InputError: they cannot be run.
    """
    epochs = None if arguments.epochs is None else {"epochs": arguments.epochs}
    changes = {name: epochs for name in NETWORKS}
    settings = load_config(CONFIG, arguments.config, arguments.preset, {"seeds": arguments.seeds, **changes})
    check(settings)
    check_known("--mapping", arguments.mapping, METHODS)
    check_known("--until", [arguments.until], STAGES)
    codebooks = arguments.codebook or settings.pop("codebooks_to_train")
    settings.pop("codebooks_to_train", None)
    check_known("codebook", codebooks, settings["codebooks"])
    return settings, parse_seeds(settings.pop("seeds")), list(codebooks)


def check(settings: Mapping[str, Any]) -> None:
    """Raises InputError: they are no settings that can be trained with."""
    check_known("dataset", [settings["dataset"]], DATASETS)
    check_known("bfloat16", [settings["bfloat16"]], PRECISIONS)
    for kind, keys in (("counts", COUNTS), ("positive", POSITIVE), ("not_negative", NOT_NEGATIVE)):
        for group, names in keys.items():
            flat = {f"{group}.{name}": settings[group][name] for name in names}
            check_numbers(flat, **{kind: flat})
    for name, codebook in settings["codebooks"].items():
        check_known(f"codebooks.{name}.start", [codebook["start"]], STARTS)
        key = f"codebooks.{name}.restart_every"
        check_numbers({key: codebook["restart_every"]}, not_negative=[key])
    for group in ("prior", "judge"):
        rates = settings[group]["learning_rates"]
        if not rates or not all(isinstance(rate, (int, float)) and rate > 0 for rate in rates):
            raise InputError(f"{group}.learning_rates: must be positive numbers, got {rates}; write 1.0e-3, not 1e-3")
    if settings["side"] % 2 ** settings["autoencoder"]["halvings"]:
        raise InputError(
            f"side: {settings['side']} pixels cannot be halved {settings['autoencoder']['halvings']} times"
        )


def of_codebook(settings: Mapping[str, Any], codebook: str) -> dict[str, Any]:
    """The settings of a run: its codebook's instead of all, and none of the judge, which has a folder of its own."""
    own = {key: value for key, value in settings.items() if key not in ("codebooks", "judge")}
    return {**own, **settings["codebooks"][codebook]}


def device(name: str) -> torch.device:
    """Raises InputError: there is none of that name."""
    try:
        found = torch.device(name)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"--device {name}: cannot be used ({str(error).splitlines()[0]})") from None
    return found


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = train_parser("vqvae", __doc__, images="tiny-imagenet-200's zip file")
    add = options.add_argument
    add("--codebook", nargs="+", metavar="NAME", help="of the config's codebooks; default: live collapsed")
    add("--mapping", nargs="+", default=list(METHODS), metavar="NAME", help=f"of {', '.join(METHODS)}; default: all")
    add("--until", default="scores", metavar="STAGE", help="stop after codes or priors; default: scores")
    add("--device", default="cpu", metavar="NAME", help="such as cuda; default: cpu")
    return options


if __name__ == "__main__":
    run_main(main)
