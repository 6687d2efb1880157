"""Tables: Markdown to read, JSON to compute with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax.base.documents import write_json
from onmt_evsoftmax.base.files import atomic_write


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown, with the end of its last line."""
    lines = [f"| {' | '.join(map(str, cells))} |\n" for cells in (header, *rows)]
    return "".join([lines[0], "|---" * len(header) + "|\n", *lines[1:]])


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Mean ± standard deviation (n - 1 in the denominator); the mean alone of a single value."""
    return _printed(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, digits)


def standard_error(values: Sequence[float]) -> Optional[float]:
    """Sample standard deviation / √n; None for a single value."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None


def mean_and_error(values: Sequence[float], digits: int = 2) -> str:
    """Mean ± `standard_error`; the mean alone of a single value."""
    return _printed(statistics.fmean(values), standard_error(values), digits)


def _printed(mean: float, error: Optional[float], digits: int) -> str:
    return f"{mean:.{digits}f}" if error is None else f"{mean:.{digits}f} ± {error:.{digits}f}"


def write_tables(place: Path, text: str, values: Any) -> None:
    """Write ``place``.md and ``place``.json."""
    with atomic_write(f"{place}.md") as stream:
        stream.write(text)
    write_json(f"{place}.json", values)
