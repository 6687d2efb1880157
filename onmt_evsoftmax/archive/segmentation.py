"""Subword pieces and the words they make up."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.errors import InputError

SCHEMES = ("none", "bpe", "sentencepiece")
"""``bpe``: subword-nmt's ``@@`` ends a piece that goes on. ``sentencepiece``: ``▁`` starts a word."""


def word_ids(tokens: Sequence[str], scheme: str) -> list[int]:
    """Index of the word that each piece belongs to, counted from 0.

    >>> word_ids(["Dampf@@", "schiff", "fährt", "."], "bpe")
    [0, 0, 1, 2]
    >>> word_ids(["▁Dampf", "schiff", "▁fährt", "."], "sentencepiece")
    [0, 0, 1, 1]
    """
    if scheme not in SCHEMES:
        raise InputError(f"unknown segmentation {scheme!r}; known: {', '.join(SCHEMES)}")
    ids: list[int] = []
    for position, token in enumerate(tokens):
        if position == 0:
            starts = True
        elif scheme == "bpe":
            starts = not tokens[position - 1].endswith("@@")
        elif scheme == "sentencepiece":
            starts = token.startswith("▁") or token in ("<s>", "</s>") or tokens[position - 1] in ("<s>", "</s>")
        else:
            starts = True
        ids.append((ids[-1] if ids else -1) + int(starts))
    return ids


def merge(tokens: Sequence[str], scheme: str) -> list[str]:
    """The words that the pieces make up.

    >>> merge(["Dampf@@", "schiff", "fährt", "."], "bpe")
    ['Dampfschiff', 'fährt', '.']
    """
    words: list[str] = []
    for token, word in zip(tokens, word_ids(tokens, scheme)):
        piece = token
        if scheme == "bpe" and token.endswith("@@"):
            piece = token[:-2]
        elif scheme == "sentencepiece" and token.startswith("▁"):
            piece = token[1:]
        if word == len(words):
            words.append(piece)
        else:
            words[word] += piece
    return words
