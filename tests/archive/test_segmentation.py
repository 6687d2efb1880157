"""Pieces and words."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onmt_evsoftmax.archive import segmentation
from onmt_evsoftmax.archive.segmentation import merge, word_ids
from onmt_evsoftmax.base.errors import InputError

WORDS = st.lists(st.lists(st.text("abcäöüß", min_size=1, max_size=4), min_size=1, max_size=4), max_size=8)


@given(WORDS)
def test_merging_restores_the_words_that_were_cut(words):
    whole = ["".join(word) for word in words]
    bpe = [piece + "@@" * (index < len(word) - 1) for word in words for index, piece in enumerate(word)]
    sentencepiece = ["▁" * (index == 0) + piece for word in words for index, piece in enumerate(word)]
    assert merge(bpe, "bpe") == whole
    assert merge(sentencepiece, "sentencepiece") == whole
    assert merge(whole, "none") == whole


@given(WORDS)
def test_ids_count_up_and_agree_with_merging(words):
    pieces = [piece + "@@" * (index < len(word) - 1) for word in words for index, piece in enumerate(word)]
    ids = word_ids(pieces, "bpe")
    assert ids == [number for number, word in enumerate(words) for _ in word]


def test_the_sentence_ends_are_words_of_their_own():
    assert word_ids(["<s>", "Haus", "▁am", "</s>"], "sentencepiece") == [0, 1, 2, 3]


def test_a_piece_that_goes_on_into_nothing():
    assert merge(["Dampf@@"], "bpe") == ["Dampf"]


def test_an_unknown_scheme_lists_the_known_ones():
    with pytest.raises(InputError, match="known: none, bpe, sentencepiece"):
        word_ids(["a"], "wordpiece")


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(segmentation).failed == 0
