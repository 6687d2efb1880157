import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.tokenize import tokenize as default_tokenize

from onmt_evsoftmax.evaluation.words import words, words_and_marks

GERMAN = "Über größere Straßen fährt Jürgen zur Bäckerei, außer sonntags."


def test_umlauts_and_sharp_s_survive():
    assert words(GERMAN) == "über größere straßen fährt jürgen zur bäckerei außer sonntags".split()


def test_the_default_tokenizer_of_rouge_score_would_lose_them():
    lost = default_tokenize(GERMAN, None)
    assert not set("äöüß") & set("".join(lost))
    assert "bäckerei" not in lost and "ckerei" in lost


def test_decomposed_umlauts_are_the_same_words():
    assert words(unicodedata.normalize("NFD", GERMAN)) == words(GERMAN)


def test_marks_are_tokens_of_their_own():
    assert words_and_marks('Er: "Ja_nein!"') == ["er", ":", '"', "ja", "_", "nein", "!", '"']


@settings(deadline=None)
@given(st.text())
def test_marks_only_add_tokens(text):
    with_marks = words_and_marks(text)
    assert [token for token in with_marks if words(token)] == words(text)
    assert all(len(token) == 1 for token in with_marks if not words(token))


def test_nothing_but_space():
    assert words(" \t") == words_and_marks(" \t") == []
