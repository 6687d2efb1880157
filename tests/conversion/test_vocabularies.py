"""Vocabularies that cannot be carried over row by row are refused, not repaired."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.conversion.checkpoint import read_checkpoint
from onmt_evsoftmax.conversion.vocabularies import token_lists

from .legacy import FIELDS, FIRST, FORMS, LISTS, old_vocabulary, write_legacy

TOKENS = ["<unk>", "<blank>", "<s>", "</s>", "der", "Hund", "\u2581bellt", "\u00a0", "a b"]


@pytest.fixture
def stored(checkpoint, tmp_path):
    """Function that stores a vocabulary in a checkpoint and reads it back, as stand-ins."""

    def store(vocab):
        return read_checkpoint(write_legacy(checkpoint, tmp_path / "old.pt", FIELDS, vocab=vocab)).vocab

    return store


@pytest.mark.parametrize("form", FORMS)
def test_tokens_keep_their_order(stored, form):
    vocab = {"src": [*TOKENS[:2], *TOKENS[4:]], "tgt": TOKENS}
    lists = token_lists(stored(lambda packages: old_vocabulary(packages, vocab, form)))
    assert lists == {**vocab, "data_task": "seq2seq"}


def test_todays_vocabulary_gives_every_token_its_row():
    """pyonmttok, which numbers tokens in 3.x, keeps the list: odd white space and all."""
    from onmt.inputters.inputter import dict_to_vocabs

    vocabs = dict_to_vocabs({"src": TOKENS, "tgt": TOKENS[::-1], "data_task": "seq2seq"})
    assert vocabs["src"].ids_to_tokens == TOKENS and vocabs["tgt"].ids_to_tokens == TOKENS[::-1]
    assert vocabs["src"]["never seen"] == 0 and vocabs["tgt"]["never seen"] == len(TOKENS) - 1


def test_lists_of_multi_fields_are_unwrapped(stored):
    """0.8 had a TextMultiField in the list where 0.7 had a Field."""

    def vocab(packages):
        return {side: [(side, packages.multi_field(side, TOKENS))] for side in ("src", "tgt")}

    assert token_lists(stored(vocab))["src"] == TOKENS


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([*TOKENS, "der"], "the tgt vocabulary holds 'der' twice"),
        (TOKENS[:2] + TOKENS[4:], "the tgt vocabulary lacks <s> </s>"),
        (["<unk>", "<pad>", *TOKENS[2:]], "the tgt vocabulary lacks <blank>"),
        ([*TOKENS, 7], "the tgt vocabulary holds something that is no token"),
        ([], "the tgt vocabulary lacks"),
    ],
)
def test_a_list_that_3_x_would_number_otherwise_is_refused(stored, tokens, message):
    with pytest.raises(InputError, match=message):
        token_lists(stored(lambda packages: old_vocabulary(packages, {"src": TOKENS, "tgt": tokens}, FIELDS)))


@pytest.mark.parametrize("form", [FIRST, LISTS, FIELDS])
def test_word_features_are_refused(stored, form):
    def vocab(packages):
        old = old_vocabulary(packages, {"src": TOKENS, "tgt": TOKENS}, form)
        if form == FIRST:
            return [*old, ("src_feat_0", packages.vocabulary(TOKENS))]
        feature = ("src_feat_0", packages.field(TOKENS))
        if form == LISTS:
            return {**old, "src": [*old["src"], feature]}
        return {**old, "src": packages.multi_field("src", TOKENS, feature)}

    with pytest.raises(InputError, match="word features"):
        token_lists(stored(vocab))


@pytest.mark.parametrize("vocab", [7, [1, 2], {"src": 7, "tgt": 7}, {}, {"src": [("src",)], "tgt": []}])
def test_any_other_form_is_refused(vocab):
    with pytest.raises(InputError, match="in no form that OpenNMT-py"):
        token_lists(vocab)


def test_a_field_that_holds_itself_is_refused(stored):
    def vocab(packages):
        field = packages.field(TOKENS)
        field.vocab = field
        return {"src": field, "tgt": field}

    with pytest.raises(InputError, match="in no form"):
        token_lists(stored(vocab))
