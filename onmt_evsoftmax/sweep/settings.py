"""The settings of a sweep, as its YAML file has them, with their defaults.

The one reader: the Snakefile runs what these settings say, and the report page shows how much of it is there. A schema
(settings.schema.yaml) says which keys there are and what type they have; `checks` looks at the files that they name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import jsonschema
import yaml

from ..base import catalogue
from ..base.errors import InputError
from ..data.corpus.config import Config
from ..evaluation.metrics import METRICS

SCHEMA = Path(__file__).with_name("settings.schema.yaml")
AGAINST = "evsoftmax"
"""The function that the others are compared with, unless the settings name another; the last in every table."""


def run_name(function: str, seed: int) -> str:
    """Name of a run, and of its folder."""
    return f"{function}.{seed}"


@dataclass(frozen=True)
class TestSettings:
    """What the settings say of one test set. Paths as seen from where the sweep is started.

    Attributes:
        src: what onmt_translate reads.
        scoring: options of ``onmt_evsoftmax score``.
    """

    name: str
    src: Path
    reference: Path
    scoring: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """One sweep; docs/sweep.md explains the keys.

    Attributes:
        source: the file that they are from, for messages.
        pretrain: ``model``, or else ``function``, ``steps`` and ``overrides``.
        average: the steps whose checkpoints are averaged, ascending; the last one is the last step.
        keep_archives: seeds whose archives stay; none where ``attend`` is false.
        training: the content of ``config``, with ``devices``; `check_settings` reads it.
        corpus: what ``prepare`` describes; `check_settings` reads it. None without it.
    """

    out: Path
    source: str = ""
    config: Path = Path()
    functions: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    pretrain: Mapping[str, Any] = field(default_factory=dict)
    fine_tune: Mapping[str, Any] = field(default_factory=dict)
    average: tuple[int, ...] = ()
    tests: tuple[TestSettings, ...] = ()
    keep_archives: tuple[int, ...] = ()
    against: str = AGAINST
    attend: bool = True
    threads: int = 1
    prepare: Optional[Path] = None
    translate: Mapping[str, Any] = field(default_factory=dict)
    devices: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    corpus: Optional[Config] = None

    @property
    def prepared(self) -> Optional[Path]:
        """The manifest that ``prepare`` writes; None without it."""
        return None if self.corpus is None else self.corpus.folder / "manifest.json"

    @property
    def trained(self) -> tuple[str, ...]:
        """The functions that are trained; the others translate with the models of these."""
        return tuple(name for name in self.functions if catalogue.get(name).is_trained)

    @property
    def given_model(self) -> Optional[Path]:
        """The checkpoint to start from, where the sweep does not pretrain its own."""
        model = self.pretrain.get("model")
        return None if model is None else Path(model)

    def test(self, name: str) -> TestSettings:
        return next(test for test in self.tests if test.name == name)


def parse_settings(document: Any, source: str) -> Settings:
    """Settings from the content of a YAML file; the files that they name are not looked at.

    Raises:
        InputError: a key is unknown or missing, or a value is of another kind than it must be. The message
            names ``source`` and the key.
    """
    _check_schema(document, source)
    seeds, last = document["seeds"], document["fine_tune"]["steps"]
    kept = document.get("keep_archives", seeds[:1]) if document.get("attend", True) else []
    paths: dict[str, Any] = {key: Path(document[key]) for key in ("out", "config", "prepare") if key in document}
    as_they_are = ("pretrain", "fine_tune", "against", "attend", "threads", "translate", "devices")
    return Settings(
        source=source,
        functions=tuple(document["functions"]),
        seeds=tuple(seeds),
        average=tuple(sorted(document.get("average", [last]))),
        tests=tuple(map(_test_set, document["tests"])),
        keep_archives=tuple(kept),
        **paths,
        **{key: document[key] for key in as_they_are if key in document},
    )


def _test_set(test: Mapping[str, Any]) -> TestSettings:
    scoring = {key: value for key, value in test.items() if key not in ("name", "src", "reference")}
    return TestSettings(test["name"], Path(test["src"]), Path(test["reference"]), scoring)


def _schema() -> dict[str, Any]:
    """The schema, with the functions and metrics that there are."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    names = catalogue.names()
    schema["$defs"] = {
        "function": {"enum": list(names)},
        "trained": {"enum": [name for name in names if catalogue.get(name).is_trained]},
        "metric": {"enum": list(METRICS)},
    }
    return schema


def _is_integer(_checker: Any, value: Any) -> bool:
    return type(value) is int  # JSON Schema takes 1.0 for one


_VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def _check_schema(document: Any, source: str) -> None:
    for error in _VALIDATOR(_schema()).iter_errors(document):
        key = ".".join(map(str, error.path))
        message = error.message
        if error.validator == "additionalProperties":
            known = set(error.schema["properties"])
            unknown = next(name for name in error.instance if name not in known)
            key = ".".join(map(str, [*error.path, unknown]))
            message = f"unknown key; known are {', '.join(sorted(known))}"
        raise InputError(f"{source}: {key}: {message}" if key else f"{source}: {message}")
