"""Quantised weights: how far off they are, and that nothing else changes."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onmt_evsoftmax.archive import SIDES, AttentionArchive
from onmt_evsoftmax.archive.models import Model
from onmt_evsoftmax.archive.segmentation import merge, word_ids
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.pages.weights import LEVELS, encode_sentence, quantise

from .sweeps import hypothesis_lines, source_lines, write_attention


def dequantise(codes):
    """What the page reads out of the codes."""
    return (codes.astype(np.float64) / LEVELS) ** 2


def test_a_weight_below_the_range_of_32_bits_is_not_lost():
    assert (quantise(np.array([1e-45, 1e-60, 5e-324])) > 0).all()


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=50))
def test_zero_stays_zero_and_the_error_is_what_the_docstring_says(values):
    weights = np.array(values)
    codes = quantise(weights)
    assert codes.dtype == np.uint8
    np.testing.assert_array_equal(codes == 0, weights == 0)
    error = np.abs(dequantise(codes) - weights)
    tiny = weights < 1 / 510**2
    assert (error[~tiny] <= np.sqrt(weights[~tiny]) / 255 + 1 / 510**2 + 1e-12).all()
    assert (error[tiny] <= 1 / 255**2).all()


def test_every_code_is_its_own_and_half_precision_may_round_above_one():
    codes = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(quantise(dequantise(codes)), codes)
    assert quantise(np.array([1.0005])) == 255


def test_what_is_packed_is_what_the_archives_hold(sweep):
    models = [Model(AttentionArchive(sweep / f"{name}.1" / "test_one.npz")) for name in ("softmax", "evsoftmax")]
    content = zlib.decompress(base64.b64decode(encode_sentence(models, 3)))
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    rest = np.frombuffer(content[4 + length :], np.uint8)
    for model, entry in zip(models, header):
        sentence = model.archive[3]
        for side in SIDES:
            pieces = getattr(sentence, side)
            assert entry[side] == {"pieces": pieces, "words": merge(pieces, "bpe"), "word_of": word_ids(pieces, "bpe")}
        for kind, shape in entry["kinds"].items():
            weights = sentence.attention[kind]
            assert list(weights.shape[:2]) == shape
            codes, rest = rest[: weights.size], rest[weights.size :]
            np.testing.assert_array_equal(codes == 0, weights.ravel() == 0)
            np.testing.assert_allclose(dequantise(codes.reshape(weights.shape)), weights, atol=0.004)
    assert not len(rest)


def test_archives_of_different_sources_are_refused(sweep, tmp_path):
    one, two = (hypothesis_lines(test, "softmax", 1)[:7] for test in ("test_one", "test_two"))
    write_attention(tmp_path / "a.npz", "softmax", source_lines("test_one")[:7], one, 1)
    write_attention(tmp_path / "b.npz", "softmax", source_lines("test_two")[:7], two, 1)
    models = [Model(AttentionArchive(tmp_path / name)) for name in ("a.npz", "b.npz")]
    with pytest.raises(InputError, match="a.npz and .*b.npz: sentence 0 has different source"):
        encode_sentence(models, 0)
