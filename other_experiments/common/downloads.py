"""Downloads that survive a broken connection."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path

from .errors import ExperimentError
from .progress import Progress

ATTEMPTS = 4
PAUSE = 1.0
"""Seconds before the second attempt; doubled each time."""
TIMEOUT = 60.0
"""Seconds without a byte from the server."""


def fetch(url: str, path: Path) -> None:
    """Bring ``url`` to ``path``; what an earlier attempt left in ``path``.part is continued.

    Raises:
        ExperimentError: the server refuses, or the connection breaks `ATTEMPTS` times.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _continue(url, part)
            part.replace(path)
            return
        except (OSError, EOFError, http.client.HTTPException) as error:  # URLError is an OSError
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or attempt == ATTEMPTS:
                raise ExperimentError(f"{url}: cannot be fetched ({error})") from None
            time.sleep(PAUSE * 2 ** (attempt - 1))


def _continue(url: str, part: Path) -> None:
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        stream = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        part.unlink()  # longer than the file, or all of it: begin again
        done, stream = 0, urllib.request.urlopen(url, timeout=TIMEOUT)
    with stream:
        if stream.status != http.HTTPStatus.PARTIAL_CONTENT:
            done = 0  # the server sends the whole file whatever is asked for
        length = stream.headers.get("Content-Length")
        total = None if length is None else done + int(length)
        with part.open("ab" if done else "wb") as copy, Progress(part.stem, total, done) as progress:
            for block in iter(lambda: stream.read(1 << 16), b""):
                copy.write(block)
                done += len(block)
                progress.advance(len(block))
    if total is not None and done != total:
        raise EOFError(f"the connection closed after {done} of {total} bytes")
