"""A comparison as Markdown, LaTeX (booktabs) and CSV, in the layout of the paper's Table 4."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

from ..base.catalogue import printed_name
from .attended import ANY_HEAD, HEADLINES, MEASURES, UNITS
from .metrics import by_signature, explain_arrow, held, metric
from .significance import OVER_SENTENCES, TESTS
from .text import reference_paths

COLUMNS = (
    "function",
    "measure",
    "kind",
    "layer",
    "head",
    "runs",
    "mean",
    "standard_error",
    "standard_deviation",
    "difference",
    "interval_low",
    "interval_high",
    *(f"p_{test}" for test in TESTS),
    "mark",
)
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "†": r"$\dagger$",
    "↓": r"$\downarrow$",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
}


@dataclass(frozen=True)
class Cell:
    """``mean ± spread`` with a mark; no mean where nothing was measured, no spread with one seed."""

    mean: Optional[float]
    spread: Optional[float] = None
    mark: str = ""

    def text(self) -> str:
        """Plain text.

        >>> Cell(29.2, 0.06, "**").text()
        '29.20 ± 0.06**'
        """
        if self.mean is None:
            return "-"
        spread = "" if self.spread is None else f" ± {self.spread:.2f}"
        return f"{self.mean:.2f}{spread}{self.mark}"


def table_rows(comparison: dict[str, Any]) -> Iterator[tuple[str, list[Cell]]]:
    """Heading and cells, one per function: the metrics, then what is attended to."""
    functions = comparison["functions"]
    for measure in held(comparison["signatures"]):
        scores = {name: summary["scores"][measure] for name, summary in functions.items()}
        marks = {name: found[measure]["mark"] for name, found in comparison["differences"].items()}
        values = ((name, score["mean"], score["standard_error"]) for name, score in scores.items())
        yield metric(measure).heading, [Cell(mean, error, marks.get(name, "")) for name, mean, error in values]
    if not any(summary["attended"] for summary in functions.values()):
        return
    for unit in UNITS:
        yield f"attended {unit} per head", _attended_cells(functions, unit, "std")
        union = _attended_cells(functions, f"{unit}{ANY_HEAD}", "std")
        if any(cell.mean is not None for cell in union):
            yield f"attended {unit}, any head", union
    yield "entropy (nats)", _attended_cells(functions, "entropy", "standard_error")


def _attended_cells(functions: dict[str, Any], figure: str, spread: str) -> list[Cell]:
    found = [(summary["attended"] or {}).get(figure) or {} for summary in functions.values()]
    return [Cell(values.get("mean"), values.get(spread)) for values in found]


def legend(comparison: dict[str, Any]) -> Iterator[str]:
    """The notes below a table, line by line: what was compared, how it was tested, what the marks mean."""
    reference, method, resampling = (comparison[key] for key in ("reference", "method", "resampling"))
    yield f"{reference['lines']} sentences against {_references(comparison)}."
    yield f"Scores: {method['mean']}. Attended: {method['attended']}."
    yield from _marks(comparison)
    yield (
        f"{method['sentences']} {resampling['samples']} bootstrap samples, {resampling['trials']} "
        f"randomisation trials, random seed {resampling['seed']}."
    )
    for signature, names in by_signature(comparison["signatures"]).items():
        yield f"{', '.join(names)}: {signature}."
    yield from explain_arrow(held(comparison["signatures"]))
    for note in comparison["notes"]:
        yield f"Note: {note}"


def explain_marks(comparison: dict[str, Any]) -> str:
    """The line of the `legend` that no table of marks can do without."""
    against = printed_name(comparison["against"])
    return (
        f"* and **: {against} is better with p < 0.05 and p < 0.01; † and ††: worse; not corrected for the "
        "number of tests."
    )


def _marks(comparison: dict[str, Any]) -> Iterator[str]:
    """The notes on the marks: what they mean, which test sets them, and what it leaves untested."""
    yield explain_marks(comparison)
    deciding: dict[str, dict[str, list]] = {}
    for name, metrics in comparison["differences"].items():
        for found in metrics.values():
            deciding.setdefault(found["test"], {})[name] = found["seeds"]
    for test, seeds in deciding.items():
        whose = "" if len(deciding) == 1 else f" of {', '.join(map(printed_name, seeds))}"
        one = ", for there is one" if all(len(shared) == 1 for shared in seeds.values()) else ""
        untested = f" Seeds are not tested{one}: others may give other marks."
        yield (
            f"The marks{whose} are those of one test, {test}: {comparison['method'][test]}."
            + (untested if test in OVER_SENTENCES else "")
        )


def _references(comparison: dict[str, Any]) -> str:
    """The paths of the references, and their language where the comparison holds the settings of its scores."""
    lang = comparison.get("settings", {}).get("lang")
    return reference_paths(comparison) + (f" (language: {lang})" if lang else "")


def to_markdown(comparison: dict[str, Any]) -> str:
    """Table 4, the differences with intervals and p-values, and the legend."""
    functions = comparison["functions"]
    lines = [_markdown_row("", *map(printed_name, functions)), "|---|" + "---:|" * len(functions)]
    lines += [_markdown_row(name, *(cell.text() for cell in row)) for name, row in table_rows(comparison)]
    lines.append(_markdown_row("seeds", *(_seeds(summary["seeds"]) for summary in functions.values())))
    if comparison["differences"]:
        against, method = printed_name(comparison["against"]), comparison["method"]
        p = (f"p ({test})" for test in TESTS)
        heads = ("difference", "95 % over sentences", *p, "95 % over seeds")
        lines += ["", _markdown_row(f"minus {against}", "", *heads), "|---|---|" + "---:|" * len(heads)]
        lines += [_markdown_row(*row) for row in _difference_rows(comparison)]
        lines += ["", "; ".join(f"{name}: {method[name]}" for name in (*TESTS, "interval")) + "."]
    for line in legend(comparison):
        lines += ["", _escape_markdown(line)]
    return "\n".join(lines) + "\n"


def to_latex(comparison: dict[str, Any]) -> str:
    """A ``table`` that needs ``\\usepackage{booktabs}``."""
    functions = comparison["functions"]
    heads = " & ".join(["", *(escape_latex(printed_name(name)) for name in functions)])
    lines = [r"\begin{table}", r"\centering", r"\begin{tabular}{l" + "c" * len(functions) + "}", r"\toprule"]
    lines += [heads + r" \\", r"\midrule"]
    for number, (heading, cells) in enumerate(table_rows(comparison)):
        if number == len(held(comparison["signatures"])):
            lines.append(r"\midrule")
        lines.append(" & ".join([escape_latex(heading), *map(_latex_cell, cells)]) + r" \\")
    caption = " ".join(escape_latex(line) for line in legend(comparison))
    lines += [r"\bottomrule", r"\end{tabular}", rf"\caption{{{caption}}}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def to_csv(comparison: dict[str, Any]) -> str:
    """One row per function and metric, then one per function, kind of attention, layer and head."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for name, summary in comparison["functions"].items():
        for measure in held(comparison["signatures"]):
            found = comparison["differences"].get(name, {}).get(measure)
            writer.writerow(_score_row(name, measure, summary["scores"][measure], found))
        if summary["attended"]:
            writer.writerows({"function": name, **row} for row in _attended_rows(summary["attended"]))
    return stream.getvalue()


