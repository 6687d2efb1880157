"""Are these scores that can be compared? The one check of what `score --json` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..archive import KINDS
from .attended import ANY_HEAD, MEASURES, UNITS
from .json_part import LARGEST, Part

HIGHEST = 100 + 1e-6
"""Every metric goes from 0 to 100; a perfect BLEU is 100.00000000000004."""

STATISTICS = {"bleu": 10, "chrf": 18}
"""Numbers per sentence: two lengths, four matches and four totals; three counts for each of six orders."""

FORM = [f"{side}_{unit}" for side in ("hyp", "ref") for unit in ("segmentation", "tokenization")]


def check_scores(report: Any, metrics: Mapping[str, str]) -> None:
    """Everything that `compare` and `report` read is there, of its type, finite and in its range.

    Args:
        report: what the JSON file holds.
        metrics: metric -> its printed name, of all that a report must have.

    Raises:
        Damaged: naming the part; of a sentence the system, the metric and the line.
    """
    root = Part(report, "the file")
    reference = root.key("reference")
    lines = reference.key("lines").whole(1)
    for key in ("path", "sha256"):
        reference.key(key).text()
    check_texts(root)
    for key in FORM:
        root.key("settings").key(key).text()
    signatures = root.key("signatures")
    for key in metrics:
        signatures.key(key).text()
    systems = root.key("systems")
    if not systems.parts("system"):
        raise systems.refuse("a list with a system")
    for system in systems.parts("system"):
        name = system.key("name").text()
        _check_system(Part(system.value, f"system {name!r}"), metrics, lines)


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
    for key in ("code", "said_by", "source") if language is not None else ():
        said = language.optional(key)
        if said is not None:
            said.text()


def _check_system(system: Part, metrics: Mapping[str, str], lines: int) -> None:
    system.key("hypothesis").key("sha256").text()
    function, seed = system.optional("function"), system.optional("seed")
    if function is not None:
        function.text()
    if seed is not None:
        seed.whole()
    for metric, printed in metrics.items():
        score = system.key("scores").key(metric)
        Part(score.value, f"{system.name}: {printed}").number(0, HIGHEST)
        sentences = system.key("sentence_scores").key(metric)
        Part(sentences.value, f"{system.name}: {printed}").numbers("line", lines, 0, HIGHEST)
    for metric, details in system.key("details").items():
        _check_statistics(metric, details, lines)
    attention = system.optional("attention")
    functions = attention and attention.optional("functions")
    cross = functions and functions.optional("cross")
    if cross is not None:
        cross.text()
    attended = system.optional("attended")
    if attended is not None:
        _check_attended(attended, lines)


def _check_statistics(metric: str, details: Part, lines: int) -> None:
    statistics = details.optional("sentence_statistics")
    if statistics is not None:
        rows = statistics.parts("line", lines)
        width = STATISTICS.get(metric, len(rows[0].parts("number")))
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
        for measure in MEASURES if tables is not None else ():
            tables.key(measure).table(low=-1)  # rounding of half precision can take an entropy below 0
