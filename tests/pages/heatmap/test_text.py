import pytest

from onmt_evsoftmax.figures.text import LONGEST_LABEL, label, text_width


@pytest.mark.parametrize("token", ["Dampfschiff", "größer", "</s>", "▁Haus", "@-@", "$x$", "你好"])
def test_ordinary_tokens_are_their_own_labels(token):
    assert label(token) == token


@pytest.mark.parametrize("token, shown", [("a\x01b", "a�b"), ("a\u00a0b", "a␣b"), ("a\u2028b", "a␣b"), ("\u200b", "�")])
def test_what_cannot_be_printed_is_made_visible(token, shown):
    assert label(token) == shown


def test_endless_tokens_are_cut():
    assert label("x" * 200) == "x" * (LONGEST_LABEL - 1) + "…"


def test_width_grows_with_text_and_size():
    assert 0 < text_width("iii", 9) < text_width("www", 9) < text_width("www", 12)
    assert text_width("www", 9) < text_width("www", 9, bold=True)
    assert text_width("", 9) == 0
