"""Labels that fit and can be written, and how much room they take."""

from __future__ import annotations

import functools
import warnings

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, get_font_names

LONGEST_LABEL = 32
"""Characters; German compounds fit, an address from a crawled page is cut."""

FALLBACK_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans", "Arial Unicode MS")
"""Tried, where installed, for scripts that matplotlib's own DejaVu Sans does not have."""


@functools.cache
def font_families() -> tuple[str, ...]:
    """DejaVu Sans, which comes with matplotlib, and the fallbacks that this machine has."""
    installed = set(get_font_names())
    return ("DejaVu Sans", *(name for name in FALLBACK_FONTS if name in installed))


def label(token: str) -> str:
    """A token as one printable line: control characters shown as �, odd spaces as ␣, cut with …

    >>> label("a\\u00a0b\\x01")
    'a␣b�'
    """
    shown = "".join(c if c.isprintable() else "␣" if c.isspace() else "\ufffd" for c in token)
    return shown if len(shown) <= LONGEST_LABEL else shown[: LONGEST_LABEL - 1] + "…"


def text_width(text: str, points: float, bold: bool = False) -> float:
    """Width in inches of one line of text."""
    font = FontProperties(family=list(font_families()), size=points, weight="bold" if bold else "normal")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # `canvas.save` reports missing glyphs
        # at 72 dots per inch a pixel is a point
        return _renderer().get_text_width_height_descent(text, font, ismath=False)[0] / 72


@functools.cache
def _renderer() -> RendererAgg:
    return RendererAgg(1, 1, 72)
