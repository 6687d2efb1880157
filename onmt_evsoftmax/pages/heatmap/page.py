"""One self-contained HTML page: every kind, layer and head of some sentences, for the reader to pick."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...archive.models import Model, titles
from ...archive.panel import View, select_panels
from ...base.errors import InputError
from ...base.files import PathLike, atomic_write
from ..html_page import fill, render
from ..viewer import describe_sentence, describe_test, viewer_data
from ..weights import encode_sentence, weight_scripts

HERE = Path(__file__).parent


def write_page(models: Sequence[Model], path: PathLike, sentences: Sequence[int], sentence: int, view: View) -> int:
    """Write the page; it shows ``sentence`` in ``view`` first. Returns its size in bytes.

    Raises:
        InputError: the first view is not in every archive, a sentence is in none, or the archives differ in source.
    """
    if view.head == "all":
        raise InputError("--head all: the page shows one head at a time; choose mean, max or a number")
    select_panels(models, sentence, view)  # raises where the first view is not there
    title = "Attention of " + ", ".join(titles(models, view.kind))
    codes = {number: encode_sentence(models, number) for number in sentences}
    parts = {"TITLE": html.escape(title), "WEIGHTS": weight_scripts("", codes)}
    tests = [archives_data(models, sentences)]
    data = viewer_data(tests, view, list(sentences).index(sentence))
    content = render(title, fill(HERE / "heatmap.html", parts), data).encode("utf-8")
    with atomic_write(path, "wb") as stream:
        stream.write(content)
    return len(content)


def archives_data(models: Sequence[Model], sentences: Sequence[int]) -> dict[str, Any]:
    """The archives as a test set of the viewer, their texts as the models read and wrote them, pieces merged."""
    texts = [
        describe_sentence(
            number, models[0].text(number, "source"), None, [one.text(number, "target") for one in models]
        )
        for number in sentences
    ]
    return describe_test("", {str(place): model for place, model in enumerate(models)}, texts)
