"""The page that `scripts.demo` leaves behind: scores, translations with their attention, and how they were made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View
from onmt_evsoftmax.base.catalogue import printed_name
from onmt_evsoftmax.base.files import atomic_write, read_lines
from onmt_evsoftmax.evaluation.metrics import held, metric
from onmt_evsoftmax.evaluation.report import legend, read_report
from onmt_evsoftmax.evaluation.text import load_text
from onmt_evsoftmax.pages.html_page import fill, folded, render, table
from onmt_evsoftmax.pages.viewer import describe_sentence, describe_test, viewer_data
from onmt_evsoftmax.pages.weights import encode_sentence, weight_scripts

TITLE = "Ev-softmax attention on the embedded corpus"


def write_report(
    path: Path,
    scores: Path,
    picture: Path,
    page: Path,
    source: Path,
    reference: Path,
    hypotheses: Sequence[Path],
    pages: int,
) -> Path:
    """Write the page, with a viewer of the attention, and a link to that as a page of its own.

    Args:
        path: the page to write.
        scores: JSON of ``onmt_evsoftmax score``, one system per hypothesis file.
        picture: a heat map as SVG, for browsers without JavaScript.
        page: the interactive heat map, in the same folder.
        source: source pieces.
        reference: raw references.
        hypotheses: hypothesis pieces, one file per system, each beside its archive of the same name.
        pages: how many sentences the viewer holds.
    """
    report = read_report(scores)
    models = {file.stem: model for file, model in zip(hypotheses, open_models([*map(_archive, hypotheses)]))}
    codes = {number: encode_sentence([*models.values()], number) for number in range(pages)}
    texts = _texts(report, source, reference, hypotheses)[:pages]
    parts = {
        "TITLE": escape(TITLE),
        "LINES": str(report["reference"]["lines"]),
        "SCORES": _scores_table(report) + folded("How these figures were made", list(legend(report))),
        "SENTENCES": str(pages),
        "PAGE": escape(page.name),
        "PICTURE": _inline(picture),
        "VERSIONS": escape(", ".join(f"{name} {version}" for name, version in report["versions"].items())),
        "WEIGHTS": weight_scripts("", codes),
    }
    data = viewer_data([describe_test("", models, texts)], View(merge_subwords=True))
    text = render(TITLE, fill(Path(__file__).with_suffix(".html"), parts), data)
    with atomic_write(path) as stream:
        stream.write(text)
    return path


def _archive(hypothesis: Path) -> Path:
    return hypothesis.with_suffix(".npz")


def _inline(picture: Path) -> str:
    """The svg element of a file, without the XML declaration that HTML does not allow."""
    return re.sub(r"^.*?(?=<svg)", "", picture.read_text(encoding="utf-8"), flags=re.DOTALL)


def _scores_table(report: dict[str, Any]) -> str:
    metrics = held(report["signatures"])
    rows = []
    for system in report["systems"]:
        spreads = [system["attended"][unit] for unit in ("words", "positions")]
        attended = [f"{spread['mean']:.2f} ± {spread['std']:.2f}" for spread in spreads]
        scores = [f"{system['scores'][name]:.2f}" for name in metrics]
        rows.append([escape(printed_name(system["name"])), *scores, *attended])
    heads = [
        "function",
        *(metric(name).heading for name in metrics),
        "attended words per head",
        "attended positions per head",
    ]
    return table("scores", heads, rows)


def _texts(report: dict[str, Any], source: Path, reference: Path, hypotheses: Sequence[Path]) -> list[dict[str, Any]]:
    """What the viewer says of each sentence."""
    source_texts = load_text(source, segmentation="bpe", tokenization="moses", lang="en").sentences
    texts = [load_text(file, segmentation="bpe", tokenization="moses", lang="de").sentences for file in hypotheses]
    bleu = [system["sentence_scores"]["bleu"] for system in report["systems"]]
    lines = zip(source_texts, read_lines(reference), zip(*texts), zip(*bleu))
    return [describe_sentence(number, *line) for number, line in enumerate(lines)]
