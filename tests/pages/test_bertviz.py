"""A sentence of an archive for bertviz, by what the package itself puts on its page."""

from __future__ import annotations

import json

import numpy as np
import pytest

from onmt_evsoftmax.archive import Sentence, write_archive
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.pages.bertviz import model_view_arguments

LAYERS, HEADS = 2, 3
SOURCE, TARGET, INPUT = ["▁a", "b", "c</w>", "</s>"], ["x", "y", "</s>"], ["<s>", "x", "y"]
KINDS = ("encoder", "decoder", "cross")


def sentence(source=SOURCE, encoder_layers=LAYERS, dtype=np.float32):
    random = np.random.default_rng(len(source))
    shapes = {"encoder": (len(source), len(source)), "decoder": (3, 3), "cross": (3, len(source))}
    layers = {"encoder": encoder_layers, "decoder": LAYERS, "cross": LAYERS}
    attention = {
        kind: random.random((layers[kind], HEADS, *shape)).astype(dtype).round(2) for kind, shape in shapes.items()
    }
    return Sentence(list(source), TARGET, INPUT, attention)


def write(path, *sentences):
    metadata = {"model": "m.pt", "functions": dict.fromkeys(KINDS, "evsoftmax"), "kinds": list(KINDS)}
    metadata |= {"layers": {}, "heads": HEADS, "segmentation": "bpe", "versions": {}}
    write_archive(path, sentences, metadata)
    return path


def page_data(page):
    """What bertviz hands to its script."""
    start = page.data.index("const params = ") + len("const params = ")
    return json.JSONDecoder().raw_decode(page.data[start:])[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_bertviz_draws_every_kind_layer_and_head(tmp_path, dtype):
    bertviz = pytest.importorskip("bertviz")
    written = sentence(dtype=dtype)
    path = write(tmp_path / "a.npz", sentence(["other"]), written)
    arguments = model_view_arguments(path, 1)
    shown = page_data(bertviz.model_view(**arguments, html_action="return", prettify_tokens=False))
    assert shown["include_layers"] == [0, 1] and shown["include_heads"] == [0, 1, 2]
    assert [part["name"] for part in shown["attention"]] == ["Encoder", "Decoder", "Cross"]
    tokens = {"Encoder": (SOURCE, SOURCE), "Decoder": (INPUT, INPUT), "Cross": (INPUT, SOURCE)}
    for part, kind in zip(shown["attention"], KINDS):
        assert (part["left_text"], part["right_text"]) == tokens[part["name"]]
        np.testing.assert_array_equal(np.array(part["attn"], np.float32), written.attention[kind].astype(np.float32))
    assert bertviz.head_view(**arguments, html_action="return").data


def test_cross_attention_alone_has_the_pieces_that_were_predicted(tmp_path):
    bertviz = pytest.importorskip("bertviz")
    arguments = model_view_arguments(write(tmp_path / "a.npz", sentence()), kinds=["cross"])
    (part,) = page_data(bertviz.model_view(**arguments, html_action="return", prettify_tokens=False))["attention"]
    assert (part["left_text"], part["right_text"]) == (TARGET, SOURCE)


def test_the_arguments_need_no_bertviz(tmp_path):
    path = write(tmp_path / "a.npz", sentence(encoder_layers=LAYERS + 1))
    assert model_view_arguments(path, kinds=["decoder"]).keys() == {"decoder_attention", "decoder_tokens"}
    arguments = model_view_arguments(path, kinds=["encoder"])
    assert [tuple(layer.shape) for layer in arguments["encoder_attention"]] == [(1, HEADS, 4, 4)] * 3


@pytest.mark.parametrize(
    "number, kinds, message",
    [
        (
            0,
            None,
            "as many layers and heads .*, here encoder 3 x 3, decoder 2 x 3, cross 2 x 3; choose",
        ),
        (1, None, "sentence 1 has a side without tokens"),
        (2, None, "no sentence 2; it holds sentences 0 to 1"),
        (0, [], "no kind of attention is chosen; it holds: encoder, decoder, cross"),
        (0, ["heads"], "holds no heads attention, only: encoder, decoder, cross"),
    ],
)
def test_what_bertviz_could_not_show(tmp_path, number, kinds, message):
    path = write(tmp_path / "a.npz", sentence(encoder_layers=LAYERS + 1), sentence([]))
    with pytest.raises(InputError, match=message):
        model_view_arguments(path, number, kinds)
