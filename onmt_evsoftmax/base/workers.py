"""Functions over the lines of a text, in several processes; the result does not depend on how many."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from itertools import chain, islice
from typing import Optional

from .errors import InputError

LineFunction = Callable[[str], str]

BLOCK = 2000
"""Lines handed to a process at a time."""

AHEAD = 3
"""Blocks per process that are read before their turn: enough to keep it busy, too few to fill memory."""

Block = list[str]


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

    def map(
        self,
        make: Callable[[], LineFunction],
        lines: Iterable[str],
        advance: Callable[[int], None] = lambda lines: None,
    ) -> Iterator[str]:
        """``f(line) for line in lines`` with ``f = make()``, holding a few blocks in memory.

        Args:
            make: builds the function, once in each process. It must be picklable; the function need not be.
            lines: the text, read as its turn comes. A single block of it is done in this process.
            advance: called with the number of lines just finished.

        Raises:
            InputError: a worker process died.
        """
        blocks = _blocks(lines)
        first = list(islice(blocks, 2))
        blocks = chain(first, blocks)
        if self._count == 1 or len(first) < 2:
            results: Iterator[Block] = map(partial(_apply, make()), blocks)
        else:
            results = self._spread(partial(_run, pickle.dumps(make)), blocks)
        try:
            for block in results:
                advance(len(block))
                yield from block
        except BrokenProcessPool:
            raise InputError("a worker process died, perhaps for want of memory; try again with --workers 1") from None

    def _spread(self, function: Callable[[Block], Block], blocks: Iterable[Block]) -> Iterator[Block]:
        """``function(block)`` of every block, in their order; a block is read only when a process will soon need it."""
        pool = self._started()
        pending: deque[Future] = deque()
        try:
            for block in blocks:
                pending.append(pool.submit(function, block))
                if len(pending) == AHEAD * self._count:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # spawn: the progress bars run in a thread of this process, and fork would copy their locks
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self._count, spawn, initializer=_start)
        return self._executor


def _blocks(lines: Iterable[str]) -> Iterator[Block]:
    rest = iter(lines)
    return iter(lambda: list(islice(rest, BLOCK)), [])


def _apply(function: LineFunction, lines: Block) -> Block:
    return [function(line) for line in lines]


# what follows runs in the worker processes


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C goes to all processes; the parent ends the others
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """Wait for the end of the parent and follow it: a worker would wait for its next block for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _run(pickled: bytes, lines: Block) -> Block:
    return _apply(_made(pickled), lines)


@cache
def _made(pickled: bytes) -> LineFunction:
    """The function that the pickled ``make`` builds, once: a tokenizer takes longer to build than to use on a block."""
    return pickle.loads(pickled)()
