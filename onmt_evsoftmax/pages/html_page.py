"""What the project's HTML pages share: one file that loads nothing, in light and dark colours."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ..figures.colour import DARK, LIGHT, TICKS

HERE = Path(__file__).parent
THEMES = {"light": LIGHT, "dark": DARK}
STYLES = (HERE / "page_common.css", HERE / "viewer.css")
SCRIPTS = tuple(HERE / f"{name}.js" for name in ("page_common", "map", "weights", "viewer"))


def render(
    title: str,
    body: str,
    data: Mapping[str, Any],
    scripts: Sequence[Path] = (),
    styles: Sequence[Path] = (),
    colours: Optional[Mapping[str, Mapping[str, str]]] = None,
) -> str:
    """The text of a page; the same arguments give the same text.

    Args:
        title: plain text, escaped here.
        body: HTML with ``__VIEWER__`` in its template, see `fill`.
        data: read by the scripts as ``data``: what `viewer.viewer_data` gives, and what is the page's own; the themes
            and ticks of `colour` are added.
        scripts: JavaScript files of this page, after those that all pages share.
        styles: CSS files of this page, likewise.
        colours: CSS variables for ``light`` and ``dark`` pages besides those of `colour.Theme`.
    """
    parts = {
        "TITLE": html.escape(title),
        "STYLE": _style_variables(colours or {}) + "\n" + _read([*STYLES, *styles]),
        "BODY": body,
        "DATA": script_json({**data, "ticks": TICKS, "themes": _theme_data()}),
        "SCRIPT": _read([*SCRIPTS, *scripts]),
    }
    return fill(HERE / "page_common.html", parts)


def fill(template: Path, parts: Mapping[str, str]) -> str:
    """The HTML of a template, ``__NAME__`` replaced by ``parts["NAME"]``; ``__VIEWER__`` is ``viewer.html``."""
    found = {"VIEWER": (HERE / "viewer.html").read_text(encoding="utf-8"), **parts}
    # in one pass: a text that reads like a placeholder stays text
    return re.sub(r"__([A-Z]+)__", lambda name: found[name[1]], template.read_text(encoding="utf-8"))


def table(label: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; ``heads`` are text, the cells of ``rows`` HTML. One too wide scrolls inside its frame."""
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        for first, *cells in rows
    )
    frame = f'<div class="frame" role="region" tabindex="0" aria-label="{html.escape(label)}">'
    return f"{frame}<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"


def bullets(lines: Sequence[str]) -> str:
    """Small print: an HTML list of the texts; nothing where there are none."""
    items = "".join(f"<li>{html.escape(line)}</li>\n" for line in lines)
    return f'<ul class="legend">\n{items}</ul>' if lines else ""


def folded(summary: str, lines: Sequence[str]) -> str:
    """Small print that opens at a click: the list of `bullets` under its title; nothing where there are none."""
    return f"<details><summary>{html.escape(summary)}</summary>\n{bullets(lines)}</details>" if lines else ""


def _read(paths: Sequence[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def script_json(data: Mapping[str, Any]) -> str:
    """JSON as it stands in a script element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # "<" can end the script element that holds the data; inside JSON its escape is the same text
    return text.replace("<", "\\u003c")


def _style_variables(colours: Mapping[str, Mapping[str, str]]) -> str:
    """Custom properties of ``:root`` for light pages, and for dark ones in a media query."""
    light, dark = (
        " ".join(f"--{key}: {value};" for key, value in {**theme.colours(), **colours.get(name, {})}.items())
        for name, theme in THEMES.items()
    )
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"


def _theme_data() -> dict[str, dict[str, Any]]:
    """What the scripts need to colour cells: ``light`` and ``dark``, see `colour`."""
    return {name: {"ramp": theme.ramp(), "zero": theme.zero, "dot": theme.dot} for name, theme in THEMES.items()}
