"""How ROUGE and METEOR split a sentence into tokens, whatever the language."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_WORD_OR_MARK = re.compile(r"[^\W_]+|[^\w\s]|_")


def words(text: str) -> list[str]:
    """Runs of letters and digits of any alphabet, lower-cased; punctuation is dropped.

    >>> words("Die Größe des Häuschens: 3,5 m!")
    ['die', 'größe', 'des', 'häuschens', '3', '5', 'm']
    """
    return _WORD.findall(_normalise(text))


def words_and_marks(text: str) -> list[str]:
    """`words`, with every punctuation mark or symbol as a token of its own.

    >>> words_and_marks("Wie groß?")
    ['wie', 'groß', '?']
    """
    return _WORD_OR_MARK.findall(_normalise(text))


def _normalise(text: str) -> str:
    # NFC: an umlaut written as letter + combining mark must not break the word in two
    return unicodedata.normalize("NFC", text.lower())
