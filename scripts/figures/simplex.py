"""The paper's Figure 1, and for every mapping a map of where it keeps one, two or three classes.

    python scripts/figures/simplex.py --out docs/images

writes simplex.png and simplex_support.png, and the same as .svg, in about ten seconds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import matplotlib
import torch
from torch import Tensor

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.normalizers import get, names

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend must be chosen first)
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.colors import BoundaryNorm, ListedColormap  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 3**0.5 / 2]], dtype=torch.float64)
"""Where the classes 1, 2 and 3 have probability one."""

EXAMPLE = torch.tensor([0.4, 1.4, -0.8], dtype=torch.float64)
MARKERS = {"softmax": "o", "sparsemax": "s", "evsoftmax": "^"}
SUPPORT_COLOURS = ("#d55e00", "#f0e442", "#0072b2")


def to_plane(scores: Tensor) -> Tensor:
    """Points ``[..., 3]`` of the plane v1 + v2 + v3 = 1 -> ``[..., 2]``, with the simplex at `CORNERS`."""
    return scores @ CORNERS


def from_plane(position: Tensor) -> Tensor:
    """The inverse of `to_plane`."""
    third = position[..., 1] / CORNERS[2, 1]
    second = position[..., 0] - third / 2
    return torch.stack((1 - second - third, second, third), -1)


def draw_simplex(axis: Axes) -> None:
    """The triangle and the names of its corners."""
    outline = CORNERS[[0, 1, 2, 0]]
    axis.plot(outline[:, 0], outline[:, 1], color="black", linewidth=1.2)
    for name, (x, y), below in zip(("class 1", "class 2", "class 3"), CORNERS.tolist(), (True, True, False)):
        axis.annotate(
            name,
            (x, y),
            (0, -7 if below else 7),
            textcoords="offset points",
            ha="center",
            va="top" if below else "bottom",
            fontsize=9,
        )
    axis.set_aspect("equal")
    axis.axis("off")


def figure1() -> Figure:
    """A point of the plane and what softmax, sparsemax and ev-softmax make of it (paper, Figure 1)."""
    figure, axis = plt.subplots(figsize=(5.4, 5.6), layout="constrained")
    draw_simplex(axis)
    start = to_plane(EXAMPLE)
    axis.plot(*start, marker="*", markersize=13, color="black", linestyle="none", label=f"v = {_vector(EXAMPLE)}")
    for name, marker in MARKERS.items():
        colour = catalogue.get(name).line.light
        value = get(name).function(EXAMPLE)
        end = to_plane(value)
        axis.plot(*torch.stack((start, end)).T, color=colour, linewidth=0.8, linestyle=":")
        label = f"{get(name).printed_name}(v) = {_vector(value)}"
        axis.plot(*end, marker=marker, markersize=9, color=colour, linestyle="none", label=label)
    axis.legend(loc="lower left", frameon=False, fontsize=9)
    axis.margins(0.1)
    return figure


def support_maps(resolution: int) -> Figure:
    """The plane v1 + v2 + v3 = 1, coloured by the number of classes kept; softmax, and the mappings that drop some."""
    x = torch.linspace(-0.75, 1.75, resolution, dtype=torch.float64)
    y = torch.linspace(-0.75, 1.55, resolution, dtype=torch.float64)
    scores = from_plane(torch.stack(torch.meshgrid(x, y, indexing="xy"), -1))
    colours = ListedColormap(SUPPORT_COLOURS)
    # alpha-entmax, before it learns, is entmax-1.5
    support = {name: (get(name).function(scores) > 0).sum(-1) for name in names() if get(name).module is None}
    shown = [name for name, kept in support.items() if name == "softmax" or kept.min() < 3]
    lines = len(shown) // 3 + 1  # with room for the legend
    figure, axes = plt.subplots(lines, 3, figsize=(9, 3.3 * lines), layout="constrained")
    for axis, name in zip(axes.flat, shown):
        kept = support[name]
        norm = BoundaryNorm((0.5, 1.5, 2.5, 3.5), 3)
        extent = (x[0], x[-1], y[0], y[-1])
        axis.imshow(kept, colours, extent=extent, origin="lower", norm=norm, alpha=0.55, interpolation="none")
        draw_simplex(axis)
        axis.set_title(get(name).printed_name)
    patches = [plt.Rectangle((0, 0), 1, 1, color=colour, alpha=0.55) for colour in SUPPORT_COLOURS]
    for axis in axes.flat[len(shown) :]:
        axis.axis("off")
    axes.flat[-1].legend(
        patches, ("one class kept", "two classes kept", "three classes kept"), loc="center", fontsize=11
    )
    return figure


def _vector(values: Tensor) -> str:
    return "(" + ", ".join(f"{value:.2f}" for value in values.tolist()) + ")"


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder (default: docs/images)")
    parser.add_argument("--resolution", type=int, default=500, help="points per side of a map (default: 500)")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    # text stays text in the SVG, and the same figure is the same bytes
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "simplex"})
    for name, figure in (("simplex", figure1()), ("simplex_support", support_maps(arguments.resolution))):
        for suffix, metadata in ((".png", None), (".svg", {"Date": None})):
            path = arguments.out / f"{name}{suffix}"
            figure.savefig(path, dpi=110, metadata=metadata)
            print(path)


if __name__ == "__main__":
    main()
