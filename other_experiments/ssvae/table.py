"""Table 2 beside the paper's: ``python -m other_experiments.ssvae.table RUNS --out FILE``."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

from ..common.errors import ExperimentError, run_main
from ..common.files import atomic_write
from ..common.runs import damage_named, read_config, read_log, read_results
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
    "| method | seeds | accuracy % | best epoch's % | paper % | calls, training | calls, test | paper "
    "| -ELBO, nats | s / epoch |\n|---|---|---|---|---|---|---|---|---|---|"
)

NOTE = (
    "Test accuracy, mean ± standard error over the seeds: of the last weights, and of those with the best "
    "validation accuracy. Decoder calls per unlabelled image in the last epoch of training, and per test "
    "image when the expectation over q(z | x) is taken over its support, which is how the ELBO (of the last "
    "weights) is computed too. Post-hoc evidential is the softmax model with its q(z | x) filtered at test. "
    "Seconds of CPU time per epoch: median."
)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Collect, print, write."""
    parser = argparse.ArgumentParser(prog="python -m other_experiments.ssvae.table", description=__doc__)
    parser.add_argument("runs", type=Path, help="the folder that train wrote to")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write FILE.md and FILE.json as well")
    arguments = parser.parse_args(argv)
    report = collect(arguments.runs)
    text = markdown(report)
    print(text)
    if arguments.out is not None:
        with atomic_write(f"{arguments.out}.md") as stream:
            stream.write(text + "\n")
        with atomic_write(f"{arguments.out}.json") as stream:
            json.dump(report, stream, indent=1)
            stream.write("\n")


def collect(runs: Path) -> dict[str, Any]:
    """Settings and rows, in the order of the paper; runs that are not through are left out.

    Raises:
        ExperimentError: no run is through, or the runs are of different settings.
    """
    settings: dict[str, Any] = {}
    rows = {}
    for method in METHODS.values():
        files = sorted((runs / method.trained_as).glob("seed-*/results.json"))
        finished = [file.parent for file in files]
        for folder in finished:
            _check_same(settings, folder)
        if finished:
            rows[method.name] = _row(method, finished)
    if not rows:
        raise ExperimentError(f"{runs}: holds no run that is through; run other_experiments.ssvae.train first")
    return {"settings": settings, "rows": rows}


def markdown(report: dict[str, Any]) -> str:
    """The table, with what it needs to be read."""
    lines = [_line(name, row) for name, row in report["rows"].items()]
    settings = report["settings"]
    about = (
        f"{settings['dataset']}, {settings['labelled']} labelled images, {settings['epochs']} epochs after "
        f"{settings['warm_start']['epochs']} labelled-only ones, protocol: {settings['protocol']}."
    )
    return "\n".join([about, "", HEADER, *lines, "", NOTE])


def _row(method: Method, folders: Sequence[Path]) -> dict[str, Any]:
    results = [read_results(folder) for folder in folders]
    logs = [read_log(folder) for folder in folders]
    with damage_named(folders[0].parent):
        return _summaries(method, folders, results, logs)


def _summaries(
    method: Method, folders: Sequence[Path], results: Sequence[dict], logs: Sequence[list[dict]]
) -> dict[str, Any]:
    scores = [result["rows"][method.name] for result in results]
    return {
        "seeds": [int(folder.name.partition("-")[2]) for folder in folders],
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
    """Mean, and standard error s / sqrt(n), which one value does not have."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "error": error, "values": list(values)}


def _check_same(settings: dict[str, Any], folder: Path) -> None:
    own = {key: value for key, value in read_config(folder).items() if key not in OF_A_RUN}
    if not settings:
        settings.update(own)
    differing = [key for key in own if own[key] != settings.get(key)]
    if differing:
        raise ExperimentError(
            f"{folder}: its {', '.join(differing)} differ from the other runs'; name another --out for each"
        )


def _line(name: str, row: dict[str, Any]) -> str:
    paper = row["paper"]
    cells = [
        METHODS[name].printed_name,
        str(len(row["seeds"])),
        _printed(row["accuracy"]),
        _printed(row["best_accuracy"]),
        f"{paper['accuracy']:.2f} ± {paper['error']:.1f}",
        _printed(row["training_decoder_calls"]),
        _printed(row["decoder_calls"]),
        f"{paper['decoder_calls']:g}",
        _printed(row["negative_elbo"]),
        f"{row['cpu_seconds']:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _printed(summary: dict[str, Any]) -> str:
    error = "" if summary["error"] is None else f" ± {summary['error']:.2f}"
    return f"{summary['mean']:.2f}{error}"


if __name__ == "__main__":
    run_main(main)
