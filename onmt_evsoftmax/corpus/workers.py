"""Functions over the lines of a text, in several processes; the result does not depend on how many."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from typing import Callable, Optional, Sequence

from ..errors import InputError

LineFunction = Callable[[str], str]

BLOCK = 2000
"""Lines handed to a process at a time."""


class Workers:
    """A context in which up to ``count`` processes stand ready. They start when they are needed first."""

    def __init__(self, count: int = 1) -> None:
        if count < 1:
            raise InputError(f"workers must be at least 1, found {count}")
        self._count = count
        self._executor: Optional[ProcessPoolExecutor] = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

    def map(self, make: Callable[[], LineFunction], lines: Sequence[str],
            advance: Callable[[int], None] = lambda lines: None) -> list[str]:
        """``[f(line) for line in lines]`` with ``f = make()``.

        Args:
            make: builds the function, once in each process. It must be picklable; the function need not be.
            lines: the text. A single block of it is done in this process.
            advance: called with the number of lines just finished.

        Raises:
            InputError: a worker process died.
        """
        blocks = [lines[start:start + BLOCK] for start in range(0, len(lines), BLOCK)]
        if self._count == 1 or len(blocks) < 2:
            results = map(partial(_apply, make()), blocks)
        else:
            results = self._started().map(partial(_run, pickle.dumps(make)), blocks)
        mapped: list[str] = []
        try:
            for block in results:
                mapped.extend(block)
                advance(len(block))
        except BrokenProcessPool:
            raise InputError(
                "a worker process died, perhaps for want of memory; try again with --workers 1"
            ) from None
        return mapped

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # spawn: the progress bars run in a thread of this process, and fork would copy their locks
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self._count, spawn, initializer=_start)
        return self._executor


def _apply(function: LineFunction, lines: Sequence[str]) -> list[str]:
    return [function(line) for line in lines]


# what follows runs in the worker processes


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C goes to all processes; the parent ends the others
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """A worker whose parent was killed would wait for its next block for ever."""
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _run(pickled: bytes, lines: Sequence[str]) -> list[str]:
    return _apply(_made(pickled), lines)


@lru_cache(maxsize=None)
def _made(pickled: bytes) -> LineFunction:
    """Building a tokenizer takes longer than tokenizing a block."""
    return pickle.loads(pickled)()
