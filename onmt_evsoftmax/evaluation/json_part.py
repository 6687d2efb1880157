"""Values of JSON that somebody may have damaged or written by hand: each is checked on its way out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

SHOWN = 40
"""How many characters of a wrong value a message shows."""


class Damaged(ValueError):
    """A part is missing or is no such thing; the message says which, the reader adds file and advice."""


@dataclass(frozen=True)
class Part:
    """A value inside a JSON file, and what a message calls it. Every method raises `Damaged`."""

    value: Any
    name: str

    def refuse(self, expected: str) -> Damaged:
        """The error to raise: what was found, and what should be there."""
        shown = repr(self.value)
        shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "..."
        return Damaged(f"{self.name} is {shown}, expected {expected}")

    def items(self) -> Iterator[tuple[str, Part]]:
        """Keys and values of an object."""
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        for key, value in self.value.items():
            yield Part(key, f"a key of {self.name}").text(), Part(value, f"{self.name}: {key}")

    def optional(self, key: str) -> Optional[Part]:
        """A value of an object; None where it is absent or null."""
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        value = self.value.get(key)
        return None if value is None else Part(value, f"{self.name}: {key}")

    def key(self, key: str) -> Part:
        """A value of an object that must be there."""
        found = self.optional(key)
        if found is None:
            raise Damaged(f"{self.name} lacks {key!r}")
        return found

    def parts(self, unit: str, length: Optional[int] = None) -> list[Part]:
        """The values of a list, called ``unit`` 1, 2 and so on."""
        if not isinstance(self.value, list):
            raise self.refuse("a list")
        if length not in (None, len(self.value)):
            raise Damaged(f"{self.name} has {len(self.value)} values, expected {length}")
        return [Part(value, f"{self.name} of {unit} {i}") for i, value in enumerate(self.value, 1)]

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number in ``[low, high]``; true and false are none."""
        if not _is_number(self.value, low, high):
            raise self.refuse("a number" + ("" if low == -math.inf else f" from {low:g} to {high:.12g}"))
        return float(self.value)

    def numbers(self, unit: str, length: int, low: float = -math.inf, high: float = math.inf) -> list:
        """A list of so many numbers, each as `number` wants it; quick where all are right."""
        if not isinstance(self.value, list) or len(self.value) != length:
            self.parts(unit, length)
        for index, value in enumerate(self.value):
            if not _is_number(value, low, high):
                self.parts(unit)[index].number(low, high)
        return self.value

    def whole(self, low: float = -math.inf) -> int:
        """An integer from ``low`` up."""
        if type(self.value) is not int or self.value < low:
            raise self.refuse("a whole number" + ("" if low == -math.inf else f" from {low} up"))
        return self.value

    def text(self) -> str:
        """A string that can be printed: without halves of a character."""
        try:
            self.value.encode("utf-8")
        except (AttributeError, UnicodeEncodeError):
            raise self.refuse("a text") from None
        return self.value

    def table(self, low: float = -math.inf) -> list[list[float]]:
        """``[layers][heads]``: lists of numbers of one length, none of them empty."""
        rows = self.parts("layer")
        heads = len(rows[0].parts("head")) if rows else 0
        if not heads:
            raise self.refuse("a list of lists of numbers")
        return [row.numbers("head", heads, low, LARGEST) for row in rows]


LARGEST = 1e15
"""No count in a score file is larger; sums of such numbers stay finite."""


def _is_number(value: Any, low: float, high: float) -> bool:
    # bool is a kind of int; a comparison with NaN is false
    return type(value) in (int, float) and low <= value <= high and -LARGEST <= value <= LARGEST
