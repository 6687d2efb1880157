"""Progress of a run on the terminal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Optional

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Bar:
    """Progress of one piece of work. Nothing is drawn before `start`."""

    def __init__(self, name: str, bars: Optional[Bars] = None) -> None:
        self._name = name
        self._bars = bars
        self._task: Optional[TaskID] = None

    def start(self, total: Optional[int] = None) -> None:
        """Begin; without a total the bar only shows that something goes on."""
        if self._bars is not None:
            self._task = self._bars.add_task(self._name, total=total)

    def advance(self, amount: int) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.advance(self._task, amount)

    def remove(self) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


class Progress:
    """Bars while work goes on, one line per finished step. Without a console it shows nothing."""

    def __init__(self, console: Optional[Console] = None) -> None:
        self._console = console
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        self._bars = None if console is None else Bars(*columns, console=console, transient=True)

    def __enter__(self) -> Progress:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    @contextlib.contextmanager
    def bar(self, name: str) -> Iterator[Bar]:
        bar = Bar(name, self._bars)
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
