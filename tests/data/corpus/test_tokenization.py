"""Clean lines become tokens, and nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sacremoses import MosesDetokenizer

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.data.corpus.normalization import normalizer
from onmt_evsoftmax.data.corpus.tokenization import check_language, tokenizer

patient = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

ORDINARY = {
    "en": [
        "The dog's bone isn't here, is it?",
        "She paid 3,500.50 dollars (too much) for a well-known book.",
        "Mr. Smith arrived at 5 p.m. & left; nobody saw him.",
        "A 50% discount: what a bargain!",
    ],
    "de": [
        "Der Hund, der gestern bellte, schläft.",
        "Das kostet 3.500,50 Euro (zu viel) im Ost-West-Handel.",
        "Dr. Müller kommt z.B. am Montag; niemand weiß es.",
        "Wie geht es? Gut!",
    ],
}


@pytest.mark.parametrize("language, line", [(lang, line) for lang in ORDINARY for line in ORDINARY[lang]])
def test_detokenizing_gives_the_sentence_back(language, line):
    tokens = tokenizer(language, "moses", lowercase=False)(line).split()
    assert len(tokens) > len(line.split())
    assert MosesDetokenizer(lang=language).detokenize(tokens) == line


def test_language_decides():
    assert tokenizer("en", "moses", False)("don't") == "don 't"
    assert tokenizer("de", "moses", False)("geht's bzw. so.") == "geht ' s bzw. so ."


def test_no_entities_and_no_split_hyphens():
    assert tokenizer("en", "moses", False)('a well-known "A&B" <i>') == 'a well-known " A & B " < i >'


def test_lowercase():
    assert tokenizer("de", "moses", True)("Über Äpfel.") == "über äpfel ."
    assert tokenizer("de", "none", True)("Über Äpfel.") == "über äpfel."


def test_closing_quote_leaves_one_space():
    assert tokenizer("en", "moses", False)("A dog .'") == "A dog . '"


@patient
@given(st.text())
def test_no_characters_but_spaces_change(text):
    line = normalizer("en", False, "none")(text)
    tokens = tokenizer("en", "moses", False)(line)
    assert tokens.replace(" ", "") == line.replace(" ", "").replace("▁", "_")
    assert tokens == " ".join(tokens.split())


@patient
@given(st.text(alphabet="@▁a "))
def test_marks_of_subwords_are_taken_apart(text):
    line = normalizer("en", False, "none")(text)
    for method in ("moses", "none"):
        tokens = tokenizer("en", method, False)(line)
        assert "@@" not in tokens and "▁" not in tokens
        assert tokens.count("@") == text.count("@")


def test_language_without_rules_is_refused():
    check_language("de", "moses")
    check_language("xx", "none")
    with pytest.raises(InputError, match="'xx': the Moses tokenizer has no rules .* de .*tokenize: none"):
        check_language("xx", "moses")
