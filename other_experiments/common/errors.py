"""Bad input, as opposed to bad code, and how a command reports it."""

from __future__ import annotations

import sys
from typing import Callable, Optional, Sequence


class ExperimentError(ValueError):
    """The input is wrong; the message names the file, key or option and says what to do."""


def run_main(function: Callable[[Optional[Sequence[str]]], None]) -> None:
    """Call ``function(None)`` as a command: bad input becomes one line and exit status 2.

    That is an `ExperimentError`, a file that cannot be read or written, and the InputError that
    `onmt_evsoftmax` raises for an unknown mapping. Any other ValueError is a fault in the code
    and keeps its traceback.
    """
    try:
        function(None)
    except ValueError as error:
        if not isinstance(error, ExperimentError) and type(error).__name__ != "InputError":
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; the same command continues", file=sys.stderr)
        sys.exit(130)
