"""Sentences that occur in more than one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WHAT = ("pairs", "src", "tgt")


def count_overlap(splits: Mapping[str, Sequence[Iterable[str]]]) -> list[dict]:
    """For every two splits: how many lines of the later one occur in the earlier one too.

    The lines of all splits but the first are held in memory, those of the first are read one at a time.

    Args:
        splits: split -> (source lines, target lines), the training text first.

    Returns:
        One dictionary per two splits with ``split`` (the later), ``found_in`` (the earlier) and the
        number of lines of ``split`` whose ``pairs``, ``src`` or ``tgt`` are there. A repeated target is
        harmless; a repeated pair means that the score measures memory.
    """
    report = []
    names = list(splits)
    for number, earlier in enumerate(names):
        later = {name: _Lookup(*splits[name]) for name in names[number + 1 :]}
        if later:
            for pair in zip(*splits[earlier]):
                for lookup in later.values():
                    lookup.meet(pair)
        report += [{"split": name, "found_in": earlier, **lookup.found} for name, lookup in later.items()]
    return report


class _Lookup:
    """The lines of a split, each counted when it is met elsewhere for the first time."""

    def __init__(self, src: Iterable[str], tgt: Iterable[str]) -> None:
        pairs = list(zip(src, tgt))
        self._left: list[Counter[Any]] = [Counter(pairs), *(Counter(pair[side] for pair in pairs) for side in (0, 1))]
        self.found = dict.fromkeys(WHAT, 0)

    def meet(self, pair: tuple[str, str]) -> None:
        for what, left, line in zip(WHAT, self._left, (pair, *pair)):
            if line in left:
                self.found[what] += left.pop(line)
