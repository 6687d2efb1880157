"""Figures of finished runs: ``python -m other_experiments.vampprior.figures RUNS --out DIR``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..common.command import figures_parser, run_main
from ..common.plots import save
from ..common.runs import read_log
from .runs import PRIORS, Group, grouped

COLOURS = {"standard": "#0072b2", "vampprior": "#d55e00"}
"""Okabe and Ito's blue and vermilion."""
TITLES = {
    "samples": "samples from the prior",
    "originals": "test images",
    "reconstructions": "reconstructions",
    "pseudo_inputs": "pseudo-inputs",
}
LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 4)))
"""Line styles for the runs of one prior, in turn."""
ACROSS = 5
"""Images in a row of a panel."""


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Draw the first seed of every group of runs, and the loss curves of each data set."""
    arguments = figures_parser("vampprior", __doc__).parse_args(argv)
    for path in draw(arguments.runs, arguments.out):
        print(path)


def draw(runs: Path, out: Path) -> list[Path]:
    """Write the figures; returns their paths.

    Raises:
        InputError: no run is through.
    """
    groups, paths = grouped(runs), []
    for group in groups:
        folder = group.folders[min(group.folders)]
        paths.append(out / f"{folder.parent.name}.png")
        save(panels(folder), paths[-1], dpi=110)
    for dataset in dict.fromkeys(group.settings["dataset"] for group in groups):
        own = [group for group in groups if group.settings["dataset"] == dataset]
        for latent in dict.fromkeys(group.settings["latent"] for group in own):
            paths.append(out / f"{dataset}-m{latent}-losses.png")
            save(losses([group for group in own if group.settings["latent"] == latent]), paths[-1], dpi=110)
    return paths


def panels(folder: Path) -> Figure:
    """Samples, test images, reconstructions, pseudo-inputs, and the histogram of log-likelihoods."""
    with np.load(folder / "images.npz") as file:
        arrays: Mapping[str, np.ndarray] = dict(file)
    shown = [key for key in TITLES if key in arrays]
    figure = Figure(figsize=(2.8 * (len(shown) + 1.3), 3.9), layout="constrained")
    widths = [1.0] * len(shown) + [1.3]
    axes = figure.subplots(1, len(widths), width_ratios=widths)
    for place, key in zip(axes, shown):
        _tiles(place, arrays[key].astype(np.float32))
        place.set_title(TITLES[key])
    _histogram(axes[-1], -arrays["log_likelihood"])
    figure.suptitle(f"{folder.parent.name}, {folder.name}", fontsize="medium")
    return figure


def _tiles(axes: Axes, images: np.ndarray) -> None:
    padded = np.pad(images, [(0, -len(images) % ACROSS), (1, 1), (1, 1)], constant_values=1.0)
    rows = [np.concatenate(row, axis=1) for row in padded.reshape(-1, ACROSS, *padded.shape[1:])]
    axes.imshow(np.concatenate(rows), cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()


def _histogram(axes: Axes, nats: np.ndarray) -> None:
    axes.hist(nats, bins=40, color="0.45")
    axes.axvline(nats.mean(), color="black", lw=1)
    axes.set(xlabel="-log p(x), nats", ylabel="test images", title=f"mean {nats.mean():.1f}")


def losses(groups: Sequence[Group]) -> Figure:
    """-RE, KL and the negative validation ELBO over the epochs; warm-up is grey. First seed of each group."""
    names = {"reconstruction": "training, -RE", "kl": "training, KL", "validation_elbo": "validation, -ELBO"}
    figure = Figure(figsize=(15, 3.8), layout="constrained")
    for axes, (key, title) in zip(figure.subplots(1, len(names)), names.items()):
        seen: list[float] = []
        drawn: Counter[str] = Counter()
        for group in groups:
            log = read_log(group.folders[min(group.folders)])
            values = np.array([record[key] for record in log]) * (-1 if key == "validation_elbo" else 1)
            prior = group.settings["prior"]
            style = LINES[drawn[prior] % len(LINES)]
            drawn[prior] += 1
            epochs = [record["epoch"] for record in log]
            look = {"linestyle": style, "color": COLOURS[prior], "lw": 1}
            axes.plot(epochs, values, label=label(group, groups), **look)
            seen += [*values[len(values) // 10 :]]  # the first tenth falls too far to be drawn with the rest
        margin = 0.05 * (max(seen) - min(seen))
        axes.set(xlabel="epoch", title=f"{title}, nats", ylim=(min(seen) - margin, max(seen) + margin))
        axes.axvspan(0, groups[0].settings["warm_up"], color="0.92", zorder=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False)
    return figure


def label(group: Group, groups: Sequence[Group]) -> str:
    """The prior, and the settings in which the drawn runs differ."""
    varied = ("hidden", "pseudo_inputs", "pseudo_start", "learning_rate", "normalised_gradients", "epochs")
    names = {"hidden": "units", "pseudo_inputs": "K", "learning_rate": "rate"}
    parts = [PRIORS[group.settings["prior"]]]
    for key in varied:
        values = {other.settings[key] for other in groups if key in other.settings}
        if len(values) > 1 and key in group.settings:
            value = group.settings[key]
            gradients = "normalised" if value else "plain"
            named = {"normalised_gradients": gradients, "pseudo_start": f"from {value}"}
            parts.append(named.get(key, f"{names.get(key, key)} {value}"))
    return ", ".join(parts)


if __name__ == "__main__":
    run_main(main)
