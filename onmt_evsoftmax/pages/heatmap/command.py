"""``onmt_evsoftmax heatmap``: pictures and an interactive page of attention archives."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ...base.errors import InputError
from ...base.files import check_writable

if TYPE_CHECKING:
    from ...archive.models import Model
    from ...archive.panel import View

FIGURES = (".png", ".svg", ".pdf")
SENTENCES_ON_A_PAGE = 20
LARGE_PAGE = 20_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``heatmap``."""
    add = parser.add_argument
    add("archives", nargs="+", metavar="ARCHIVE", help="from: onmt_evsoftmax attend; several are shown side by side")
    add("--out", required=True, metavar="FILE", help="what to write: .png, .svg, .pdf or .html")
    add("--sentence", type=int, default=0, metavar="N", help="sentence, from 0 (default: 0)")
    add(
        "--kind",
        choices=("cross", "encoder", "decoder"),
        default="cross",
        help="attention of the decoder to the source, or self-attention (default: cross)",
    )
    add("--layer", type=int, default=-1, metavar="N", help="layer, from 0; -1 is the last (default: -1)")
    add(
        "--head",
        default="mean",
        metavar="mean|max|all|N",
        help="mean or max over heads, a map for each, or one head, from 0 (default: mean)",
    )
    add(
        "--merge_subwords",
        action="store_true",
        help="rows and columns are words: a word's columns are summed, its rows are averaged",
    )
    add("--names", nargs="+", metavar="NAME", help="a name for each archive (default: its function)")
    add(
        "--target_word",
        type=int,
        metavar="N",
        help="figures: only row N of the map, from 0, as bars, a line for each model",
    )
    add(
        "--sentences",
        metavar="0-19",
        help=f"page: the sentences it holds, as in 0-9,15 (default: the first {SENTENCES_ON_A_PAGE})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw what was asked for; the exit status is 0."""
    check_writable(arguments.out)
    suffix = Path(arguments.out).suffix.lower()
    if suffix not in (*FIGURES, ".html"):
        raise InputError(f"--out {arguments.out}: unknown kind of file; known: .png, .svg, .pdf and .html")
    from ...archive.models import open_models
    from ...archive.panel import View

    view = View(arguments.kind, arguments.layer, arguments.head, arguments.merge_subwords)
    models = open_models(arguments.archives, arguments.names)
    if suffix == ".html":
        _write_page(arguments, models, view)
    else:
        _write_figure(arguments, models, view)
    return 0


def parse_sentences(text: str) -> list[int]:
    """Sentence numbers, ascending.

    >>> parse_sentences("7,0-2")
    [0, 1, 2, 7]
    """
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise InputError(f"--sentences {text}: expected numbers from 0 and ranges, as in 0-9,15")
        numbers.update(range(int(first), int(last or first) + 1))
    return sorted(numbers)


def _write_figure(arguments: argparse.Namespace, models: Sequence[Model], view: View) -> None:
    if arguments.sentences is not None:
        raise InputError("--sentences is for .html; a figure shows one --sentence")
    if arguments.target_word is not None and view.head == "all":
        raise InputError("--target_word shows one head; choose --head mean, max or a number")
    from ...archive.panel import require_tokens, select_panels
    from ...figures.bars import draw_bars
    from ...figures.canvas import save
    from ...figures.heatmap import draw_heatmap

    panels = select_panels(models, arguments.sentence, view)
    require_tokens(panels, arguments.sentence, view.kind)
    heading = view.heading(arguments.sentence)
    if arguments.target_word is None:
        heads = len(panels) // len(models)
        figure = draw_heatmap(panels, heading, view.notes(), group=heads if heads > 1 else None)
    else:
        figure = draw_bars(panels, arguments.target_word, heading, view.notes())
    missing = save(figure, arguments.out)
    if missing:
        letters = " ".join(missing)
        print(f"{arguments.out}: no installed font has {letters}; boxes stand for them", file=sys.stderr)
    shown = ", ".join(dict.fromkeys(panel.title for panel in panels))
    print(f"{arguments.out}: sentence {arguments.sentence}, {shown}")


def _write_page(arguments: argparse.Namespace, models: Sequence[Model], view: View) -> None:
    if arguments.target_word is not None:
        raise InputError("--target_word is for figures; the page shows every row")
    from .page import write_page

    sentences = _page_sentences(arguments.sentences, arguments.sentence, models)
    size = write_page(models, arguments.out, sentences, arguments.sentence, view)
    print(f"{arguments.out}: {len(sentences)} sentences, {len(models)} models, {size / 1e6:.1f} MB; open it")
    empty = [number for number in sentences if any(model.lacks_words(number) for model in models)]
    if empty:
        numbers = ", ".join(map(str, empty))
        note = f"without words on a side, so with empty maps: sentence {numbers}"
        print(f"{arguments.out}: {note}", file=sys.stderr)
    if size > LARGE_PAGE:
        advice = "large for a browser; choose fewer sentences with --sentences"
        print(f"{arguments.out}: {advice}", file=sys.stderr)


def _page_sentences(text: Optional[str], sentence: int, models: Sequence[Model]) -> list[int]:
    """The sentences of the page, the one that it shows first among them."""
    if text is None:
        shared = min(len(model.archive) for model in models)
        numbers = list(range(min(shared, SENTENCES_ON_A_PAGE)))
    else:
        numbers = parse_sentences(text)
    return sorted({*numbers, sentence})
