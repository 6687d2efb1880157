"""Figures: the order and colour of the five methods, and saving."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from onmt_evsoftmax.normalizers import NORMALIZERS

from .files import PathLike, atomic_write

METHODS = ("softmax", "sparsemax", "entmax15", "posthoc_evidential", "evsoftmax")
"""In the order of the paper's tables."""

PRINTED = {name: NORMALIZERS[name].printed_name for name in METHODS}

COLOURS = {
    "softmax": "#0072b2",
    "sparsemax": "#e69f00",
    "entmax15": "#cc79a7",
    "posthoc_evidential": "#009e73",
    "evsoftmax": "#d55e00",
}
"""Okabe and Ito's colours, which colour-blind readers tell apart; the same method everywhere."""


def save(figure: Figure, path: PathLike, dpi: int = 150) -> None:
    """Write the figure in the format that ``path`` ends in."""
    with atomic_write(path, "wb") as stream:
        figure.savefig(stream, format=Path(path).suffix[1:], dpi=dpi, bbox_inches="tight")
