"""A set of sentence pairs that may be larger than memory, to find repeated ones."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from ...base.errors import InputError
from ...base.files import PathLike

CACHE = 64 * 1024
"""kB of the index that stay in memory; the rest is on disk."""

Pair = tuple[str, str]
"""(source line, target line)"""


class Seen:
    """A set of pairs on disk, emptied when it is opened and removed when it is closed.

    It holds 128 bits of a hash (BLAKE2b) of each pair. Among a thousand million different pairs the
    probability that any two are taken for the same is 1.5e-21.

    Args:
        path: where the index is while it is open: about 30 bytes per pair.
    """

    def __init__(self, path: PathLike) -> None:
        self._path = Path(path)
        self._path.unlink(missing_ok=True)
        self._index = sqlite3.connect(str(self._path), isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE}"):
            self._index.execute(f"PRAGMA {setting}")  # nobody reads it after a crash
        self._index.execute("CREATE TABLE seen (pair BLOB PRIMARY KEY) WITHOUT ROWID")
        self._index.execute("BEGIN")  # one transaction to the end

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *exception: object) -> None:
        self._index.close()
        self._path.unlink(missing_ok=True)

    def add(self, pair: Pair) -> bool:
        """Remember a pair; returns whether it was new.

        Raises:
            InputError: the disk is full.
        """
        digest = hashlib.blake2b("\n".join(pair).encode(), digest_size=16).digest()  # no line holds a \n
        try:
            return self._index.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount == 1
        except sqlite3.OperationalError as error:
            raise InputError(f"{self._path}: cannot be written ({error}); make room and start again") from None
