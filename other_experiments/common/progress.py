"""Progress of a long loop: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Optional

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

INTERVAL = 30.0
"""Seconds between two plain lines."""


class Progress:
    """Use as a context; call `advance` in the loop.

    Args:
        name: what is being done.
        total: how many steps that takes, None if not known.
        done: how many are done already, by a run that is being continued.
    """

    def __init__(self, name: str, total: Optional[int], done: int = 0) -> None:
        self._name, self._total, self._done = name, total, done
        console = Console(stderr=True)
        self._bars = None
        if console.is_terminal:
            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=console,
            )
            self._task = self._bars.add_task(name, total=total, completed=done, note="")

    def __enter__(self) -> Progress:
        self._said = time.monotonic()
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def advance(self, steps: int = 1, note: str = "") -> None:
        """``note`` is shown beside the count; an empty one leaves the last in place."""
        self._done += steps
        if self._bars is not None:
            self._bars.update(self._task, advance=steps, **({"note": note} if note else {}))
        elif time.monotonic() - self._said >= INTERVAL:
            self._said = time.monotonic()
            total = "" if self._total is None else f"/{self._total}"
            print(f"{self._name}: {self._done}{total} {note}".rstrip(), file=sys.stderr, flush=True)
