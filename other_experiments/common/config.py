"""Configs: a default file, a user's file over it, a preset over that, and options over all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import yaml

from onmt_evsoftmax.base.documents import read_yaml

from .errors import ExperimentError

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
        ExperimentError: a file is missing or no YAML mapping, a key or preset is unknown, or a
            value has another type than in the default file.
    """
    settings = _read(default)
    presets = _take_presets(settings, default)
    layers = []
    if config is not None:
        given = _read(config)
        presets = {**presets, **_take_presets(given, config)}
        layers.append((str(config), given))
    for name in [preset] if isinstance(preset, str) else preset or ():
        if name not in presets:
            raise ExperimentError(f"unknown preset {name!r}; known: {', '.join(presets) or 'none'}")
        layers.append((f"{config or default}, preset {name}", presets[name]))
    layers.append(("command line", {key: value for key, value in overrides.items() if value is not None}))
    for place, changes in layers:
        settings = _merge(settings, changes, place, "")
    return settings


class _Loader(yaml.SafeLoader):
    """YAML as people write it: 1e-3 is a number, which PyYAML takes for text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def _read(path: Path) -> dict[str, Any]:
    content = read_yaml(path, "mend it; the experiment's own config.yaml shows how", _Loader)
    if not isinstance(content, dict):
        raise ExperimentError(f"{path}: must hold keys and values, like the experiment's own config.yaml")
    return content


def _take_presets(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """Remove the presets from a file's content; name -> changes."""
    presets = content.pop(PRESETS, None) or {}
    if not isinstance(presets, dict):
        raise ExperimentError(f"{path}: {PRESETS} must hold names and changes, not {presets!r}")
    return presets


def _merge(known: Mapping, changes: Any, place: str, prefix: str) -> dict[str, Any]:
    if not isinstance(changes, Mapping):
        raise ExperimentError(f"{place}: {prefix[:-1] or 'it'} must hold keys and values, not {changes!r}")
    merged = dict(known)
    for key, value in changes.items():
        if key not in known:
            raise ExperimentError(f"{place}: unknown key {prefix}{key}; known: {', '.join(map(str, known))}")
        if isinstance(known[key], Mapping):
            merged[key] = _merge(known[key], value, place, f"{prefix}{key}.")
        else:
            merged[key] = _checked(value, known[key], f"{place}: {prefix}{key}")
    return merged


def _checked(value: Any, default: Any, name: str) -> Any:
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if default is not None and type(value) is not type(default):
        raise ExperimentError(f"{name} must be of type {type(default).__name__}, like {default!r}; got {value!r}")
    return value
