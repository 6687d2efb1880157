"""Heat maps with matplotlib: one or several panels in a figure that is sized by its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..archive.panel import Panel
from .canvas import (
    HEADING_HEIGHT,
    HEADING_POINTS,
    MARGIN,
    NOTE_HEIGHT,
    NOTE_POINTS,
    TITLE_POINTS,
    style,
    write_frame,
)
from .colour import LIGHT, TICKS, cell_colours, colour_map, position
from .text import label, text_width

WIDEST = 24.0
"""Inches: two sentences of 60 tokens. Panels that would need more go below each other."""

GAP = 0.35
LEGEND_SIZE = (6.3, 0.5)


@dataclass(frozen=True)
class Box:
    """Room for a panel, in inches: ``width`` x ``height`` of cells and what stands around them."""

    cell: float
    width: float
    height: float
    left: float
    right: float
    top: float

    @property
    def outer(self) -> tuple[float, float]:
        return self.left + self.width + self.right, self.top + self.height


def cell_size(tokens: int) -> float:
    """Side of a cell in inches: 0.3 up to 16 tokens a side, 0.17 from 60 on, where labels still fit."""
    return float(np.interp(tokens, (16, 60), (0.30, 0.17)))


def label_points(cell: float) -> float:
    """Font size of token labels beside cells of this side (inches)."""
    return min(9.5, 0.62 * 72 * cell)


def draw_heatmap(
    panels: Sequence[Panel], heading: str, notes: Sequence[str] = (), group: Optional[int] = None
) -> Figure:
    """Draw panels on one colour scale: queries down, keys across.

    Args:
        panels: see `panel.select_panels`.
        heading: the line over everything. notes: lines under everything.
        group: how many panels belong together (the heads of a model); each group starts a new
            line. Default: all of them.
    """
    group = group or len(panels)
    box = _common_box(panels)
    columns = _columns(group, box.outer[0])
    lines = -(-group // columns)
    wide = [text_width(heading, HEADING_POINTS), *(text_width(note, NOTE_POINTS) for note in notes)]
    wide += [columns * (box.outer[0] + GAP) - GAP, LEGEND_SIZE[0]]
    foot = MARGIN + NOTE_HEIGHT * len(notes)
    body = len(panels) // group * lines * (box.outer[1] + GAP)
    width, height = 2 * MARGIN + max(wide), MARGIN + HEADING_HEIGHT + body + LEGEND_SIZE[1] + foot
    figure = Figure(figsize=(width, height), facecolor=LIGHT.page)
    with style():
        write_frame(figure, heading, notes)
        for index, panel in enumerate(panels):
            line, column = divmod(index % group, columns)
            line += index // group * lines
            x = MARGIN + column * (box.outer[0] + GAP) + box.left
            y = height - MARGIN - HEADING_HEIGHT - line * (box.outer[1] + GAP) - box.outer[1]
            axes = figure.add_axes((x / width, y / height, box.width / width, box.height / height))
            _draw_panel(axes, panel, box)
        _draw_legend(figure, foot, masked=not all(panel.visible.all() for panel in panels))
    return figure


def _common_box(panels: Sequence[Panel]) -> Box:
    """The one box that every panel fits in, so that panels line up and cells are alike."""
    queries = max(len(panel.queries) for panel in panels)
    keys = max(len(panel.keys) for panel in panels)
    cell = cell_size(max(queries, keys))
    points = label_points(cell)
    left = max(text_width(label(token), points) for panel in panels for token in panel.queries)
    right = top = 0.0
    for panel in panels:
        slanted = [text_width(label(token), points) * np.sqrt(0.5) for token in panel.keys]
        ends = [(column + 0.5) * cell + length for column, length in enumerate(slanted)]
        titles = text_width(panel.title, TITLE_POINTS, bold=True), text_width(panel.subtitle, NOTE_POINTS)
        right = max(right, *ends, *titles)
        top = max(top, *slanted)
    width, height = keys * cell, queries * cell
    return Box(cell, width, height, left + 0.1, max(0.0, right - width) + 0.1, top + points / 72 + 0.52)


def _columns(panels: int, width: float) -> int:
    """Panels in a line of at most `WIDEST`, so that the lines are about equally long."""
    fit = max(1, int((WIDEST + GAP) / (width + GAP)))
    lines = -(-panels // fit)
    return -(-panels // lines)


def _draw_panel(axes: Axes, panel: Panel, box: Box) -> None:
    queries, keys = panel.weights.shape
    colours = cell_colours(panel.weights, panel.visible)
    axes.pcolormesh(colours, edgecolors=LIGHT.page, linewidth=0.03 * 72 * box.cell)
    rows, columns = np.nonzero(panel.zero)
    axes.scatter(columns + 0.5, rows + 0.5, s=(0.13 * 72 * box.cell) ** 2, color=LIGHT.dot, linewidths=0)
    # a panel of fewer tokens than the largest stays at the top left of its box, its cells as large
    axes.set_xlim(0, box.width / box.cell)
    axes.set_ylim(box.height / box.cell, 0)
    axes.spines[:].set_visible(False)
    axes.tick_params(
        length=0,
        pad=3,
        labelsize=label_points(box.cell),
        labelcolor=LIGHT.ink,
        top=True,
        labeltop=True,
        bottom=False,
        labelbottom=False,
    )
    slanted: dict[str, Any] = dict(rotation=45, rotation_mode="anchor", ha="left", va="baseline")
    axes.set_xticks(np.arange(keys) + 0.5, [label(token) for token in panel.keys], **slanted)
    axes.set_yticks(np.arange(queries) + 0.5, [label(token) for token in panel.queries])
    top = 1 + (box.top - 0.02) / box.height
    placed: dict[str, Any] = dict(transform=axes.transAxes, va="top")
    axes.text(0, top, panel.title, fontsize=TITLE_POINTS, weight="bold", **placed)
    axes.text(0, top - 0.2 / box.height, panel.subtitle, fontsize=NOTE_POINTS, color=LIGHT.muted, **placed)


def _draw_legend(figure: Figure, bottom: float, masked: bool) -> None:
    """The colour bar and, beside it, what is not on the scale; ``bottom`` in inches."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((MARGIN / width, (bottom + 0.25) / height, 2.6 / width, 0.16 / height))
    bar = figure.colorbar(ScalarMappable(cmap=colour_map()), cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.set_ticks(position(np.array((0, *TICKS))).tolist(), labels=[">0", *(f"{tick:g}" for tick in TICKS)])
    axes.tick_params(length=2, pad=2, labelsize=NOTE_POINTS - 0.5, color=LIGHT.muted, labelcolor=LIGHT.ink)
    x = MARGIN + 2.9
    swatches = figure.add_axes((x / width, (bottom + 0.23) / height, 3.4 / width, 0.2 / height))
    swatches.set(xlim=(0, 3.4), ylim=(0, 0.2))
    swatches.axis("off")
    square: dict[str, Any] = dict(width=0.2, height=0.2, clip_on=False)
    swatches.add_patch(Rectangle((0, 0), facecolor=LIGHT.zero, **square))
    swatches.scatter([0.1], [0.1], s=5, color=LIGHT.dot, linewidths=0)
    swatches.text(0.28, 0.1, "exactly 0", fontsize=NOTE_POINTS, va="center_baseline")
    if masked:
        swatches.add_patch(Rectangle((1.1, 0), facecolor=LIGHT.page, edgecolor=LIGHT.zero, **square))
        swatches.text(1.38, 0.1, "hidden by the causal mask", fontsize=NOTE_POINTS, va="center_baseline")
