"""Modules of the user's that register functions, loaded in every process of the package.

A module is named in the environment variable ``ONMT_EVSOFTMAX_FUNCTIONS``, or belongs to an installed package with
an entry point in the group ``onmt_evsoftmax.functions``. Child processes, such as those of a sweep, find it too.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Optional

from .errors import InputError

VARIABLE = "ONMT_EVSOFTMAX_FUNCTIONS"
"""Names of modules, or paths of ``.py`` files, between commas."""

GROUP = "onmt_evsoftmax.functions"

HINT = f"The module of a function of your own is named in {VARIABLE}"

_started = False
_error: Optional[InputError] = None


def load() -> None:
    """Import the modules, once; they call `onmt_evsoftmax.register`.

    Raises:
        InputError: one cannot be imported; raised again by every later call.
    """
    global _started, _error
    if not _started:
        _started = True  # first: the modules themselves may ask for the names of the functions
        for source, name in [*_entry_points(), *_variable()]:
            try:
                _import(name)
            except (Exception, SystemExit) as error:
                reason = f"{type(error).__name__}: {error}"
                _error = InputError(f"{source}: {name} cannot be imported ({reason})")
                break
    if _error is not None:
        raise _error


def _variable() -> list[tuple[str, str]]:
    return [(VARIABLE, name.strip()) for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]


def _entry_points() -> list[tuple[str, str]]:
    return [(f"entry point {point.name} of {GROUP}", point.value) for point in entry_points(group=GROUP)]


def _import(name: str) -> None:
    if not name.endswith(".py"):
        importlib.import_module(name.partition(":")[0])
        return
    path = Path(name).expanduser().resolve()
    loaded = sys.modules.get(path.stem)
    if loaded is not None:
        if Path(getattr(loaded, "__file__", None) or "").resolve() == path:
            return  # imported by whoever runs here, or named twice
        raise InputError(f"a module called {path.stem} is loaded already; rename the file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # the suffix is .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
