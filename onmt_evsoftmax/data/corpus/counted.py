"""A count of the lines that one step of the work hands to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Counted:
    """Iterates over lines and counts them.

    Attributes:
        lines: how many have passed.
        tokens: of how many tokens.
    """

    def __init__(self, source: Iterable[str]) -> None:
        self._source = source
        self.lines = self.tokens = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._source:
            self.lines += 1
            self.tokens += len(line.split())
            yield line
