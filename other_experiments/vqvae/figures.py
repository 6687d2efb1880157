"""Figures of finished runs: ``python -m other_experiments.vqvae.figures RUNS --out DIR``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from onmt_evsoftmax.base import catalogue

from ..common.command import figures_parser, run_main
from ..common.plots import COLOURS, PRINTED, save
from ..common.runs import damage_named, read_log
from .runs import Codes, Run, codes, grouped

QUERIES = ("cauliflower", "jellyfish", "mashed potato")
"""The classes of the paper's Figure 5; of other data sets the first three."""
ACROSS = 6
"""Images of a class in a row, where there are so many."""
CODEBOOK_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Okabe and Ito's blue, vermilion, green and purple."""
QUANTITIES = {"K": "number of codes with p > 0", "outside": "share of targets with p = 0"}


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Draw the samples of every run, and the supports and codebooks of all."""
    arguments = figures_parser("vqvae", __doc__).parse_args(argv)
    for path in draw(arguments.runs, arguments.out):
        print(path)


def draw(runs: Path, out: Path) -> list[Path]:
    """Write the figures; returns their paths.

    Raises:
        InputError: no run is through, or files of one are damaged.
    """
    groups, figures = grouped(runs), {}
    for group in groups.values():
        for run in group:
            figures[f"figure5-{run.codebook}-seed-{run.seed}.png"] = figure5(run)
    figures["support.png"] = support(groups)
    figures["codebooks.png"] = codebooks(codes(runs))
    for name, figure in figures.items():
        save(figure, out / name)
    return [out / name for name in figures]


def figure5(run: Run) -> Figure:
    """Reconstructions of real test images, and samples of each method, of three classes."""
    rows = {"reconstructions": run.images("codes", "reconstructions.npz")}
    rows.update({method: run.images("samples", method, "samples.npz") for method in run.methods})
    with damage_named(run.folder):
        classes, across = run.results["classes"], min(ACROSS, run.config["samples"]["per_class"])
    shown = [classes.index(name) for name in QUERIES if name in classes] or [0, 1, 2]
    figure = Figure(figsize=(1.5 + 0.62 * across * len(shown), 0.35 + 0.64 * len(rows)))
    grid = figure.subplots(len(rows), len(shown), squeeze=False, gridspec_kw={"wspace": 0.03, "hspace": 0.03})
    for line, (name, (images, labels)) in zip(grid, rows.items()):
        for axes, label in zip(line, shown):
            _strip(axes, images[labels == label][:across])
        line[0].set_ylabel(PRINTED.get(name, name), rotation=0, ha="right", va="center")
    for axes, label in zip(grid[0], shown):
        axes.set_title(classes[label])
    return figure


def _strip(axes: Axes, images: np.ndarray) -> None:
    """Images side by side, with a white line around each."""
    side = images.shape[-1]
    strip = np.full((side + 2, len(images) * (side + 2), 3), 255, np.uint8)
    for place, image in enumerate(images):  # of one channel or three
        left = place * (side + 2) + 1
        strip[1 : side + 1, left : left + side] = image.transpose(1, 2, 0)
    axes.imshow(strip, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def support(groups: Mapping[str, Sequence[Run]]) -> Figure:
    """K and the share of targets outside of the support over the steps of the priors, a column per codebook.

    Every seed has a line of its own. The thin grey line is the number of codes that test images use.
    """
    figure = Figure(figsize=(4.6 * len(groups) + 1.6, 6.2), layout="constrained")
    grid = figure.subplots(len(QUANTITIES), len(groups), squeeze=False, sharex=True, sharey="row")
    for column, (name, runs) in zip(grid.T, groups.items()):
        for axes, quantity in zip(column, QUANTITIES):
            for run in runs:
                _supports(axes, run, quantity, labelled=run is runs[0])
        with damage_named(runs[0].folder.parent):
            used = np.mean([run.results["codes"]["test"]["codes_in_use"] for run in runs])
        column[0].axhline(used, color="0.6", lw=0.8, label="codes in use")
        column[0].set_title(f"{name} codebook")
        column[0].set_yscale("log", base=2)
        column[0].yaxis.set_major_formatter(ScalarFormatter())
        column[0].yaxis.set_minor_formatter(NullFormatter())
        column[-1].set_xscale("symlog", linthresh=1)
        column[-1].set(xlabel="training step of the prior", xlim=(0, None), ylim=(0, None))
    for line, title in zip(grid, QUANTITIES.values()):
        line[0].set_ylabel(title)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    return figure


def _supports(axes: Axes, run: Run, quantity: str, labelled: bool) -> None:
    for method in run.methods:
        lines = run.support(method)
        with damage_named(run.folder):
            values = [line[quantity] for line in lines]
        axes.plot(
            [line["step"] for line in lines],
            values,
            color=COLOURS[method],
            ls=_dashes(method),
            lw=1.3,
            label=PRINTED[method] if labelled else None,
        )


def _dashes(method: str) -> Any:
    """The catalogue's dash pattern, which is in pixels of SVG, as a line style of matplotlib."""
    pattern = catalogue.get(method).line.dash
    return "-" if pattern == "none" else (0, tuple(float(length) / 2 for length in pattern.split()))


def codebooks(autoencoders: Sequence[Codes]) -> Figure:
    """Codes in use and perplexity over the steps of the autoencoders; a colour per codebook, a line per seed."""
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    panels = figure.subplots(1, 2)
    names = list(dict.fromkeys(one.codebook for one in autoencoders))
    for axes, (key, title) in zip(panels, {"codes_in_use": "codes in use", "perplexity": "perplexity"}.items()):
        seen = set()
        for one in autoencoders:
            log = read_log(one.folder / "vqvae")
            with damage_named(one.folder):
                # none is in use before k-means has made them
                lines = [(line["step"], line[key]) for line in log if line.get("codes_in_use")]
            colour = CODEBOOK_COLOURS[names.index(one.codebook) % len(CODEBOOK_COLOURS)]
            label = None if one.codebook in seen else one.codebook
            axes.plot(*zip(*lines), color=colour, lw=1.3, label=label)
            seen.add(one.codebook)
        axes.set_xscale("log")
        axes.set(xlabel="training step of the autoencoder", title=title, ylim=(0, None))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", frameon=False, title="codebook")
    return figure


if __name__ == "__main__":
    run_main(main)
