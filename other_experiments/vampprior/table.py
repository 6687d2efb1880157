"""Scores beside the report's: ``python -m other_experiments.vampprior.table RUNS --out DIR``."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..common.command import run_main, table_parser
from ..common.tables import standard_error, table, write_tables
from .data import SHAPES
from .runs import PRIORS, Group, grouped

REPORT = {
    ("frey", 10, 300, 500): (4.569, 4.555),
    ("frey", 40, 300, 500): (4.620, 4.532),
    ("frey", 100, 300, 500): (4.562, 4.537),
    ("frey", 40, 600, 500): (4.620, 4.536),
    ("frey", 40, 300, 1000): (4.617, 4.532),
    ("frey", 40, 300, 100): (4.617, 4.528),
    ("mnist", 10, 300, 500): (93.917, 92.297),
    ("mnist", 40, 300, 500): (89.703, 89.015),
    ("mnist", 100, 300, 500): (90.042, 90.780),
}
"""Tables 1 to 3: data set, M, units and K to the standard prior's and the VampPrior's score."""

IN_BITS = ("frey",)
"""Data sets whose score is bits per dimension; of the others it is nats per image."""

VARIED = ("M", "units", "K, start", "learning rate", "gradients", "epochs")
COLUMNS = (
    "prior", *VARIED, "best epoch", "seeds", "score", "± images", "± seeds", "-RE, nats", "KL, nats",
    "components used / distinct", "report",
)  # fmt: skip

NOTE = (
    "Score: -log p(x) of the test images by importance sampling, with the weights that are best on the "
    "validation images; bits per dimension for Frey faces, nats for the digits. ± images: standard error "
    "over the test images, mean over the seeds. ± seeds: standard error of the mean over the seeds, which "
    "have the same test images. -RE and KL: means under q(z | x); their sum is the negative ELBO. "
    "Components: effective numbers over the training images; equal ones all count as used, but as one "
    "distinct one."
)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Print the tables of all finished runs; with --out, write ``results.md`` and ``results.json``."""
    arguments = table_parser("vampprior", __doc__).parse_args(argv)
    groups = grouped(arguments.runs)
    text = markdown(groups)
    print(text, end="")
    if arguments.out is not None:
        write_tables(arguments.out / "results", text, report(groups))


def report(groups: Sequence[Group]) -> dict[str, Any]:
    """Settings and results of each run, and the differences between the priors."""
    rows = [{"settings": group.settings, "results": group.results, **row(group)} for group in groups]
    return {"rows": rows, "differences": differences(groups)}


def row(group: Group) -> dict[str, Any]:
    """Means over the seeds, in the unit of the data set."""
    score = "bits_per_dimension" if group.settings["dataset"] in IN_BITS else "nats"
    results = list(group.results.values())
    scores = [result[score]["mean"] for result in results]
    return {
        "unit": score,
        "score": statistics.fmean(scores),
        "error_over_images": statistics.fmean(result[score]["error"] for result in results),
        "error_over_seeds": standard_error(scores),
        "reconstruction": statistics.fmean(result["reconstruction"]["mean"] for result in results),
        "kl": statistics.fmean(result["kl"]["mean"] for result in results),
        "report": published(group.settings),
    }


def published(settings: Mapping[str, Any]) -> Optional[float]:
    """The report's score of these settings, None where it has none.

    It names K for the standard prior too; the one with K 500 is taken there.
    """
    key = tuple(settings.get(name, 500) for name in ("dataset", "latent", "hidden", "pseudo_inputs"))
    of_report = settings["learning_rate"] == 5e-4 and settings["normalised_gradients"]
    started = settings.get("pseudo_start", "random") == "random"
    full = settings["epochs"] == (830 if settings["dataset"] == "frey" else 1000)
    if key not in REPORT or not (of_report and started and full):
        return None
    return REPORT[key][list(PRIORS).index(settings["prior"])]


def differences(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Standard minus VampPrior, on the same images with the same seed; the error is of the paired values."""
    found = []
    for vamp in (group for group in groups if group.settings["prior"] == "vampprior"):
        shared = {key: value for key, value in vamp.settings.items() if not key.startswith("pseudo_")}
        for standard in groups:
            if standard.settings != {**shared, "prior": "standard"}:
                continue
            for seed in sorted(vamp.results.keys() & standard.results.keys()):
                gain = vamp.log_likelihood(seed) - standard.log_likelihood(seed)
                scale = 1.0
                if vamp.settings["dataset"] in IN_BITS:
                    scale = np.prod(SHAPES[vamp.settings["dataset"]]) * np.log(2)
                value, error = gain.mean() / scale, gain.std(ddof=1) / len(gain) ** 0.5 / scale
                found.append({"settings": vamp.settings, "seed": seed, "gain": value, "error": error})
    return found


def markdown(groups: Sequence[Group]) -> str:
    """A table of scores for each data set, and one of the differences between the priors."""
    parts = []
    for dataset in dict.fromkeys(group.settings["dataset"] for group in groups):
        unit = "bits per dimension" if dataset in IN_BITS else "nats"
        lines = [_line(group) for group in groups if group.settings["dataset"] == dataset]
        parts.append(f"## {dataset}, {unit}\n\n{table(COLUMNS, lines)}")
    parts.append(f"{NOTE}\n")
    pairs = [
        (pair["settings"]["dataset"], *_settings(pair["settings"]), pair["seed"], _gain(pair))
        for pair in differences(groups)
    ]
    if pairs:
        header = ("data set", *VARIED, "seed", "gain of VampPrior")
        parts.append(f"## standard minus VampPrior, image by image\n\n{table(header, pairs)}")
    return "\n".join(parts)


def _gain(pair: Mapping[str, Any]) -> str:
    return f"{pair['gain']:.4f} ± {pair['error']:.4f}"


def _line(group: Group) -> list[str]:
    own, results = row(group), list(group.results.values())
    digits = 4 if own["unit"] == "bits_per_dimension" else 2
    keys = ("components_train", "distinct_components_train")
    used = [[result[key] for result in results] for key in keys if all(key in result for result in results)]
    seeds_error = own["error_over_seeds"]
    return [
        PRIORS[group.settings["prior"]],
        *_settings(group.settings),
        ", ".join(str(result["best_epoch"]) for result in results),
        ", ".join(map(str, sorted(group.results))),
        f"{own['score']:.{digits}f}",
        f"{own['error_over_images']:.{digits}f}",
        "" if seeds_error is None else f"{seeds_error:.{digits}f}",
        f"{own['reconstruction']:.1f}",
        f"{own['kl']:.1f}",
        " / ".join(f"{statistics.fmean(values):.0f}" for values in used),
        "" if own["report"] is None else str(own["report"]),
    ]


def _settings(settings: Mapping[str, Any]) -> list[str]:
    components = ""
    if "pseudo_inputs" in settings:
        components = f"{settings['pseudo_inputs']}, {settings['pseudo_start']}"
    return [
        str(settings["latent"]),
        str(settings["hidden"]),
        components,
        f"{settings['learning_rate']:g}",
        "normalised" if settings["normalised_gradients"] else "plain",
        str(settings["epochs"]),
    ]


if __name__ == "__main__":
    run_main(main)
