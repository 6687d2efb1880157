"""The colours that only the report has: one for each function's curve, and that of marked words."""

from __future__ import annotations

from ...base.catalogue import PRINTED_NAMES

LIGHT_LINES = ("#0b62a8", "#b3124f", "#a35a00", "#00745c", "#6b4fb3", "#5a5d66", "#7a6a00")
DARK_LINES = ("#6db7f2", "#ff85ac", "#f3aa4e", "#4fd0af", "#bda6ff", "#b0b4be", "#d9cb55")
"""At least 4.5:1 against the page; a dash pattern of its own tells a line without colours too."""

MARKS = {"light": "#ffe08a", "dark": "#5c4a00"}


def own_colours() -> dict[str, dict[str, str]]:
    """CSS variables for ``light`` and ``dark`` pages: of marked words, and a line for each function."""
    lines = {"light": LIGHT_LINES, "dark": DARK_LINES}
    return {
        theme: {
            "mark": mark,
            **{f"line-{function}": line for function, line in zip(PRINTED_NAMES, lines[theme])},
        }
        for theme, mark in MARKS.items()
    }
