"""Configs: a default file, a user's file over it, a preset over that, and options over all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

from onmt_evsoftmax.base.documents import check_keys, check_type, read_yaml
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.suggestions import suggestion

PRESETS = "presets"


def load_config(
    default: Path,
    config: Optional[Path] = None,
    preset: Union[None, str, Sequence[str]] = None,
    overrides: Mapping = {},
) -> dict[str, Any]:
    """The settings of a run.

    Args:
        default: the experiment's own file. It names every key, and its values set their types;
            a key that is null there takes anything. Under ``presets`` it holds sets of changes.
        config: the user's file, with any of these keys; it can have presets of its own.
        preset: the name of a set of changes in one of the files, or several that are made in turn.
        overrides: changes from the command line; a value of None changes nothing.

    Returns:
        The settings without ``presets``, mappings merged key by key.

    Raises:
        InputError: a file is missing or no YAML mapping, a key or preset is unknown, or a
            value has another type than in the default file.
    """
    settings, presets = _read(default)
    layers = []
    if config is not None:
        given, own = _read(config)
        presets = {**presets, **own}
        layers.append((str(config), given))
    for name in [preset] if isinstance(preset, str) else preset or ():
        check_known("preset", [name], presets)
        layers.append((f"{config or default}, preset {name}", presets[name]))
    layers.append(("command line", {key: value for key, value in overrides.items() if value is not None}))
    for place, changes in layers:
        settings = _merge(settings, changes, place, "")
    return settings


def check_known(key: str, names: Iterable[Any], known: Iterable[str]) -> None:
    """Raises InputError: one of the names is not known; the message says which one may have been meant."""
    for name in names:
        if name not in known:
            raise InputError(f"{key}: unknown {name!r}; {suggestion(name, known)}")


def check_numbers(
    settings: Mapping[str, Any],
    counts: Iterable[str] = (),
    positive: Iterable[str] = (),
    not_negative: Iterable[str] = (),
) -> None:
    """Raises InputError: the value of one of the keys is too small. Counts must be at least 1."""
    limits = {"be at least 1": (counts, lambda value: value >= 1), "be positive": (positive, lambda value: value > 0)}
    limits["not be negative"] = (not_negative, lambda value: value >= 0)
    for limit, (keys, holds) in limits.items():
        for key in keys:
            if not holds(settings[key]):  # neither does NaN
                raise InputError(f"{key}: must {limit}, got {settings[key]}")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A file's settings, and its presets: name -> changes."""
    content = read_yaml(path, "mend it; the experiment's own config.yaml shows how")
    if not isinstance(content, dict):
        raise InputError(f"{path}: must hold keys and values, like the experiment's own config.yaml")
    presets = content.pop(PRESETS, None) or {}
    if not isinstance(presets, dict):
        raise InputError(f"{path}: {PRESETS} must hold names and changes, not {presets!r}")
    return content, presets


def _merge(known: Mapping, changes: Any, place: str, prefix: str) -> dict[str, Any]:
    check_keys(changes, known, place, prefix)
    merged = dict(known)
    for key, value in changes.items():
        if isinstance(known[key], Mapping):
            merged[key] = _merge(known[key], value, place, f"{prefix}{key}.")
        elif known[key] is not None:
            merged[key] = check_type(value, type(known[key]), f"{place}: {prefix}{key}")
        else:
            merged[key] = value
    return merged
