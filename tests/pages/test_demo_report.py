"""The demo's page on a small corpus, without any training: one file with scores, texts and the viewer."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

import pytest

from onmt_evsoftmax.cli import main
from scripts.demo_report import write_report
from tests.pages.report.sweeps import hypothesis_lines, reference_lines, source_lines, write_attention, write_lines

FUNCTIONS = ("softmax", "evsoftmax")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    source = write_lines(folder / "test.en", source_lines("test_one"))
    reference = write_lines(folder / "test.de", reference_lines("test_one"))
    hypotheses = [write_lines(folder / f"{name}.hyp", hypothesis_lines("test_one", name, 1)) for name in FUNCTIONS]
    for path in hypotheses:
        targets = path.read_text(encoding="utf-8").splitlines()
        write_attention(path.with_suffix(".npz"), path.stem, source_lines("test_one"), targets, 1)
    archives = [str(path.with_suffix(".npz")) for path in hypotheses]
    score = ["score", "--hyp", *map(str, hypotheses), "--ref", str(reference), "--names", *FUNCTIONS, "--lang", "de"]
    scores = folder / "scores.json"
    assert main([*score, "--attention", *archives, "--json", str(scores)]) == 0
    picture = folder / "heatmap.svg"
    assert main(["heatmap", *archives, "--out", str(picture)]) == 0
    page = folder / "attention.html"
    return write_report(folder / "report.html", scores, picture, page, source, reference, hypotheses, 5)


class Parts(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.sentences = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("src", "href") if name in attributes]
        if "data-sentence" in attributes:
            self.sentences.append(attributes["data-sentence"])


def test_it_holds_the_scores_the_texts_and_the_attention(page):
    text = page.read_text(encoding="utf-8")
    scores = json.loads(page.with_name("scores.json").read_text(encoding="utf-8"))
    table = html.unescape(re.sub("<[^>]+>", " ", text[: text.index("Translations and attention")]))
    for system in scores["systems"]:
        assert f"{system['scores']['bleu']:.2f}" in table
    assert scores["signatures"]["bleu"] in table
    parts = Parts(text)
    assert parts.sentences == ["0", "1", "2", "3", "4"]
    assert {link for link in parts.links if not link.startswith(("#", "data:"))} == {"attention.html"}


def test_its_viewer_shows_every_text_beside_its_map(page, visit):
    opened = visit(page)
    opened.wait_for_selector('#maps[data-drawn=" 0"] figure')
    assert opened.locator("#maps strong").all_text_contents() == ["softmax", "ev-softmax"]
    assert opened.locator("#texts dd").all_text_contents()[1] == reference_lines("test_one")[0]
    assert "BOOTX" in opened.locator("#maps text").all_text_contents()  # pieces are merged at first
    captions = opened.locator("#maps figcaption").all_text_contents()
    assert all("sentence BLEU" in caption for caption in captions)
    opened.fill("#find", "4")
    opened.wait_for_selector('#maps[data-drawn=" 4"] figure')
