"""Which sentence pairs of the training text are kept, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Optional

from .config import Filter
from .seen import Pair

REASONS = ("empty", "too_short", "too_long", "ratio", "overlap", "duplicate")
"""In the order in which they are tried; a pair counts under the first that applies."""


class PairFilter:
    """The pairs to train on, in their order, and how many were dropped for each reason.

    Reasons:

    * ``empty``: a side has no token.
    * ``too_short``, ``too_long``: a side has fewer than ``min_length`` or more than ``max_length`` tokens.
    * ``ratio``: the longer side has more than ``max_ratio`` times the tokens of the shorter.
    * ``overlap``: the pair is in ``held_out``, where ``drop_overlap`` asks for it.
    * ``duplicate``: the same pair came before, where ``drop_duplicates`` asks for it.

    Args:
        settings: what to drop.
        held_out: the pairs of the other splits.
        is_new: says of one pair after the other whether it comes for the first time.

    Attributes:
        dropped: reason -> how many pairs, of those seen so far.
        kept: how many pairs.
    """

    def __init__(self, settings: Filter, held_out: Collection[Pair], is_new: Callable[[Pair], bool]) -> None:
        self._settings = settings
        self._held_out = frozenset(held_out) if settings.drop_overlap else frozenset()
        self._is_new = is_new
        self.dropped = dict.fromkeys(REASONS, 0)
        self.kept = 0

    def __call__(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Yield the pairs that are kept, in their order."""
        for pair in pairs:
            reason = self._reason(pair)
            if reason is None:
                self.kept += 1
                yield pair
            else:
                self.dropped[reason] += 1

    def _reason(self, pair: Pair) -> Optional[str]:
        reason = _bad_length(pair, self._settings)
        if reason is None and pair in self._held_out:
            reason = "overlap"
        if reason is None and self._settings.drop_duplicates and not self._is_new(pair):
            reason = "duplicate"
        return reason


def filter_pairs(
    pairs: Iterable[Pair], settings: Filter, held_out: Collection[Pair] = ()
) -> tuple[list[Pair], dict[str, int]]:
    """`PairFilter` for a text that fits into memory: the pairs that are kept, and the dropped by reason."""
    before: set[Pair] = set()

    def is_new(pair: Pair) -> bool:
        known = pair in before
        before.add(pair)
        return not known

    chosen = PairFilter(settings, held_out, is_new)
    return list(chosen(pairs)), chosen.dropped


def _bad_length(pair: Pair, settings: Filter) -> Optional[str]:
    shorter, longer = sorted(len(side.split()) for side in pair)
    if shorter == 0:
        return "empty"
    if shorter < settings.min_length:
        return "too_short"
    if longer > settings.max_length:
        return "too_long"
    return "ratio" if longer > settings.max_ratio * shorter else None
