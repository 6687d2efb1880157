"""Reading back the JSON that ``compare --out`` wrote, of this version and of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from ..base.documents import read_json
from ..base.errors import InputError
from .attended import ANY_HEAD, HEADLINES, MEASURES
from .comparison import FORMAT, METHOD, VERSION, mark
from .json_part import LARGEST, Damaged, Part
from .metrics import metric
from .score_check import check_names, check_signatures, check_texts
from .significance import OVER_SENTENCES, TESTS, joint_p

KEYS = (
    "against",
    "test",
    "resampling",
    "method",
    "functions",
    "differences",
    "reference",
    "signatures",
    "notes",
)
"""The keys that a table and its legend need."""

UPGRADED = (
    "The marks were those of randomisation over sentences when this was written; they and p (joint) were "
    "computed later, from the differences of the seeds and the intervals in this file."
)


def read_comparison(path: Path) -> dict[str, Any]:
    """Read a comparison; its metrics are those of its signatures, the marks of an older one become the joint test's.

    Raises:
        InputError: it is damaged, or something else.
    """
    again = "make it again with: onmt_evsoftmax compare, or remove it"
    comparison = read_json(path, again, finite=False)  # NaN is for `_check`, which names the part
    known = isinstance(comparison, dict) and (comparison.get("format"), comparison.get("version"))
    if known not in [(FORMAT, version) for version in (1, VERSION)]:
        raise InputError(
            f"{path}: not a comparison of version {VERSION}, as belongs there for a test set called "
            f"{path.stem}; make it again with: onmt_evsoftmax compare, or give the test set another name"
        )
    absent = [key for key in KEYS if key not in comparison]
    if absent:
        raise InputError(f"{path}: lacks {', '.join(absent)}; {again}")
    try:
        _check(Part(comparison, "the file"))
        return comparison if comparison["version"] == VERSION else _upgrade(comparison)
    except Damaged as error:
        raise InputError(f"{path}: damaged: {error}; {again}") from None


def _upgrade(comparison: dict[str, Any]) -> dict[str, Any]:
    """A file of version 1 with the joint test added, from the scores of its seeds and its intervals."""
    comparison = {**comparison, "version": VERSION, "method": {**METHOD, **comparison["method"]}}
    comparison["method"]["attended"] = METHOD["attended"]
    functions, replaced = comparison["functions"], comparison["test"] == OVER_SENTENCES[0]
    against = functions[comparison["against"]]
    if replaced:
        comparison["test"] = TESTS[0]
    for name, metrics in comparison["differences"].items():
        for measure, found in metrics.items():
            system, reference = (
                dict(zip(summary["seeds"], summary["scores"][measure]["values"]))
                for summary in (functions[name], against)
            )
            gaps = [system[seed] - reference[seed] for seed in found["seeds"]]
            found["p"]["joint"] = found["interval"] and joint_p(gaps, found["interval"])
            several = replaced and len(gaps) > 1
            found["test"] = TESTS[0] if several else OVER_SENTENCES[0] if replaced else comparison["test"]
            found["mark"] = mark(found["difference"], found["p"][found["test"]], metric(measure).higher_is_better)
            if several and UPGRADED not in comparison["notes"]:
                comparison["notes"] = [*comparison["notes"], UPGRADED]
    return comparison


def _check(root: Part) -> None:
    for key in ("against", "test"):
        root.key(key).text()
    if root.value["test"] not in TESTS:
        raise root.key("test").refuse(f"one of {', '.join(TESTS)}")
    for _, text in root.key("method").items():
        text.text()
    for key in ("mean", "attended", "sentences", "interval", *(test for test in TESTS if test != "joint")):
        root.key("method").key(key)
    for key in ("samples", "trials", "seed"):
        root.key("resampling").key(key).whole(1)
    for note in root.key("notes").parts("note"):
        note.text()
    root.key("reference").key("lines").whole(1)
    root.key("reference").key("path").text()
    check_texts(root)
    metrics = check_signatures(root)
    seeds = {name: _check_function(function, metrics) for name, function in root.key("functions").items()}
    if root.value["against"] not in seeds:
        raise root.key("against").refuse(f"one of {', '.join(seeds)}")
    for name, difference in root.key("differences").items():
        if name not in seeds:
            raise Damaged(f"{difference.name} is of no function in the file")
        check_names(difference, metrics)
        shared = set(seeds[name]) & set(seeds[root.value["against"]])
        for measure in metrics:
            _check_difference(difference.key(measure), measure, shared, root.value["version"])


def _check_seeds(seeds: Part) -> list:
    found = [None if seed.value is None else seed.whole() for seed in seeds.parts("run")]
    if not found or len(set(found)) != len(found):
        raise seeds.refuse("a list of different seeds")
    return found


def _check_function(function: Part, metrics: Sequence[str]) -> list:
    """Check the summary of a function; returns its seeds."""
    seeds = _check_seeds(function.key("seeds"))
    check_names(function.key("scores"), metrics)
    for measure in metrics:
        score, bounds = function.key("scores").key(measure), metric(measure).bounds
        score.key("mean").number(*bounds)
        score.key("values").numbers("seed", len(seeds), *bounds)
        _check_optional_number(score, "standard_error", 0, LARGEST)
    attended = _optional(function, "attended")
    if attended is not None:
        _check_attended(attended)
    return seeds


def _check_attended(attended: Part) -> None:
    attended.key("runs").whole(1)
    for figure in HEADLINES:
        spread = attended.optional(figure) if figure.endswith(ANY_HEAD) else attended.key(figure)
        for number in map(spread.key, ("mean", "std")) if spread is not None else ():
            number.number(0, LARGEST)
    attended.key("entropy").key("mean").number(-1, LARGEST)
    _check_optional_number(attended.key("entropy"), "standard_error", 0, LARGEST)
    for _, kind in attended.key("kinds").items():
        kind.key("runs").whole(1)
        for measure in MEASURES:
            means = kind.key(measure).key("mean").table(low=-1)
            errors = _optional(kind.key(measure), "standard_error")
            if errors is not None and [len(row) for row in errors.table()] != [len(row) for row in means]:
                raise errors.refuse("a table like that of the means")


def _check_optional_number(part: Part, key: str, low: float, high: float) -> None:
    found = _optional(part, key)
    if found is not None:
        found.number(low, high)


def _optional(part: Part, key: str) -> Optional[Part]:
    """A value that may be absent; the object then gets it as null, so that readers find every key."""
    found = part.optional(key)
    if found is None:
        part.value[key] = None
    return found


def _check_difference(found: Part, measure: str, shared: set, version: int) -> None:
    if not set(_check_seeds(found.key("seeds"))) <= shared:
        raise found.key("seeds").refuse("seeds that both functions have")
    low, high = metric(measure).bounds
    found.key("difference").number(low - high, high - low)
    for key in ("interval", "interval_over_seeds"):
        bounds = _optional(found, key)
        if bounds is not None:
            bounds.numbers("end", 2)
    for test in TESTS if version == VERSION else TESTS[1:]:
        _check_optional_number(found.key("p"), test, 0, 1)
    if version == VERSION and found.key("test").text() not in TESTS:
        raise found.key("test").refuse(f"one of {', '.join(TESTS)}")
    if found.key("mark").text().strip("*†"):
        raise found.key("mark").refuse("*, **, †, †† or nothing")
