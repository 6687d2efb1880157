"""Figures: the order and colour of the five methods, and saving."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.files import PathLike, atomic_write

METHODS = tuple(name for name in catalogue.names() if catalogue.get(name).family != "row")
"""The functions that the papers compare, in the order of their tables."""

PRINTED = {name: catalogue.printed_name(name) for name in METHODS}
COLOURS = {name: catalogue.get(name).line.light for name in METHODS}


def save(figure: Figure, path: PathLike, dpi: int = 150) -> None:
    """Write the figure in the format that ``path`` ends in."""
    with atomic_write(path, "wb") as stream:
        figure.savefig(stream, format=Path(path).suffix[1:], dpi=dpi, bbox_inches="tight")
