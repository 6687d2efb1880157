"""Are these scores that can be compared? The one check of what `score --json` wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..archive import KINDS
from .attended import ANY_HEAD, MEASURES, UNITS
from .json_part import LARGEST, Damaged, Part
from .metrics import held, metric
from .text import FORMS


def check_scores(report: Any) -> None:
    """Everything that `compare` and `report` read is there, of its type, finite and in its range.

    Args:
        report: what the JSON file holds. Its signatures say which metrics; all systems must have these.

    Raises:
        Damaged: naming the part; of a sentence the system, the metric and the line.
    """
    root = Part(report, "the file")
    reference = root.key("reference")
    lines = reference.key("lines").whole(1)
    for key in ("path", "sha256"):
        reference.key(key).text()
    check_texts(root)
    for key in FORMS:
        root.key("settings").key(key).text()
    metrics = check_signatures(root)
    systems = root.key("systems")
    if not systems.parts("system"):
        raise systems.refuse("a list with a system")
    for system in systems.parts("system"):
        name = system.key("name").text()
        _check_system(Part(system.value, f"system {name!r}"), metrics, lines)


def check_signatures(root: Part) -> list[str]:
    """The metrics of a file, known or not, each with its signature.

    Raises:
        Damaged: there is none, or a signature is no text.
    """
    signatures = root.key("signatures")
    for _, signature in signatures.items():
        signature.text()
    if not held(signatures.value):
        raise signatures.refuse("the signature of a metric")
    return held(signatures.value)


def check_names(part: Part, metrics: Sequence[str]) -> None:
    """An object has these metrics and no other.

    Raises:
        Damaged: naming one too few or too many.
    """
    for name in metrics:
        part.key(name)
    for name, _ in part.items():
        if name not in metrics:
            raise Damaged(f"{part.name} has {name!r}, which has no signature")


def check_texts(root: Part) -> None:
    """What scores and comparisons say of their settings, their further references and their language, if anything.

    Raises:
        Damaged: naming the part.
    """
    settings, references, language = map(root.optional, ("settings", "further_references", "language"))
    for _, setting in settings.items() if settings is not None else ():
        if not (setting.value is None or isinstance(setting.value, (str, int, float, list))):
            raise setting.refuse("a text, a number, a list, true or false")
    for reference in references.parts("reference") if references is not None else ():
        for key in ("path", "sha256"):
            reference.key(key).text()
    for said in map(language.optional, ("code", "said_by", "source")) if language is not None else ():
        if said is not None:
            said.text()


def _check_system(system: Part, metrics: Sequence[str], lines: int) -> None:
    system.key("hypothesis").key("sha256").text()
    function, seed = system.optional("function"), system.optional("seed")
    if function is not None:
        function.text()
    if seed is not None:
        seed.whole()
    for key in ("scores", "sentence_scores"):
        check_names(system.key(key), metrics)
    for name in metrics:
        row = metric(name)
        part = f"{system.name}: {row.printed_name}"
        Part(system.value["scores"][name], part).number(*row.bounds)
        Part(system.value["sentence_scores"][name], part).numbers("line", lines, *row.bounds)
    for name, details in system.key("details").items():
        _check_statistics(name, details, lines)
    attention = system.optional("attention")
    functions = attention and attention.optional("functions")
    cross = functions and functions.optional("cross")
    if cross is not None:
        cross.text()
    attended = system.optional("attended")
    if attended is not None:
        _check_attended(attended, lines)


def _check_statistics(name: str, details: Part, lines: int) -> None:
    statistics = details.optional("sentence_statistics")
    if statistics is not None:
        rows = statistics.parts("line", lines)
        width = metric(name).statistics or len(rows[0].parts("number"))
        for row in rows:
            row.numbers("number", width, 0, LARGEST)


def _check_attended(attended: Part, lines: int) -> None:
    attended.key("target_tokens").whole(1)
    for unit in UNITS:
        for spread in (attended.key(unit), attended.optional(f"{unit}{ANY_HEAD}")):
            if spread is not None:
                for figure in ("mean", "std"):
                    spread.key(figure).number(0, LARGEST)
        attended.key(f"sentence_{unit}").numbers("line", lines, 0, LARGEST)
    kinds = attended.key("kinds")
    kinds.key("cross")
    for kind in KINDS:
        tables = kinds.optional(kind)
        for table in map(tables.key, MEASURES) if tables is not None else ():
            table.table(low=-1)  # rounding of half precision can take an entropy below 0
