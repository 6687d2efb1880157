"""What a misspelt name was meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Optional


def nearest(name: object, known: Iterable[str], resemblance: float = 0.6) -> Optional[str]:
    """The known name that is most like ``name``, None if none is.

    Args:
        resemblance: how alike they must be at least, `difflib.SequenceMatcher.ratio`.
    """
    return next(iter(difflib.get_close_matches(str(name), known, n=1, cutoff=resemblance)), None)


def suggestion(name: object, known: Iterable[object], prefix: str = "") -> str:
    """The end of a message about an unknown name: what was meant, or else all that is known.

    >>> suggestion("lower_case", ["lowercase", "merges"]), suggestion("zzz", ["lowercase", "merges"])
    ('did you mean lowercase?', 'known: lowercase, merges')
    """
    names = [str(entry) for entry in known]
    close = nearest(name, names)
    return f"did you mean {prefix}{close}?" if close else f"known: {', '.join(names) or 'none'}"
