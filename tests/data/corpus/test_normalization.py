"""Raw lines become clean lines."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onmt_evsoftmax.data.corpus.normalization import drop_invisible, normalizer

patient = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    "raw, clean",
    [
        ("Er sagt „ja“.", 'Er sagt "ja".'),
        ("a – b", "a - b"),
        ("it’s", "it's"),
        ("Gru\u0308\u00dfe", "Grüße"),  # u and combining diaeresis
        ("Schiff\u00adfahrt", "Schifffahrt"),  # soft hyphen
        ("a\u200bb\ufeff", "ab"),  # zero-width space, byte-order mark
        ("u\u200d\u0308", "ü"),  # composes only once the joiner is gone
        ("a\u0000b\x1bc", "abc"),
        (" a\tb\u00a0 c\u2028d ", "a b c d"),
        ("", ""),
    ],
)
def test_german_examples(raw, clean):
    assert normalizer("de", unescape=False, punctuation="moses")(raw) == clean


def test_rules_are_those_of_the_language():
    assert normalizer("de", False, "moses")("3\u00a0000") == "3,000"
    assert normalizer("en", False, "moses")("3\u00a0000") == "3.000"


def test_punctuation_can_be_left_alone():
    assert normalizer("de", False, "none")("( „ja“ )") == "( „ja“ )"


def test_unescape():
    assert normalizer("en", True, "none")("it &apos;s &quot; &#91; &amp; &amp;lt;") == "it 's \" [ & &lt;"
    assert normalizer("en", False, "none")("it &apos;s") == "it &apos;s"


def test_detokenize():
    """Text that comes tokenized, as the IWSLT14 recipe leaves it, becomes a plain sentence."""
    plain = normalizer("en", unescape=True, punctuation="none", detokenize="moses")
    assert plain("it &apos;s a &quot; dog &quot; , isn &apos;t it ?") == "it's a \"dog\", isn't it?"
    assert plain("") == ""
    escaped = normalizer("en", unescape=False, punctuation="none", detokenize="moses")
    assert "&apos;s" in escaped("it &apos;s")


@patient
@given(st.text())
def test_nothing_invisible_is_left(text):
    line = normalizer("en", False, "none")(text)
    assert line == " ".join(line.split())
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in line)
    assert unicodedata.is_normalized("NFC", line)


@patient
@given(st.text())
def test_words_stay_apart(text):
    """Dropping characters never joins two words: white space is not among them."""
    visible = "".join("x" if unicodedata.category(c)[0] != "C" and not c.isspace() else c for c in text)
    assert drop_invisible(visible).count("x") == visible.count("x")
    assert [c for c in drop_invisible(text) if c.isspace()] == [c for c in text if c.isspace()]
