"""One process at a time: a lock that falls with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
from typing import IO, Union

from .errors import InputError


def lock(path: Union[str, os.PathLike[str]], problem: str) -> IO[bytes]:
    """Open ``path``, making it where it is not there, and lock it until the stream is closed.

    A second opening is refused in the same process too. A child process holds the lock as well only where it is
    handed the stream (``pass_fds``), and then until the last of them ends.

    Raises:
        InputError: somebody holds it; the message is ``problem``. Or the file cannot be opened, or not be locked.
    """
    try:
        stream = open(path, "ab")
        if seize(stream):
            return stream
    except OSError as error:
        raise InputError(f"{path}: cannot be locked ({error.strerror}); name another place") from None
    stream.close()
    raise InputError(problem)


def seize(stream: Union[int, IO], wait: bool = False) -> bool:
    """Lock an open file; False if somebody else holds it and we do not ``wait``.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
