"""What every matplotlib figure here shares: settings, lines of text in inches, and saving."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from ..base.files import PathLike, atomic_write
from .colour import LIGHT
from .text import font_families

DOTS_PER_INCH = 150
MARGIN = 0.2
HEADING_HEIGHT = 0.4
NOTE_HEIGHT = 0.2
HEADING_POINTS = 11.5
TITLE_POINTS = 10.5
NOTE_POINTS = 8.5


@contextlib.contextmanager
def style() -> Iterator[None]:
    """matplotlib settings of every figure; they count while it is drawn and while it is saved."""
    settings: Any = {
        "font.family": list(font_families()),
        "text.parse_math": False,  # "$" is a token like any other
        "text.color": LIGHT.ink,
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "onmt_evsoftmax",
    }
    with rc_context(settings):
        yield


def write_line(figure: Figure, x: float, y: float, text: str, points: float, **options) -> None:
    """A line of text at ``x``, ``y`` inches from the lower left corner."""
    width, height = figure.get_size_inches()
    figure.text(x / width, y / height, text, fontsize=points, **options)


def write_frame(figure: Figure, heading: str, notes: Sequence[str]) -> None:
    """The heading at the head of a figure and the small print at its foot."""
    write_line(figure, MARGIN, figure.get_size_inches()[1] - MARGIN, heading, HEADING_POINTS, va="top")
    for line, note in enumerate(reversed(notes)):
        y = MARGIN + NOTE_HEIGHT * line
        write_line(figure, MARGIN, y, note, NOTE_POINTS, color=LIGHT.muted, va="bottom")


def save(figure: Figure, path: PathLike) -> list[str]:
    """Write a figure as its suffix says; the same figure gives the same bytes.

    PDF embeds its fonts; SVG keeps text as text.

    Returns:
        characters that no installed font has and that PNG and PDF therefore show as boxes.
    """
    form = Path(path).suffix[1:].lower()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with warnings.catch_warnings(record=True) as caught, style(), atomic_write(path, "wb") as stream:
        warnings.simplefilter("always")
        figure.savefig(stream, format=form, dpi=DOTS_PER_INCH, metadata=dates.get(form))
    missing = set()
    for each in caught:
        glyph = re.match(r"Glyph (\d+)", str(each.message))
        if glyph:
            missing.add(chr(int(glyph[1])))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    return sorted(missing)
