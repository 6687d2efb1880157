"""Tables and figures of finished runs: what Figures 2 and 3 of the paper show.

python -m other_experiments.cvae.figures runs/cvae runs/cvae_released --out docs/results/cvae
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onmt_evsoftmax.base.errors import InputError

from ..common.command import figures_parser, run_main
from ..common.plots import COLOURS, METHODS, PRINTED, save
from ..common.runs import damage_named, finished, read_config, read_log
from ..common.tables import write_tables
from .distances import DISTANCES
from .summary import compared

NAMED: dict[tuple[int, ...], str] = {(0, 2, 4, 6, 8): "even", (1, 3, 5, 7, 9): "odd"}
TITLES = {
    "wasserstein": "Wasserstein distance",
    "released": "distance of the released code",
    "total_variation": "total variation",
}
DESCRIBED = ("dataset", "split", "classes", "kl_weight", "kl_reduction", "learning_rate", "epochs", "seeds")


def report(runs: Sequence[Path], out: Path) -> str:
    """Write ``results.json``, ``results.md``, and Figures 2 and 3 of each run.

    Args:
        runs: what ``--out`` of the training command named.
        out: for the files; of several runs, each run's figures go into a folder of its name.

    Returns:
        The text of ``results.md``.

    Raises:
        InputError: a folder holds no finished run.
    """
    entries, texts = [], []
    for run in runs:
        done, config = finished(run, *METHODS), read_config(run)  # in the order of the tables
        with damage_named(run):
            judge, rows = done[0].results["judge"], [row for one in done for row in one.results["runs"]]
            described = ", ".join(f"{key} {config[key]}" for key in DESCRIBED)
            text = f"## {run.name}\n\n{described}; the judge is right on {judge:.2%}\n\n{compared(rows)}"
        entries.append({"name": run.name, "config": config, "judge": judge, "runs": rows})
        texts.append(text)
        place = out if len(runs) == 1 else out / run.name
        folders = [one.folder for one in done]
        save(figure2(folders, config["split"]), place / "figure2.png")
        save(figure3(folders), place / "figure3.png")
    text = "\n".join(texts)
    write_tables(out / "results", text, entries)
    return text


def figure2(folders: Sequence[Path], split: Sequence[Sequence[int]]) -> Figure:
    """The first seed's decoded image of each class above its prior probability, per method and label."""
    shown = {}
    for folder in folders:
        shown.update(_decoded(folder))
    methods = [name for name in METHODS if name in shown]
    figure = Figure(figsize=(5.2 * len(split), 1.75 * len(methods)))
    grid = figure.add_gridspec(
        2 * len(methods), len(split), height_ratios=[1, 2] * len(methods), hspace=0.08, wspace=0.12
    )
    for row, method in enumerate(methods):
        images, prior = shown[method]
        for column, digits in enumerate(split):
            strip = figure.add_subplot(grid[2 * row, column])
            _images(strip, images)
            bars = figure.add_subplot(grid[2 * row + 1, column])
            _bars(bars, prior[column], COLOURS[method], last=row == len(methods) - 1)
            if row == 0:
                one_of = "one of " + ", ".join(map(str, digits))
                strip.set_title(f"y = {NAMED.get(tuple(digits), one_of)}")
            if column == 0:
                bars.set_ylabel(PRINTED[method].replace(" ", "\n"))
    return figure


def _decoded(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Method -> the first seed's decoded images and the prior of each label."""
    file = folder / "decoded.npz"
    try:
        with np.load(file, allow_pickle=False) as arrays:
            images = arrays["images"][0].astype(np.float32)
            return {name: (images, arrays[name][0]) for name in METHODS if name in arrays}
    except Exception as error:  # a damaged file makes numpy, zipfile and zlib raise a dozen kinds
        raise InputError(f"{file}: missing or damaged ({type(error).__name__}); delete {folder} to run anew") from None


def _images(axes: Axes, images: np.ndarray) -> None:
    side = int(images.shape[1] ** 0.5)
    tiles = [np.pad(image.reshape(side, side), 1, constant_values=0.5) for image in images]
    axes.imshow(np.concatenate(tiles, axis=1), cmap="gray", vmin=0, vmax=1, aspect="auto")
    axes.set_axis_off()


def _bars(axes: Axes, prior: np.ndarray, colour: str, last: bool) -> None:
    axes.bar(range(len(prior)), prior, color=colour)
    axes.set_xlim(-0.5, len(prior) - 0.5)
    axes.set_ylim(0, 1)
    axes.set_xticks(range(len(prior)), [str(z) for z in range(len(prior))] if last else [])
    axes.set_yticks([0, 0.5, 1])
    for place in np.flatnonzero(prior == 0).tolist():
        axes.text(place, 0.03, "0", ha="center", color="0.5", fontsize=7)
    if last:
        axes.set_xlabel("latent class z")


def figure3(folders: Sequence[Path]) -> Figure:
    """Distances over the iterations: mean over seeds and labels, and the standard deviation over seeds."""
    log = [record for folder in folders for record in read_log(folder)]
    figure = Figure(figsize=(5 * len(DISTANCES), 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(DISTANCES)), DISTANCES):
        for method in METHODS:
            own = [record for record in log if record["method"] == method]
            if own:
                iterations, values = curves(own, name)
                mean, deviation = values.mean(0), values.std(0, ddof=min(1, len(values) - 1))
                axes.plot(iterations, mean, color=COLOURS[method], label=PRINTED[method])
                axes.fill_between(
                    iterations, mean - deviation, mean + deviation, color=COLOURS[method], alpha=0.2, lw=0
                )
        axes.set(xlabel="iteration", title=TITLES[name])
        axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def curves(log: Sequence[Mapping[str, Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Iterations of one method's log; a distance averaged over the labels, ``[seeds, iterations]``."""
    seeds = dict.fromkeys(record["seed"] for record in log)
    rows = [[np.mean(r[name]) for r in log if r["seed"] == seed] for seed in seeds]
    first = next(iter(seeds))
    return np.array([r["iteration"] for r in log if r["seed"] == first]), np.array(rows)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = figures_parser("cvae", __doc__, several=True).parse_args(arguments)
    print(report(options.runs, options.out), end="")


if __name__ == "__main__":
    run_main(main)
