"""The page: every part of the report in one HTML file that loads nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ...archive.panel import View
from ...base.catalogue import printed_name
from ...base.files import PathLike, atomic_write
from ...sweep.folder import Sweep
from ...sweep.missing import Missing, continuation, missing_files
from ...sweep.settings import AGAINST
from ...sweep.testset import TestSet
from ..html_page import fill, render, script_json
from ..viewer import describe_sentence, describe_test, viewer_data
from ..weights import encode_sentence, weight_scripts
from . import markup
from .attended import attended_kinds
from .colours import own_colours
from .curves import learning_curves
from .sentences import bleu_differences, extremes, page_order

HERE = Path(__file__).parent
SCRIPTS = ("curves.js", "attended.js")
PAIR = (AGAINST, "softmax")
"""The functions whose sentences are compared."""

MARKUP = 350
"""Bytes that a sentence adds besides its weights, at most: a script element, a button among the examples."""

PATIENCE = 5
"""How many sentences may be too large before the page counts as full: one long sentence is no reason."""


@dataclass(frozen=True)
class Limits:
    """How much the page holds.

    Attributes:
        megabytes: of the whole file, at most (10^6 bytes); the parts other than attention always go in.
        sentences: of each test set in the viewer, at most; None: as many as there is room for.
        examples: best and worst sentences of each test set.
    """

    megabytes: float = 25
    sentences: Optional[int] = None
    examples: int = 10


@dataclass(frozen=True)
class Content:
    """What the page holds of one test set: the largest differences, and sentences' attention."""

    test: TestSet
    differences: Optional[np.ndarray]
    best: list[int]
    worst: list[int]
    weights: dict[int, str]


def write_page(
    sweep: Sweep,
    tests: Sequence[TestSet],
    path: PathLike,
    limits: Limits,
    progress: Callable[[str], None] = lambda text: None,
) -> tuple[int, dict[str, int]]:
    """Write the page; the same folder gives the same bytes.

    Returns:
        its size in bytes, and how many sentences of each test set have their attention in it.

    Raises:
        InputError: a log or an archive is damaged.
    """
    contents = [_content(test, limits) for test in tests]
    curves = learning_curves(sweep)
    room = limits.megabytes * 1e6 - len(_render(sweep, contents, *curves).encode("utf-8"))
    _fill(contents, limits, room, progress)
    page = _render(sweep, contents, *curves).encode("utf-8")
    with atomic_write(path, "wb") as stream:
        stream.write(page)
    return len(page), {content.test.name: len(content.weights) for content in contents}


def _content(test: TestSet, limits: Limits) -> Content:
    differences = bleu_differences(test.groups, *PAIR)
    best, worst = ([], []) if differences is None else extremes(differences, limits.examples)
    return Content(test, differences, best, worst, {})


def _fill(contents: Sequence[Content], limits: Limits, room: float, progress: Callable[[str], None]) -> None:
    """Add sentences, one of each test set in turn, until `PATIENCE` of them did not fit.

    Best and worst sentences go first, in turn; then evenly spaced ones.
    """
    too_large = 0
    for content, number in _turns([content for content in contents if content.test.models], limits):
        code = encode_sentence(list(content.test.models.values()), number)
        text = script_json(_sentence(content.test, number))
        size = len(code) + len(text.encode("utf-8")) + MARKUP + 3 * len(content.test.name)
        if size <= room:
            room -= size
            content.weights[number] = code
            progress(f"{content.test.name}: attention of {len(content.weights)} sentences")
        else:
            too_large += 1
            if too_large == PATIENCE:
                return


def _turns(contents: Sequence[Content], limits: Limits) -> Iterator[tuple[Content, int]]:
    """One sentence of each test set, then the next of each."""
    for turn in zip_longest(*(_order(content, limits) for content in contents)):
        yield from ((content, number) for content, number in zip(contents, turn) if number is not None)


def _order(content: Content, limits: Limits) -> Iterator[int]:
    """Which sentences go in, first things first; at most ``limits.sentences``."""
    longest = max(len(content.best), len(content.worst))
    first = [
        numbers[place] for place in range(longest) for numbers in (content.best, content.worst) if place < len(numbers)
    ]
    return islice(page_order(content.test.size, first), limits.sentences)


