"""Which sentence pairs of the training text are kept, and why the others are not."""

from __future__ import annotations

from typing import Collection, Iterable, Optional

from .config import Filter

Pair = tuple
"""(source line, target line)"""

REASONS = ("empty", "too_short", "too_long", "ratio", "overlap", "duplicate")
"""In the order in which they are tried; a pair counts under the first that applies."""


def filter_pairs(pairs: Iterable[Pair], settings: Filter,
                 held_out: Collection[Pair] = ()) -> tuple[list[Pair], dict[str, int]]:
    """The pairs to train on, in their order, and how many were dropped for each reason.

    * ``empty``: a side has no token.
    * ``too_short``, ``too_long``: a side has fewer than ``min_length`` or more than ``max_length`` tokens.
    * ``ratio``: the longer side has more than ``max_ratio`` times the tokens of the shorter.
    * ``overlap``: the pair is in ``held_out``, where ``drop_overlap`` asks for it.
    * ``duplicate``: the same pair came before, where ``drop_duplicates`` asks for it.
    """
    held_out = frozenset(held_out) if settings.drop_overlap else frozenset()
    kept: list[Pair] = []
    seen: set[Pair] = set()
    dropped = dict.fromkeys(REASONS, 0)
    for pair in pairs:
        reason = _bad_length(pair, settings)
        if reason is None and pair in held_out:
            reason = "overlap"
        if reason is None and settings.drop_duplicates and pair in seen:
            reason = "duplicate"
        if reason is None:
            kept.append(pair)
            seen.add(pair)
        else:
            dropped[reason] += 1
    return kept, dropped


def _bad_length(pair: Pair, settings: Filter) -> Optional[str]:
    shorter, longer = sorted(len(side.split()) for side in pair)
    if shorter == 0:
        return "empty"
    if shorter < settings.min_length:
        return "too_short"
    if longer > settings.max_length:
        return "too_long"
    return "ratio" if longer > settings.max_ratio * shorter else None
