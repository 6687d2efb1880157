"""The page's colours as CSS variables: those of the heat maps, and one for each function's curve."""

from __future__ import annotations

from ..names import PRINTED_NAMES
from ..visualization.colour import DARK, LIGHT, Theme

LIGHT_LINES = ("#0b62a8", "#b3124f", "#a35a00", "#00745c", "#6b4fb3", "#5a5d66", "#7a6a00")
DARK_LINES = ("#6db7f2", "#ff85ac", "#f3aa4e", "#4fd0af", "#bda6ff", "#b0b4be", "#d9cb55")
"""At least 4.5:1 against the page; a dash pattern of its own tells a line without colours too."""

ACCENTS = {"light": "#0b57a4", "dark": "#8cc4ff"}
MARKS = {"light": "#ffe08a", "dark": "#5c4a00"}


def style_variables() -> str:
    """Custom properties of ``:root`` for light pages, and for dark ones in a media query."""
    light = _block(LIGHT, LIGHT_LINES, "light")
    dark = _block(DARK, DARK_LINES, "dark")
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def theme_data() -> dict[str, dict]:
    """What the scripts need to colour cells: ``light`` and ``dark``, see `visualization.colour`."""
    themes = {"light": LIGHT, "dark": DARK}
    return {
        name: {"ramp": theme.ramp(), "zero": theme.zero, "dot": theme.dot, "ink": theme.ink}
        for name, theme in themes.items()
    }


def _block(theme: Theme, lines: tuple, name: str) -> str:
    colours = {key: getattr(theme, key) for key in ("page", "ink", "muted", "zero", "dot")}
    colours.update(accent=ACCENTS[name], mark=MARKS[name])
    colours.update({f"line-{function}": line for function, line in zip(PRINTED_NAMES, lines)})
    return " ".join(f"--{key}: {value};" for key, value in colours.items())
