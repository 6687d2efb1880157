"""JSON and YAML: reading what may be damaged or hostile, as plain values or one line that says what is wrong."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .errors import InputError
from .files import PathLike, atomic_write
from .suggestions import suggestion

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


def write_json(path: PathLike, value: Any) -> None:
    """Write JSON that people can read too, whole or not at all."""
    with atomic_write(path) as stream:
        json.dump(value, stream, indent=1)
        stream.write("\n")


def read_yaml(path: PathLike, remedy: str) -> Any:
    """What a YAML file says. ``1e-3`` is a number, which PyYAML by itself takes for text.

    Args:
        remedy: what to do where it is damaged; the end of the message.

    Raises:
        InputError: the file is missing, cannot be read, is not UTF-8, no YAML, nested too deeply or inside of
            itself, asks for objects other than plain values, or has a key twice.
    """
    import yaml

    text = _read_text(path, remedy)
    try:
        value = yaml.load(text, _loader())
        _refuse_circles(value, set(), set())
    except RecursionError:
        raise InputError(f"{path}: not readable YAML (nested too deeply); {remedy}") from None
    except Exception as error:  # besides YAMLError whatever a scalar with a wrong tag makes Python raise
        problem = " ".join(str(error).split()) or type(error).__name__  # YAML's own message is several lines
        raise InputError(f"{path}: not readable YAML ({problem}); {remedy}") from None
    return value


def check_keys(document: Any, known: Collection[str], where: str, prefix: str = "") -> None:
    """See that a document holds keys and values, and no key but the known ones.

    Args:
        where: what it was read from, as a message names it.
        prefix: the dotted name of the mapping inside of the document, with a dot at its end; empty for the whole.

    Raises:
        InputError: it does not; of an unknown key the message says which one may have been meant.
    """
    if not isinstance(document, dict):
        raise InputError(f"{where}: {prefix.rstrip('.') or 'it'} must hold keys and values, found {document!r}")
    for key in document:
        if key not in known:
            raise InputError(f"{where}: unknown key {prefix}{key}; {suggestion(key, known, prefix)}")


def check_type(value: Any, kind: type, name: str) -> Any:
    """The value, if it is of that type; a whole number will do for a float.

    Args:
        name: what the value is, as a message names it.

    Raises:
        InputError: it is of another type.
    """
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:  # not isinstance: True is an int to Python
        raise InputError(f"{name} must be {_TYPES[kind]}, found {value!r}")
    return value


_TYPES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a mapping",
}


@functools.cache
def _loader() -> type:
    """A loader of plain values; PyYAML is imported only where there is YAML."""
    import yaml

    class Loader(yaml.SafeLoader):
        """PyYAML's own keeps the last of two equal keys and loses the first without a word."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
            entries = [entry for entry, _ in node.value if entry.tag != "tag:yaml.org,2002:merge"]
            keys = [self.construct_object(entry) for entry in entries]
            for key, entry in zip(keys, entries):
                if keys.count(key) > 1:
                    problem = f"the key {key} is there twice"
                    raise yaml.constructor.ConstructorError(problem=problem, problem_mark=entry.start_mark)
            return super().construct_mapping(node, deep)

    number = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+0123456789"))
    return Loader


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
