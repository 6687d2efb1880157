"""Progress of long work: bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Iterator
from typing import Any, Optional

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

INTERVAL = 30.0
"""Seconds between two plain lines."""


class Bar:
    """Progress of one piece of work. Nothing is shown before `start`."""

    def __init__(self, name: str, bars: Optional[Bars] = None, console: Optional[Console] = None) -> None:
        self._name, self._bars, self._console = name, bars, console
        self._task: Optional[TaskID] = None
        self._total: Optional[int] = None
        self._done = self._before = 0
        self._started = self._said = time.monotonic()

    def start(self, total: Optional[int] = None, done: int = 0) -> None:
        """Begin; without a total it only shows that something goes on.

        Args:
            done: how much of the total an earlier process did.
        """
        self._total, self._done, self._before = total, done, done
        self._started = self._said = time.monotonic()
        if self._bars is not None:
            self._task = self._bars.add_task(self._name, total=total, completed=done, note="")

    def advance(self, amount: int, note: str = "") -> None:
        """``note`` is shown beside the count; an empty one leaves the last in place."""
        if self._bars is not None and self._task is not None:
            fields: dict[str, Any] = {"note": note} if note else {}
            self._bars.update(self._task, advance=amount, **fields)
        elif self._console is not None:
            self._done += amount
            if time.monotonic() - self._said >= INTERVAL:
                self._said = time.monotonic()
                total = "" if self._total is None else f"/{self._total}"
                line = f"{self._name}: {self._done}{total}{self._left()} {note}".rstrip()
                self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _left(self) -> str:
        """The time left, at the mean speed of this process."""
        done, seconds = self._done - self._before, time.monotonic() - self._started
        if not self._total or not self._before < self._done < self._total or not seconds:
            return ""
        return f", {datetime.timedelta(seconds=round(seconds * (self._total - self._done) / done))} left"

    def remove(self) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


class Progress:
    """Progress while work goes on, and one line per finished step. Without a console it shows nothing."""

    def __init__(self, console: Optional[Console] = None) -> None:
        self._console = console
        self._bars: Optional[Bars] = None
        if console is not None and console.is_terminal:
            self._bars = Bars(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=console,
                transient=True,
            )

    def __enter__(self) -> Progress:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    @contextlib.contextmanager
    def bar(self, name: str) -> Iterator[Bar]:
        bar = Bar(name, self._bars, self._console)
        try:
            yield bar
        finally:
            bar.remove()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Bar]:
        """A bar that leaves a line with the time taken."""
        started = time.monotonic()
        with self.bar(name) as bar:
            yield bar
        if self._console is not None:
            self._console.print(f"{name}: done in {time.monotonic() - started:.1f} s", highlight=False)


@contextlib.contextmanager
def bar_on_stderr(name: str) -> Iterator[Bar]:
    """One bar by itself."""
    with Progress(Console(stderr=True)) as shown, shown.bar(name) as bar:
        yield bar
