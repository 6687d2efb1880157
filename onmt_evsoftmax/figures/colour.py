"""The colour of an attention weight, the same in every figure and on the page.

Weights are shown on a square-root scale from 0 to 1: linear, the many weights near 0.01 of
softmax would all look empty; logarithmic, every weight but the last few tenths would look full.
The scale never adapts to the data, so the same colour is the same weight in any two pictures.
The map is matplotlib's magma, perceptually uniform and monotone in lightness, hence readable by
colour-blind readers and in greyscale. Its faintest tenth is cut off: the smallest weight above 0
has a visible colour, and an exact 0 is off the scale: neutral grey with a dot.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgba

STEPS = 256
TICKS = (0.01, 0.1, 0.25, 0.5, 1)
"""Weights that the legend names, besides the end of the smallest ones."""


@dataclass(frozen=True)
class Theme:
    """Colours on a light or a dark page; ``first`` and ``last`` cut the colour map."""

    first: float
    last: float
    page: str
    ink: str
    muted: str
    zero: str
    dot: str
    accent: str

    def colours(self) -> dict[str, str]:
        """The colours by name."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, str)}

    def ramp(self) -> list[str]:
        """`STEPS` hex colours, from the smallest weight above 0 to a weight of 1."""
        return [to_hex(colormaps["magma"](place)) for place in np.linspace(self.first, self.last, STEPS)]


LIGHT = Theme(
    first=0.90,
    last=0.06,
    page="#ffffff",
    ink="#1b1b1f",
    muted="#5d6068",
    zero="#f1f2f4",
    dot="#8b8f98",
    accent="#0b57a4",
)
DARK = Theme(
    first=0.34,
    last=0.98,
    page="#15161a",
    ink="#ececf0",
    muted="#a2a6b0",
    zero="#25272d",
    dot="#7d828d",
    accent="#8cc4ff",
)


def position(weights: np.ndarray) -> np.ndarray:
    """Place of a weight on the scale, from 0 to 1: its square root."""
    return np.sqrt(np.clip(weights, 0, 1))


def colour_map() -> LinearSegmentedColormap:
    """The scale on a light page, as a matplotlib colour map over `position`."""
    return LinearSegmentedColormap.from_list("attention", LIGHT.ramp(), N=STEPS)


def cell_colours(weights: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """RGBA ``[Q, K, 4]`` on a light page: the scale, `LIGHT.zero` for exact zeros, clear where masked."""
    colours = colour_map()(position(weights))
    colours[weights == 0] = to_rgba(LIGHT.zero)
    colours[~visible] = (1, 1, 1, 0)
    return colours
