"""The colours that only the report has: one for each function's curve, and that of marked words."""

from __future__ import annotations

from collections.abc import Iterable

from ...base.catalogue import Function

MARKS = {"light": "#ffe08a", "dark": "#5c4a00"}


def own_colours(functions: Iterable[Function]) -> dict[str, dict[str, str]]:
    """CSS variables for ``light`` and ``dark`` pages: of marked words, and a line for each function."""
    lines = {function.name: function.line for function in functions}
    return {
        theme: {"mark": mark, **{f"line-{name}": getattr(line, theme) for name, line in lines.items()}}
        for theme, mark in MARKS.items()
    }
