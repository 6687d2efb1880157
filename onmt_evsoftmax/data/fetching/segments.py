"""Test sets in the mark-up of the evaluation campaigns: one ``<seg id="N">sentence</seg>`` a line."""

from __future__ import annotations

import html
import re

from ...base.files import PathLike, read_lines

_SEGMENT = re.compile(r"<seg id=[^>]*>\s*(.*?)\s*</seg>")


def read_segments(path: PathLike, unescape: bool) -> list[str]:
    """The sentences of an SGM or XML file, in order.

    Args:
        unescape: turn the mark-up's entities into characters (``&amp;`` -> ``&``).
    """
    found = [match.group(1) for match in map(_SEGMENT.search, read_lines(path)) if match]
    return [html.unescape(sentence) for sentence in found] if unescape else found
