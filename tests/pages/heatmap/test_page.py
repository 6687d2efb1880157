import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View
from onmt_evsoftmax.archive.segmentation import merge, word_ids
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.pages.heatmap.page import encode_weights, write_page

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


def decode(text, shape):
    """The stated format, read independently: each 16-bit code is float32 bits shifted right by 14."""
    codes = np.frombuffer(base64.b64decode(text), "<u2").astype(np.uint32)
    return (codes << 14).view(np.float32).reshape(shape)


def write(paths, target, sentences=(0, 1, 2), sentence=0, names=None, **view):
    size = write_page(open_models(paths, names), target, sentences, sentence, View(**view))
    page = target.read_text(encoding="utf-8")
    assert size == len(page.encode("utf-8"))
    return page


def embedded(page):
    return json.loads(Outline(page).scripts[0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_codes_keep_three_digits_and_the_exact_support(dtype):
    random = np.random.default_rng(0)
    tiny = 10.0 ** random.uniform(-30, 0, 5000)
    weights = np.concatenate([random.random(5000), tiny, [0, 1, 1.0005]]).astype(dtype)
    weights[::3] = 0
    back = decode(encode_weights(weights), weights.shape)
    np.testing.assert_array_equal(back == 0, weights == 0)
    np.testing.assert_allclose(back, weights.astype(np.float64), rtol=2**-10 * 1.001)


def test_a_weight_below_the_range_of_32_bits_is_not_lost():
    assert (decode(encode_weights(np.array([1e-45, 1e-60, 5e-324])), 3) > 0).all()


def test_the_page_holds_the_archives(archive, tmp_path):
    paths = [archive("softmax"), archive()]
    data = embedded(write(paths, tmp_path / "page.html", sentences=[0, 2]))
    assert data["numbers"] == [0, 2]
    assert data["shapes"] == dict.fromkeys(("encoder", "decoder", "cross"), [2, 3])
    assert [model["titles"]["cross"] for model in data["models"]] == ["softmax", "ev-softmax"]
    for path, model in zip(paths, data["models"]):
        for number, entry in zip([0, 2], model["sentences"]):
            sentence = AttentionArchive(path)[number]
            for side in ("source", "target", "target_input"):
                pieces = getattr(sentence, side)
                words, word_of = merge(pieces, "bpe"), word_ids(pieces, "bpe")
                assert entry[side] == {"pieces": pieces, "words": words, "word_of": word_of}
            for kind, weights in sentence.attention.items():
                back = decode(entry[kind], weights.shape)
                np.testing.assert_array_equal(back == 0, weights == 0)
                np.testing.assert_allclose(back, weights, rtol=2**-10 * 1.001)


def test_the_page_reaches_for_nothing_outside(archive, tmp_path):
    page = write([archive()], tmp_path / "page.html")
    assert "http:" not in page and "https:" not in page
    code = page.replace(Outline(page).scripts[0], "")  # base64 may spell anything
    assert not re.search(r"//\w|@import|url\(|fetch\(|XMLHttpRequest|\bimport\b|\bsrc=", code)
    assert re.search(r"Content-Security-Policy\"\s+content=\"default-src 'none'", code)


def test_tokens_and_names_cannot_break_out(archive, tmp_path):
    name = "</title><script>alert(1)</script>"
    page = write([archive()], tmp_path / "page.html", sentence=2, names=[name])
    outline = Outline(page)
    assert len(outline.scripts) == 2
    assert outline.titles == [f"Attention of {name} (ev-softmax)"] * 2
    source = json.loads(outline.scripts[0])["models"][0]["sentences"][2]["source"]["pieces"]
    assert "</script>" in source and "x\x01y" in source


def test_names_that_read_like_placeholders_stay_names(archive, tmp_path):
    name = "__DATA__ __SCRIPT__ __MAPS__"
    outline = Outline(write([archive()], tmp_path / "page.html", names=[name]))
    assert outline.titles == [f"Attention of {name} (ev-softmax)"] * 2
    assert json.loads(outline.scripts[0])["models"][0]["titles"]["cross"].startswith(name)


def test_the_first_view_is_the_one_asked_for(archive, tmp_path):
    view = {"kind": "decoder", "head": "1", "merge_subwords": True}
    page = write([archive()], tmp_path / "page.html", sentences=[1, 2], sentence=2, layer=-1, **view)
    assert embedded(page)["view"] == {**view, "layer": 1, "sentence": 1}


def test_the_same_archives_give_the_same_bytes(archive, tmp_path):
    path = archive()
    assert write([path], tmp_path / "a.html") == write([path], tmp_path / "b.html")


def test_kinds_are_those_that_every_archive_holds(archive, tmp_path):
    page = write([archive("softmax"), archive(kinds=["cross", "encoder"])], tmp_path / "page.html")
    assert set(embedded(page)["shapes"]) == {"cross", "encoder"}
    with pytest.raises(InputError, match="holds no decoder attention"):
        write([archive(kinds=["cross"])], tmp_path / "page.html", kind="decoder")


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


def test_archives_must_agree_in_layers_and_heads(archive, tmp_path):
    message = r"evsoftmax\.npz, sentence 0: .* 4 layers and 3 heads, elsewhere 2 and 3"
    with pytest.raises(InputError, match=message):
        write([archive("softmax"), archive(layers=4)], tmp_path / "page.html")


def test_a_sentence_that_is_not_there(archive, tmp_path):
    with pytest.raises(InputError, match=r"no sentence 3; it holds sentences 0 to 2"):
        write([archive()], tmp_path / "page.html", sentences=[0, 3])