def _render(sweep: Sweep, contents: Sequence[Content], curves: dict[str, Any], missing: Sequence[Missing]) -> str:
    functions = sweep.described
    data = {
        "names": {name: function.printed_name for name, function in functions.items()},
        "dashes": {name: function.line.dash for name, function in functions.items()},
        "curves": curves,
        "attended": {content.test.name: attended_kinds(content.test) for content in contents},
        **viewer_data([_test_data(content) for content in contents], View()),
    }
    title = f"{sweep.path.resolve().name}: attention functions compared"
    parts = {
        "TITLE": markup.escape(title),
        "SUMMARY": markup.escape(_summary(sweep, contents)),
        "TABLES": markup.score_tables([content.test for content in contents]),
        "MISSING": markup.missing_list(_all_missing(sweep, contents, missing), continuation(sweep)),
        "CARRIED": "\n".join(_carried(content) for content in contents),
        "EXAMPLES": "\n".join(_examples(content) for content in contents),
        "CONFIGURATION": markup.configuration(sweep),
        "WEIGHTS": "\n".join(weight_scripts(content.test.name, content.weights) for content in contents),
    }
    body = fill(HERE / "page.html", parts)
    return render(
        title, body, data, [HERE / name for name in SCRIPTS], [HERE / "style.css"], own_colours(functions.values())
    )


def _summary(sweep: Sweep, contents: Sequence[Content]) -> str:
    seeds = sweep.seeds
    functions = ", ".join(map(printed_name, sweep.functions))
    begun, wanted = len(sweep.runs), len(sweep.wanted)
    unfinished = f" Only {begun} of {wanted} runs have begun." if begun < wanted else ""
    tests = ", ".join(f"{content.test.name} ({content.test.size} sentences)" for content in contents)
    return (
        f"Translation models that differ in what turns attention scores into weights: {functions}; "
        f"trained with {len(seeds)} random seed{'s' * (len(seeds) > 1)} "
        f"({', '.join(map(str, seeds))}), tested on {tests or 'nothing yet'}.{unfinished}"
    )


def _all_missing(sweep: Sweep, contents: Sequence[Content], curves: Sequence[Missing]) -> list[Missing]:
    parts = [*missing_files(sweep), *curves]
    for content in contents:
        parts += content.test.missing
    if not contents:
        parts.append(Missing("No test set is translated (yet)."))
    return parts


def _test_data(content: Content) -> dict[str, Any]:
    test = content.test
    return describe_test(test.name, test.models, [_sentence(test, number) for number in sorted(content.weights)])


def _sentence(test: TestSet, number: int) -> dict[str, Any]:
    shown = [test.shown[name] for name in test.models]
    assert test.sources is not None  # archives hold the source, and the hypotheses
    return describe_sentence(
        number,
        test.sources[number],
        None if test.references is None else test.references[number],
        [one.hypotheses[number] for one in shown if one.hypotheses is not None],
        [None if one.bleu is None else one.bleu[number] for one in shown],
    )


def _carried(content: Content) -> str:
    """How many sentences are in the page, and how to see the others."""
    test = content.test
    name = markup.escape(test.name)
    if not test.models:
        return f"<p>{name}: no attention archive of seed {test.seed}.</p>"
    held = f"{len(content.weights)} of {test.size} sentences are in this page (seed {test.seed})"
    line = f"<p>{name}: {held}.</p>"
    if len(content.weights) == test.size:
        return line
    archives = " ".join(str(model.archive.path) for model in test.models.values())
    command = f"onmt_evsoftmax heatmap {archives} --sentences 0-19 --out heatmap.html"
    summary = f"<summary>How to see the others of {name}</summary>"
    return f"{line}\n<details>{summary}<code>{markup.escape(command)}</code></details>"


def _examples(content: Content) -> str:
    name = markup.escape(content.test.name)
    one, other = map(printed_name, PAIR)
    if content.differences is None:
        why = f"{one} and {other} have no seed in common that is scored with BLEU (yet)."
        return f"<h3>{name}</h3>\n<p>{markup.escape(why)}</p>"
    parts = [
        markup.example_list(content.test, title, numbers, content.differences, PAIR, set(content.weights))
        for title, numbers in (
            (f"{one} gains most", content.best),
            (f"{one} loses most", content.worst),
        )
    ]
    return f"<h3>{name}</h3>\n" + "\n".join(parts)