def escape_latex(text: str) -> str:
    """Text whose special characters LaTeX prints.

    >>> escape_latex("R&D 5 %")
    'R\\\\&D 5 \\\\%'
    """
    return "".join(LATEX.get(character, character) for character in text)


def _latex_cell(cell: Cell) -> str:
    if cell.mean is None:
        return "--"
    spread = r" \pm " + f"{cell.spread:.2f}" if cell.spread is not None else ""
    mark = "^{" + cell.mark.replace("†", r"\dagger") + "}" if cell.mark else ""
    return f"${cell.mean:.2f}{spread}{mark}$"


def _markdown_row(*cells: str) -> str:
    return "| " + " | ".join(_escape_markdown(cell).replace("|", r"\|") for cell in cells) + " |"


def _escape_markdown(text: str) -> str:
    return text.replace("*", r"\*").replace("_", r"\_")


def _difference_rows(comparison: dict[str, Any]) -> Iterator[list[str]]:
    for name, metrics in comparison["differences"].items():
        for measure, found in metrics.items():
            p = [p_text(found["p"][test]) for test in TESTS]
            intervals = [_interval(found[key]) for key in ("interval", "interval_over_seeds")]
            gap = f"{found['difference']:+.2f}"
            yield [printed_name(name), metric(measure).heading, gap, intervals[0], *p, intervals[1]]


def _seeds(seeds: list) -> str:
    return ", ".join("-" if seed is None else str(seed) for seed in seeds)


def _interval(bounds: Optional[list[float]]) -> str:
    return "-" if bounds is None else f"{bounds[0]:+.2f} to {bounds[1]:+.2f}"


def p_text(p: Optional[float]) -> str:
    """A p-value with four digits; never zero.

    >>> p_text(0.03), p_text(1e-9), p_text(None)
    ('0.0300', '<0.0001', '-')
    """
    if p is None:
        return "-"
    return f"{p:.4f}" if p >= 0.00005 else "<0.0001"


def _score_row(name: str, measure: str, score: dict[str, Any], found: Optional[dict[str, Any]]) -> dict[str, Any]:
    row = {
        "function": name,
        "measure": measure,
        "runs": len(score["values"]),
        "mean": score["mean"],
        "standard_error": score["standard_error"],
    }
    if found:
        low, high = found["interval"] or (None, None)
        row.update(difference=found["difference"], interval_low=low, interval_high=high, mark=found["mark"])
        row.update({f"p_{test}": p for test, p in found["p"].items()})
    return row


def _attended_rows(attended: dict[str, Any]) -> Iterator[dict[str, Any]]:
    runs = attended["runs"]
    for figure in HEADLINES:
        if attended.get(figure):
            mean, deviation = attended[figure]["mean"], attended[figure]["std"]
            yield {"measure": figure, "runs": runs, "mean": mean, "standard_deviation": deviation}
    entropy = {key: attended["entropy"][key] for key in ("mean", "standard_error")}
    yield {"measure": "entropy", "runs": runs, **entropy}
    for kind, measures in attended["kinds"].items():
        for measure in MEASURES:
            means, errors = measures[measure]["mean"], measures[measure]["standard_error"]
            for layer, heads in enumerate(means):
                for head, mean in enumerate(heads):
                    error = errors[layer][head] if errors else None
                    yield {
                        "measure": measure,
                        "kind": kind,
                        "layer": layer,
                        "head": head,
                        "runs": measures["runs"],
                        "mean": mean,
                        "standard_error": error,
                    }
