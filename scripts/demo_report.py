"""The page that `scripts.demo` leaves behind: scores, a heat map, translations, and how they were made."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

from onmt_evsoftmax.base.catalogue import printed_name
from onmt_evsoftmax.base.files import atomic_write, read_lines
from onmt_evsoftmax.evaluation.metrics import by_signature, held, metric
from onmt_evsoftmax.evaluation.report import read_report
from onmt_evsoftmax.evaluation.text import load_text

EXAMPLES = 12

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>onmt_evsoftmax: demo</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0; }}
th, td {{ padding: .3rem .7rem; text-align: right; border-bottom: 1px solid #8886; }}
th:first-child, td:first-child {{ text-align: left; }}
th {{ vertical-align: bottom; }}
table:not(.text) td:first-child {{ white-space: nowrap; }}
.text th, .text td {{ text-align: left; vertical-align: top; min-width: 11rem; }}
figure {{ margin: 1rem 0; overflow-x: auto; background: #fff; border-radius: 6px; }}
figure svg {{ max-width: 100%; height: auto; }}
small {{ opacity: .75; }}
</style>
</head>
<body>
<h1>Ev-softmax attention on the embedded corpus</h1>
<p>One softmax model, fine-tuned for the same number of steps with softmax and with ev-softmax attention, then
scored on {lines} held-out sentences.</p>
{scores}
<p><small>{signatures}</small></p>
<h2>Cross-attention of the last decoder layer</h2>
<p>Every layer and head of {pages} sentences: <a href="{page}">{page}</a>.</p>
<figure>{picture}</figure>
<h2>Translations</h2>
{examples}
<h2>Versions</h2>
<p><small>{versions}</small></p>
</body>
</html>
"""


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
    """Write the page, with the picture inside and a link to the interactive one.

    Args:
        path: the page to write.
        scores: JSON of ``onmt_evsoftmax score``, one system per hypothesis file.
        picture: a heat map as SVG.
        page: the interactive heat map, in the same folder.
        source: source pieces.
        reference: raw references.
        hypotheses: hypothesis pieces, one file per system, named after their functions.
        pages: how many sentences the interactive heat map holds.
    """
    report = read_report(scores)
    with atomic_write(path) as stream:
        stream.write(
            PAGE.format(
                lines=report["reference"]["lines"],
                scores=_scores_table(report),
                signatures=_signatures(report),
                page=html.escape(page.name),
                pages=pages,
                picture=_inline(picture),
                examples=_examples_table(source, reference, hypotheses),
                versions=html.escape(", ".join(f"{name} {version}" for name, version in report["versions"].items())),
            )
        )
    return path


def _inline(picture: Path) -> str:
    """The svg element of a file, without the XML declaration that HTML does not allow."""
    return re.sub(r"^.*?(?=<svg)", "", picture.read_text(encoding="utf-8"), flags=re.DOTALL)


def _signatures(report: dict) -> str:
    """One line for each way of scoring, with the metrics that are scored so."""
    signatures = report["signatures"]
    lines = [f"{', '.join(names)}: {signature}" for signature, names in by_signature(signatures).items()]
    return "<br>".join(map(html.escape, [*lines, f"attended: {signatures['attended']}"]))


def _scores_table(report: dict) -> str:
    metrics = held(report["signatures"])
    rows = [
        [
            "function",
            *(metric(name).heading for name in metrics),
            "attended words per head",
            "attended positions per head",
        ]
    ]
    for system in report["systems"]:
        attended = [
            f"{system['attended'][unit]['mean']:.2f} ± {system['attended'][unit]['std']:.2f}"
            for unit in ("words", "positions")
        ]
        scores = [f"{system['scores'][name]:.2f}" for name in metrics]
        rows.append([printed_name(system["name"]), *scores, *attended])
    return _table(rows)


def _examples_table(source: Path, reference: Path, hypotheses: Sequence[Path]) -> str:
    columns = [
        load_text(source, segmentation="bpe", tokenization="moses", lang="en").sentences,
        read_lines(reference),
    ]
    columns += [load_text(path, segmentation="bpe", tokenization="moses", lang="de").sentences for path in hypotheses]
    rows = [["source", "reference", *(printed_name(path.stem) for path in hypotheses)]]
    return _table(rows + [list(row) for row in zip(*columns)][:EXAMPLES], "text")


def _table(rows: Sequence[Sequence[str]], style: str = "") -> str:
    head, *body = ([html.escape(cell) for cell in row] for row in rows)
    lines = ["<tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body]
    return f'<table class="{style}">\n' + "\n".join(lines) + "\n</table>"
