"""What settings.yaml asks of a sweep: its runs, its test sets, and the options they are made with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from ..base import catalogue

TEST_NAME = re.compile(r"[A-Za-z0-9_-]+")
FILES = ("src", "reference")


@dataclass(frozen=True)
class PlannedTest:
    """Paths as seen from where the sweep was started; ``scoring``: options of `onmt_evsoftmax score`."""

    src: str
    reference: str
    scoring: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """The keys of settings.yaml that the page needs; scripts/workflow/README.md explains all of them.

    Attributes:
        out: the folder of the sweep, as seen from where it was started.
        tests: name -> test set.
        attend: whether runs are scored with an attention archive.
        keep_archives: seeds whose archives stay; none where ``attend`` is false.
        translate: options of onmt_translate.
    """

    out: str
    functions: list[str]
    seeds: list[int]
    tests: dict[str, PlannedTest]
    attend: bool
    keep_archives: list[int]
    translate: Mapping[str, Any]


def read_plan(settings: Any) -> Plan:
    """The plan out of the content of a settings.yaml; keys that the page does not need are not looked at.

    Raises:
        ValueError: with the key that is missing or holds something unexpected.
    """
    if not isinstance(settings, dict):
        raise ValueError("out")
    seeds = _value(settings, "seeds", lambda value: _seeds(value) and value)
    attend = _value(settings, "attend", lambda value: isinstance(value, bool), True)
    kept = _value(settings, "keep_archives", _seeds, seeds[:1])
    return Plan(
        out=_value(settings, "out", _text),
        functions=_value(settings, "functions", _functions),
        seeds=seeds,
        tests={test["name"]: _planned(test) for test in _value(settings, "tests", _tests)},
        attend=attend,
        keep_archives=kept if attend else [],
        translate=_value(settings, "translate", _options, {}),
    )


def _value(settings: Mapping[str, Any], key: str, valid: Callable[[Any], Any], default: Any = None) -> Any:
    value = settings.get(key, default)
    if not valid(value):
        raise ValueError(key)
    return value


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _functions(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(name in catalogue.names() for name in value)


def _seeds(value: Any) -> bool:
    return isinstance(value, list) and all(type(seed) is int and seed >= 0 for seed in value)


def _options(value: Any) -> bool:
    scalars = (str, int, float)
    return isinstance(value, dict) and all(isinstance(option, scalars) for option in value.values())


def _tests(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(map(_test, value))


def _test(value: Any) -> bool:
    named = _options(value) and TEST_NAME.fullmatch(str(value.get("name")))
    return bool(named) and all(_text(value.get(key)) for key in ("name", *FILES))


def _planned(test: Mapping[str, Any]) -> PlannedTest:
    scoring = {key: value for key, value in test.items() if key not in ("name", *FILES)}
    return PlannedTest(test["src"], test["reference"], scoring)
