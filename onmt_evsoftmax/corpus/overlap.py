"""Sentences that occur in more than one split."""

from __future__ import annotations

from itertools import combinations
from typing import Mapping, Sequence


def count_overlap(splits: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> list[dict]:
    """For every two splits: how many lines of the later one occur in the earlier one too.

    Args:
        splits: split -> (source lines, target lines), the training text first.

    Returns:
        One dictionary per two splits with ``split`` (the later), ``found_in`` (the earlier) and the
        number of lines of ``split`` whose ``pairs``, ``src`` or ``tgt`` are there. A repeated target is
        harmless; a repeated pair means that the score measures memory.
    """
    report = []
    for earlier, later in combinations(splits, 2):
        (src, tgt), (other_src, other_tgt) = splits[earlier], splits[later]
        pairs, sources, targets = set(zip(src, tgt)), set(src), set(tgt)
        report.append({
            "split": later,
            "found_in": earlier,
            "pairs": sum(pair in pairs for pair in zip(other_src, other_tgt)),
            "src": sum(line in sources for line in other_src),
            "tgt": sum(line in targets for line in other_tgt),
        })
    return report
