"""Table 2 beside the paper's: ``python -m other_experiments.ssvae.table RUNS --out FILE``."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax.base.errors import InputError

from ..common.command import run_main, table_parser
from ..common.runs import Finished, damage_named, finished, read_log
from ..common.tables import mean_and_error, standard_error, table, write_tables
from .methods import METHODS, Method

OF_A_RUN = ("method", "seed", "learning_rate")
"""Settings that may differ between the runs of one table."""


@dataclass(frozen=True)
class Published:
    """A row of the paper's Table 2: accuracy and its standard error in percent, decoder calls.

    The paper prints the standard error as a share (".002"); it is in percent here.
    """

    accuracy: float
    error: float
    decoder_calls: float


PAPER = {
    "sfe": Published(94.75, 0.2, 1),
    "sfe_plus": Published(96.53, 0.1, 2),
    "nvil": Published(96.01, 0.2, 1),
    "sum_and_sample": Published(96.73, 0.1, 2),
    "gumbel": Published(95.46, 0.1, 1),
    "st_gumbel": Published(86.35, 0.6, 1),
    "softmax": Published(96.93, 0.1, 10),
    "sparsemax": Published(96.87, 0.1, 1.01),
    "entmax15": Published(97.20, 0.1, 1.01),
    "posthoc_evidential": Published(96.90, 0.1, 1.72),
    "evsoftmax": Published(97.30, 0.1, 1.64),
}

HEADER = (
    "method", "seeds", "accuracy %", "best epoch's %", "paper %", "calls, training", "calls, test", "paper",
    "-ELBO, nats", "s / epoch",
)  # fmt: skip

NOTE = (
    "Test accuracy, mean ± standard error over the seeds: of the last weights, and of those with the best "
    "validation accuracy. Decoder calls per unlabelled image in the last epoch of training, and per test "
    "image when the expectation over q(z | x) is taken over its support, which is how the ELBO (of the last "
    "weights) is computed too. Post-hoc evidential is the softmax model with its q(z | x) filtered at test. "
    "Seconds of CPU time per epoch: median."
)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Print the table of all finished runs; with --out, write it too."""
    arguments = table_parser("ssvae", __doc__).parse_args(argv)
    report = collect(arguments.runs)
    text = markdown(report)
    print(text, end="")
    if arguments.out is not None:
        write_tables(arguments.out, text, report)


def collect(runs: Path) -> dict[str, Any]:
    """Settings and rows, in the order of the paper; runs that are not through are left out.

    Raises:
        InputError: no run is through, or the runs are of different settings.
    """
    done = finished(runs, *(f"{name}/seed-*" for name in METHODS))
    settings = _shared_settings(done)
    rows = {}
    for method in METHODS.values():
        own = [run for run in done if run.folder.parent.name == method.trained_as]
        if own:
            logs = [read_log(run.folder) for run in own]
            with damage_named(own[0].folder.parent):
                rows[method.name] = _row(method, own, logs)
    return {"settings": settings, "rows": rows}


def markdown(report: dict[str, Any]) -> str:
    """The table, with what it needs to be read."""
    lines = [_line(name, row) for name, row in report["rows"].items()]
    settings = report["settings"]
    about = (
        f"{settings['dataset']}, {settings['labelled']} labelled images, {settings['epochs']} epochs after "
        f"{settings['warm_start']['epochs']} labelled-only ones, protocol: {settings['protocol']}."
    )
    return f"{about}\n\n{table(HEADER, lines)}\n{NOTE}\n"


def _row(method: Method, runs: Sequence[Finished], logs: Sequence[list[dict]]) -> dict[str, Any]:
    scores = [run.results["rows"][method.name] for run in runs]
    return {
        "seeds": [int(run.folder.name.partition("-")[2]) for run in runs],
        "accuracy": _summary([100 * score["last"]["accuracy"] for score in scores]),
        "best_accuracy": _summary([100 * score["best"]["accuracy"] for score in scores]),
        "negative_elbo": _summary([-score["last"]["elbo"] for score in scores]),
        "decoder_calls": _summary([score["last"]["decoder_calls"] for score in scores]),
        "training_decoder_calls": _summary([log[-1]["decoder_calls"] for log in logs]),
        "seconds": statistics.median(record["seconds"] for log in logs for record in log),
        "cpu_seconds": statistics.median(record["cpu_seconds"] for log in logs for record in log),
        "paper": asdict(PAPER[method.name]),
    }


def _summary(values: Sequence[float]) -> dict[str, Any]:
    return {"mean": statistics.fmean(values), "error": standard_error(values), "values": list(values)}


def _shared_settings(runs: Sequence[Finished]) -> dict[str, Any]:
    shared: dict[str, Any] = {}
    for run in runs:
        own = {key: value for key, value in run.config.items() if key not in OF_A_RUN}
        shared = shared or own
        differing = [key for key in own if own[key] != shared.get(key)]
        if differing:
            raise InputError(
                f"{run.folder}: its {', '.join(differing)} differ from the other runs'; name another --out for each"
            )
    return shared


def _line(name: str, row: dict[str, Any]) -> list[str]:
    paper = row["paper"]
    return [
        METHODS[name].printed_name,
        str(len(row["seeds"])),
        mean_and_error(row["accuracy"]["values"]),
        mean_and_error(row["best_accuracy"]["values"]),
        f"{paper['accuracy']:.2f} ± {paper['error']:.1f}",
        mean_and_error(row["training_decoder_calls"]["values"]),
        mean_and_error(row["decoder_calls"]["values"]),
        f"{paper['decoder_calls']:g}",
        mean_and_error(row["negative_elbo"]["values"]),
        f"{row['cpu_seconds']:.2f}",
    ]


if __name__ == "__main__":
    run_main(main)
