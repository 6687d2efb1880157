import json
import re
from html.parser import HTMLParser

import pytest

from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.pages.heatmap.page import write_page
from onmt_evsoftmax.pages.weights import encode_sentence

VOID = {"meta", "link", "input", "br"}


class Outline(HTMLParser):
    """Checks that elements nest, and keeps the text of every script."""

    def __init__(self, page):
        super().__init__()
        self.open, self.scripts, self.titles = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        if self.open and self.open[-1] in ("title", "h1"):
            self.titles.append(data)


def write(paths, target, sentences=(0, 1, 2), sentence=0, names=None, **view):
    size = write_page(open_models(paths, names), target, sentences, sentence, View(**view))
    page = target.read_text(encoding="utf-8")
    assert size == len(page.encode("utf-8"))
    return page


def embedded(page):
    return json.loads(Outline(page).scripts[-2])


def test_the_page_holds_the_archives(archive, tmp_path):
    paths = [archive("softmax"), archive()]
    page = write(paths, tmp_path / "page.html", sentences=[0, 2])
    (test,) = embedded(page)["tests"]
    assert [model["titles"]["cross"] for model in test["models"]] == ["softmax", "ev-softmax"]
    assert [sentence["number"] for sentence in test["sentences"]] == [0, 2]
    assert test["sentences"][0]["source"] == "a steamboat leaves ."
    assert [one["text"] for one in test["sentences"][0]["models"]] == ["ein Dampfschiff fährt ab ."] * 2
    packed = re.findall(r'data-test="" data-sentence="(\d)">(.*?)<', page)
    models = open_models(paths)
    assert packed == [(str(number), encode_sentence(models, number)) for number in (0, 2)]


def test_the_page_reaches_for_nothing_outside(archive, tmp_path):
    page = write([archive()], tmp_path / "page.html")
    assert "http:" not in page and "https:" not in page
    code = re.sub(r'data-sentence="\d+">.*?<', "", page)  # base64 may spell anything
    assert not re.search(r"//\w|@import|url\(|fetch\(|XMLHttpRequest|\bimport\b|\bsrc=", code)
    assert re.search(r"Content-Security-Policy\"\s+content=\"default-src 'none'", code)


def test_tokens_and_names_cannot_break_out(archive, tmp_path):
    name = "</title><script>alert(1)</script>"
    page = write([archive()], tmp_path / "page.html", sentence=2, names=[name])
    outline = Outline(page)
    assert len(outline.scripts) == 3 + 2  # a sentence each, data, code
    assert outline.titles == [f"Attention of {name} (ev-softmax)"] * 2
    source = json.loads(outline.scripts[-2])["tests"][0]["sentences"][2]["source"]
    assert "</script>" in source and "x\x01y" in source


def test_names_that_read_like_placeholders_stay_names(archive, tmp_path):
    name = "__DATA__ __SCRIPT__ __VIEWER__"
    outline = Outline(write([archive()], tmp_path / "page.html", names=[name]))
    assert outline.titles == [f"Attention of {name} (ev-softmax)"] * 2
    assert json.loads(outline.scripts[-2])["tests"][0]["models"][0]["titles"]["cross"].startswith(name)


def test_the_first_view_is_the_one_asked_for(archive, tmp_path):
    view = {"kind": "decoder", "head": "1", "merge_subwords": True}
    page = write([archive()], tmp_path / "page.html", sentences=[1, 2], sentence=2, layer=-1, **view)
    assert embedded(page)["view"] == {**view, "layer": -1, "sentence": 1}


def test_the_same_archives_give_the_same_bytes(archive, tmp_path):
    path = archive()
    assert write([path], tmp_path / "a.html") == write([path], tmp_path / "b.html")


def test_a_kind_that_one_archive_lacks_is_there_for_the_others_but_not_first(archive, tmp_path):
    paths = [archive("softmax"), archive(kinds=["cross", "encoder"])]
    first, second = embedded(write(paths, tmp_path / "page.html"))["tests"][0]["models"]
    assert set(first["titles"]) == {"cross", "encoder", "decoder"} and set(second["titles"]) == {"cross", "encoder"}
    with pytest.raises(InputError, match=r"evsoftmax\.npz: holds no decoder attention"):
        write(paths, tmp_path / "other.html", kind="decoder")


@pytest.mark.parametrize(
    "view, message",
    [
        ({"head": "all"}, "--head all: the page shows one head"),
        ({"head": "3"}, "no head 3"),
        ({"layer": 2}, "no layer 2"),
    ],
)
def test_a_first_view_that_is_not_there(archive, tmp_path, view, message):
    with pytest.raises(InputError, match=message):
        write([archive()], tmp_path / "page.html", **view)
    assert not (tmp_path / "page.html").exists()


def test_archives_must_agree_in_source_in_every_sentence(archive, tmp_path):
    other = [("a steam@@ boat leaves .", "x"), ("another", "y")]
    with pytest.raises(InputError, match="sentence 1 has different sources"):
        write([archive("softmax"), archive(pairs=other)], tmp_path / "page.html", sentences=[0, 1])


def test_a_sentence_that_is_not_there(archive, tmp_path):
    with pytest.raises(InputError, match=r"no sentence 3; it holds sentences 0 to 2"):
        write([archive()], tmp_path / "page.html", sentences=[0, 3])
