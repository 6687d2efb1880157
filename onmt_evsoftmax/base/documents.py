"""Reading JSON and YAML that may be damaged or hostile: plain values, or one line that says what is wrong."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from .errors import InputError
from .files import PathLike

_SURROGATE = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")


def read_json(path: PathLike, remedy: str, finite: bool = True) -> Any:
    """The value in a JSON file; see `parse_json`.

    Raises:
        InputError: the file is missing, cannot be read, is not UTF-8 or is refused by `parse_json`.
    """
    return parse_json(_read_text(path, remedy), str(path), remedy, finite)


def parse_json(text: str, source: str, remedy: str, finite: bool = True) -> Any:
    """The value that a JSON text stands for.

    Args:
        source: what the text is, as a message names it: a file, or a file and a line.
        remedy: what to do where it is damaged; the end of the message.
        finite: refuse NaN and infinite numbers, those too large for a float (``1e999``) among them.

    Raises:
        InputError: no JSON, nested more deeply than Python reads, numbers as above, or half of a surrogate
            pair, which no text file can hold. Which keys and types there must be is for the caller to check.
    """
    try:
        if finite:
            value = json.loads(text, parse_float=_finite_float, parse_constant=_refuse_constant)
        else:
            value = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise InputError(f"{source}: not readable JSON (nested too deeply); {remedy}") from None
    except UnicodeEncodeError:
        raise InputError(f"{source}: not readable JSON (half of a surrogate pair); {remedy}") from None
    except ValueError as error:
        raise InputError(f"{source}: not readable JSON ({error}); {remedy}") from None
    return value


def read_yaml(path: PathLike, remedy: str, loader: Any = None) -> Any:
    """The value in a YAML file.

    Args:
        remedy: what to do where it is damaged; the end of the message.
        loader: a subclass of `yaml.SafeLoader`, and by default that itself.

    Raises:
        InputError: the file is missing, cannot be read, is not UTF-8, no YAML, nested too deeply or inside of
            itself, or asks for objects other than plain values.
    """
    import yaml

    text = _read_text(path, remedy)
    try:
        value = yaml.load(text, loader or yaml.SafeLoader)
        _refuse_circles(value, set(), set())
    except RecursionError:
        raise InputError(f"{path}: not readable YAML (nested too deeply); {remedy}") from None
    except Exception as error:  # besides YAMLError whatever a scalar with a wrong tag makes Python raise
        problem = " ".join(str(error).split()) or type(error).__name__  # YAML's own message is several lines
        raise InputError(f"{path}: not readable YAML ({problem}); {remedy}") from None
    return value


def _read_text(path: PathLike, remedy: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}); {remedy}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _refuse_circles(value: Any, around: set[int], known: set[int]) -> None:
    """Raise ValueError where a value holds itself, as in ``&a [*a]``; ``known`` are values that are known not to."""
    if not isinstance(value, (dict, list)) or id(value) in known:
        return
    if id(value) in around:
        raise ValueError("a list or mapping holds itself")
    around.add(id(value))
    for entry in value.values() if isinstance(value, dict) else value:
        _refuse_circles(entry, around, known)
    around.discard(id(value))
    known.add(id(value))
