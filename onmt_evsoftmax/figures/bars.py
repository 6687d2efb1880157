"""One row of every model's map as bars over the keys: Figure 4 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..archive.panel import Panel
from ..base.errors import InputError
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
from .colour import LIGHT
from .heatmap import cell_size, label_points
from .text import label, text_width

ROW_HEIGHT = 0.75
TITLE_HEIGHT = 0.42
AXIS_WIDTH = 0.4
BAR = LIGHT.ramp()[150]
ZERO_NOTE = "A grey dot is a weight of exactly 0."


def draw_bars(panels: Sequence[Panel], row: int, heading: str, notes: Sequence[str] = ()) -> Figure:
    """Draw row ``row`` of each panel, a line of bars for each, on one linear scale.

    Args:
        panels: one for each model, see `panel.select_panels`.
        row: the query token, from 0.
        heading: the line over everything. notes: lines under everything.
    """
    _require_row(panels, row)
    notes = [*notes, ZERO_NOTE]
    tokens = max(len(panel.keys) for panel in panels)
    cell = 1.35 * cell_size(tokens)
    overhang = _longest_label(panels, cell) * np.sqrt(0.5)
    left = MARGIN + max(AXIS_WIDTH, overhang - cell / 2)
    captions = [_caption(panel, row) for panel in panels]
    wide = [text_width(panel.title, TITLE_POINTS, bold=True) for panel in panels] + [tokens * cell]
    wide += [text_width(line, NOTE_POINTS) for line in (*captions, *notes)]
    wide += [text_width(heading, HEADING_POINTS)]
    width = left + max(wide) + MARGIN
    line_height = TITLE_HEIGHT + ROW_HEIGHT + overhang + 0.25
    height = 2 * MARGIN + HEADING_HEIGHT + NOTE_HEIGHT * len(notes) + len(panels) * line_height
    top = 1.05 * max(panel.weights[row].max() for panel in panels) or 1
    figure = Figure(figsize=(width, height), facecolor=LIGHT.page)
    with style():
        write_frame(figure, heading, notes)
        for line, (panel, caption) in enumerate(zip(panels, captions)):
            y = height - MARGIN - HEADING_HEIGHT - line * line_height - TITLE_HEIGHT - ROW_HEIGHT
            area = (left / width, y / height, tokens * cell / width, ROW_HEIGHT / height)
            axes = figure.add_axes(area, xlim=(0, tokens), ylim=(0, top))
            _draw_row(axes, panel, row, caption, label_points(cell))
    return figure


def _require_row(panels: Sequence[Panel], row: int) -> None:
    for panel in panels:
        if not 0 <= row < len(panel.queries):
            raise InputError(
                f"--target_word {row}: {panel.title} has rows 0 to {len(panel.queries) - 1} for this sentence"
            )


def _longest_label(panels: Sequence[Panel], cell: float) -> float:
    return max(text_width(label(token), label_points(cell)) for panel in panels for token in panel.keys)


def _caption(panel: Panel, row: int) -> str:
    attended = np.count_nonzero(panel.weights[row])
    valid = np.count_nonzero(panel.visible[row])
    return f"“{label(panel.queries[row])}” attends to {attended} of {valid}; {panel.subtitle}"


def _draw_row(axes: Axes, panel: Panel, row: int, caption: str, points: float) -> None:
    weights = panel.weights[row]
    places = np.arange(len(weights)) + 0.5
    # the upper half of the outline, in front of the axis, keeps the smallest weight above 0 in sight
    above = weights > 0
    outline: dict[str, Any] = dict(edgecolor=BAR, linewidth=2, zorder=3)
    axes.bar(places[above], weights[above], width=0.62, color=BAR, **outline)
    zero = places[panel.zero[row]]
    axes.scatter(zero, np.zeros(len(zero)), s=12, color=LIGHT.dot, linewidths=0, clip_on=False, zorder=3)
    slanted: dict[str, Any] = dict(rotation=45, rotation_mode="anchor", ha="right", va="top")
    axes.set_xticks(places, [label(token) for token in panel.keys], **slanted)
    axes.locator_params(axis="y", nbins=3)
    axes.tick_params(length=0, labelsize=points, labelcolor=LIGHT.ink)
    axes.tick_params(axis="y", labelsize=NOTE_POINTS - 0.5, labelcolor=LIGHT.muted)
    axes.grid(axis="y", color=LIGHT.zero)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT.dot)
    over: dict[str, Any] = dict(
        xycoords="axes fraction", textcoords="offset points", va="baseline", annotation_clip=False
    )
    axes.annotate(panel.title, (0, 1), (0, 18), fontsize=TITLE_POINTS, weight="bold", **over)
    axes.annotate(caption, (0, 1), (0, 6), fontsize=NOTE_POINTS, color=LIGHT.muted, **over)
