"""One line of clean text -> one line of tokens with a space between them."""

from __future__ import annotations

from collections.abc import Callable

from sacremoses import MosesTokenizer
from sacremoses.corpus import NonbreakingPrefixes

from ...base.errors import InputError


def tokenizer(language: str, method: str, lowercase: bool) -> Callable[[str], str]:
    """A function that tokenizes a line.

    The marks of subword units never occur in its result, or joining the units would not give the
    tokens back: ``@@`` (subword-nmt) becomes ``@ @``, and ``▁`` (SentencePiece) becomes ``_``.

    Args:
        language: decides about apostrophes and about the abbreviations that keep their full stop.
        method: ``moses``, or ``none`` for text that comes tokenized or goes to SentencePiece whole.
            Characters are not escaped as XML entities, and hyphens stay inside words.
        lowercase: lower the case of the tokens.
    """
    moses = MosesTokenizer(lang=language) if method == "moses" else None

    def tokenize(line: str) -> str:
        if moses is not None:
            line = moses.tokenize(line, aggressive_dash_splits=False, return_str=True, escape=False)
        line = line.replace("▁", "_")
        while "@@" in line:  # again: @@@ becomes @ @@
            line = line.replace("@@", "@ @")
        line = " ".join(line.split())  # Moses leaves two spaces before a closing quote
        return line.lower() if lowercase else line

    return tokenize


def check_language(language: str, method: str) -> None:
    """Raise InputError for a language without Moses rules; sacremoses would take English ones silently."""
    known = set(NonbreakingPrefixes().available_langs.values())
    if method == "moses" and language not in known:
        raise InputError(
            f"language {language!r}: the Moses tokenizer has no rules for it, only for "
            f"{' '.join(sorted(known))}; set tokenize: none, for text that comes tokenized or goes to "
            f"SentencePiece whole"
        )
