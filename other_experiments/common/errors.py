"""Bad input, as opposed to bad code, and how a command reports it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Callable, Optional

from onmt_evsoftmax.base.errors import InputError

ExperimentError = InputError
"""The input is wrong; the message names the file, key or option and says what to do."""


def run_main(function: Callable[[Optional[Sequence[str]]], None]) -> None:
    """Call ``function(None)`` as a command: bad input becomes one line and exit status 2.

    That is an `ExperimentError`, and a file that cannot be read or written. Any other ValueError is a
    fault in the code and keeps its traceback.
    """
    try:
        function(None)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; the same command continues", file=sys.stderr)
        sys.exit(130)
