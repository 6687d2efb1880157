"""The parts of the page that are plain HTML; everything that comes from files is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Optional

import numpy as np

from ...base.catalogue import printed_name
from ...evaluation.comparison_table import Cell, explain_marks, legend, p_text, table_rows
from ...evaluation.metrics import metric
from ...evaluation.significance import TESTS
from ...sweep.folder import Sweep
from ...sweep.missing import Missing
from ...sweep.testset import TestSet
from ..html_page import folded, table
from .sentences import mark_differences

escape = html.escape

HOW = "How these figures were made"


def score_tables(tests: Sequence[TestSet]) -> str:
    """Table 4 for each test set, with differences and p-values; the legends are folded, but for what the marks mean.

    What all legends say comes once, last.
    """
    compared = [test.comparison for test in tests if test.comparison]
    marks = list(dict.fromkeys(map(explain_marks, compared)))
    legends = {id(found): [line for line in legend(found) if line not in marks] for found in compared}
    shared = [line for line in next(iter(legends.values()), []) if all(line in lines for lines in legends.values())]
    if len(compared) == 1:
        shared = []
    parts = []
    for place, test in enumerate(tests, 1):
        own = [line for line in legends.get(id(test.comparison), []) if line not in shared]
        parts += [f"<h3>{escape(test.name)}</h3>", _score_table(test)]
        parts += [f'<p class="legend">{escape(line)}</p>' for line in marks if place == len(tests)]
        parts += [_differences(test), folded(f"{HOW}: {test.name}" if shared else HOW, own)]
    return "\n".join([*parts, folded(f"{HOW}: all test sets", shared)])


def _score_table(test: TestSet) -> str:
    if test.comparison is None:
        return "<p>No run is scored on this test set yet.</p>"
    functions = test.comparison["functions"]
    rows = [[heading, *map(_cell, cells)] for heading, cells in table_rows(test.comparison)]
    seeds = [_seeds(summary["seeds"]) for summary in functions.values()]
    return table(test.name, ["", *map(printed_name, functions)], [*rows, ["seeds", *seeds]])


def _seeds(seeds: Sequence[Optional[int]]) -> str:
    return ", ".join("–" if seed is None else str(int(seed)) for seed in seeds)


def _cell(cell: Cell) -> str:
    if cell.mean is None:
        return "–"
    mark = f"<sup>{escape(cell.mark)}</sup>"
    if cell.spread is None:
        return f"{cell.mean:.2f}{mark}"
    return f'{cell.mean:.2f} <span class="spread">± {cell.spread:.2f}{mark}</span>'


def _differences(test: TestSet) -> str:
    comparison = test.comparison
    if comparison is None or not comparison["differences"]:
        return ""
    against, method = printed_name(comparison["against"]), comparison["method"]
    heads = ["function", "metric", "difference", "95 % over sentences", *(f"p ({name})" for name in TESTS)]
    rows = [
        [
            escape(printed_name(function)),
            escape(metric(measure).heading),
            f"{found['difference']:+.2f}",
            _interval(found["interval"]),
            *(escape(p_text(found["p"][name])) for name in TESTS),
        ]
        for function, metrics in comparison["differences"].items()
        for measure, found in metrics.items()
    ]
    what = "; ".join(f"{key}: {method[key]}" for key in (*TESTS, "interval"))
    differences = table(f"{test.name}, minus {against}", heads, rows)
    summary = f"Differences from {escape(against)}, with p-values"
    return f'<details><summary>{summary}</summary>\n{differences}\n<p class="legend">{escape(what)}.</p></details>'


def _interval(bounds: Optional[Sequence[float]]) -> str:
    return "–" if bounds is None else f"{bounds[0]:+.2f} to {bounds[1]:+.2f}"


def missing_list(parts: Sequence[Missing], continuation: Missing) -> str:
    """A folded list of what the sweep lacks: the command that makes all of it, then one for each part."""
    if not parts:
        return ""
    lines = "".join(f"<li>{_missing(part)}</li>\n" for part in parts)
    count = "1 part is missing" if len(parts) == 1 else f"{len(parts)} parts are missing"
    everything = f"<p>{_missing(continuation)}</p>"
    summary = f"<summary>{count}</summary>"
    return f'<details class="missing">{summary}\n{everything}\n<ul>\n{lines}</ul></details>'


def _missing(part: Missing) -> str:
    return escape(part.text) + (f" <code>{escape(part.command)}</code>" if part.command else "")


def example_list(
    test: TestSet,
    title: str,
    numbers: Sequence[int],
    differences: np.ndarray,
    pair: tuple[str, str],
    carried: set[int],
) -> str:
    """Sentences with both translations, marked where they differ; a button opens the ``carried`` ones."""
    cards = "\n".join(_example(test, number, differences[number], pair, number in carried) for number in numbers)
    empty = "<p>None.</p>"
    return f"<h4>{escape(title)}</h4>\n" + (f'<ol class="examples">\n{cards}\n</ol>' if cards else empty)


def _example(test: TestSet, number: int, difference: float, pair: tuple[str, str], carried: bool) -> str:
    texts = [("source", test.sources), ("reference", test.references)]
    lines = [(name, "", escape(lines[number])) for name, lines in texts if lines is not None]
    one, other = (test.shown.get(name) for name in pair)
    if one and other and one.hypotheses is not None and other.hypotheses is not None:
        first, second = one.hypotheses[number], other.hypotheses[number]
        lines.append((printed_name(pair[0]), _bleu(one.bleu, number), mark_differences(first, second)))
        lines.append((printed_name(pair[1]), _bleu(other.bleu, number), mark_differences(second, first)))
    items = "\n".join(f"<dt>{escape(name)}{score}</dt><dd>{text or '(empty)'}</dd>" for name, score, text in lines)
    button = (
        f'<button type="button" class="open" data-test="{escape(test.name)}" data-sentence="{number}">'
        f'Show attention<span class="hidden-text"> of sentence {number}</span></button>'
        if carried
        else ""
    )
    head = f'<p class="head"><strong>{difference:+.1f} BLEU</strong> <span>sentence {number}</span>{button}</p>'
    return f"<li>{head}\n<dl>\n{items}\n</dl></li>"


def _bleu(scores: Optional[np.ndarray], number: int) -> str:
    return "" if scores is None else f' <span class="spread">BLEU {scores[number]:.1f}</span>'


def configuration(sweep: Sweep) -> str:
    """The settings as they ran, and the versions."""
    settings = "<p>No settings.yaml.</p>"
    if sweep.settings is not None:
        frame = '<pre class="frame" role="region" tabindex="0" aria-label="settings.yaml">'
        settings = f"{frame}{escape(sweep.settings)}</pre>"
    rows = [[escape(str(name)), escape(str(version))] for name, version in (sweep.versions or {}).items()]
    versions = table("versions", ["package", "version"], rows) if rows else "<p>No versions.json.</p>"
    return f"<h3>Settings</h3>\n{settings}\n<h3>Versions</h3>\n{versions}"
