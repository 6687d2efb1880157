"""One line of raw text -> one line of clean text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from sacremoses import MosesDetokenizer, MosesPunctNormalizer


def normalizer(language: str, unescape: bool, punctuation: str, detokenize: str = "none") -> Callable[[str], str]:
    """A function that cleans a line, in this order:

    1. with ``unescape``, undo the entities of the Moses tokenizer (``&apos;`` -> ``'``), for text that
       comes already tokenized;
    2. drop invisible characters, then compose letters and accents (Unicode NFC);
    3. with ``detokenize="moses"``, undo the Moses tokenizer (``it 's .`` -> ``it's.``), for text that
       comes tokenized and goes to a model that was trained on plain sentences;
    4. with ``punctuation="moses"``, apply the rules of Moses' normalize-punctuation.perl for
       ``language``; they are for text that is not tokenized, and turn ``( a )`` into ``(a)``;
    5. one space between words, none around the line.
    """
    moses = MosesPunctNormalizer(lang=language) if punctuation == "moses" else None
    detokenizer = MosesDetokenizer(lang=language)

    def normalize(line: str) -> str:
        if unescape:
            line = detokenizer.unescape_xml(line)
        line = unicodedata.normalize("NFC", drop_invisible(line))
        if detokenize == "moses":
            line = detokenizer.detokenize(line.split(), unescape=False)
        if moses is not None:
            line = moses.normalize(line)
        return " ".join(line.split())

    return normalize


def drop_invisible(line: str) -> str:
    """``line`` without control (Cc) and format (Cf) characters, white space excepted.

    Those are soft hyphens, zero-width spaces and joiners, direction marks and byte-order marks: no
    reader sees them, yet each makes another word of the same letters.
    """
    if line.isascii() and line.isprintable():
        return line
    return "".join(c for c in line if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))
