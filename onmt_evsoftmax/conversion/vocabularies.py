"""The vocabularies of old checkpoints as the token lists of OpenNMT-py 3.x."""

from __future__ import annotations

from typing import Any

from ..base.errors import InputError
from .stand_ins import attributes_of

UNKNOWN, PADDING, BEGIN, END = "<unk>", "<blank>", "<s>", "</s>"
REQUIRED = {"src": (UNKNOWN, PADDING), "tgt": (UNKNOWN, PADDING, BEGIN, END)}
"""side -> tokens that 3.x looks up. A source vocabulary that is not shared never had sentence marks."""

_LEVELS = 6
"""Levels to unwrap, more than any version has: 0.8 has a list in the field of a list."""


def token_lists(vocab: Any) -> dict[str, Any]:
    """What 3.x wants under ``vocab``: token lists ``src`` and ``tgt`` and the task.

    Row i of an embedding belongs to token i, so the order of the old list is kept as it is, special tokens
    included.

    Args:
        vocab: one of the forms that OpenNMT-py has stored: a list of (name, Vocab) pairs (0.1 to 0.6),
            name -> list of (name, Field) pairs (0.7, 0.8), name -> TextMultiField (0.9 to 2.3), with
            torchtext's objects as stand-ins.

    Raises:
        InputError: none of these forms, word features, a token twice, or a special token that is missing.
    """
    entries = _by_name(vocab)
    features = [name for name in entries if "_feat_" in str(name)]
    if features:
        raise InputError(f"the vocabulary has word features ({', '.join(features)}), which are not converted")
    lists = {side: _checked(side, _tokens(side, entries.get(side))) for side in REQUIRED}
    return {**lists, "data_task": "seq2seq"}


def _by_name(vocab: Any) -> dict:
    if isinstance(vocab, dict):
        return vocab
    try:
        return dict(vocab)
    except (TypeError, ValueError):
        raise InputError("the vocabulary is in no form that OpenNMT-py 0.x, 1.x or 2.x stored") from None


def _tokens(side: str, entry: Any) -> list[str]:
    """Unwrap [(name, field)] -> TextMultiField -> Field -> Vocab -> tokens, from whichever level is there."""
    for _ in range(_LEVELS):
        attributes = attributes_of(entry)
        if isinstance(entry, list) and entry and isinstance(entry[0], tuple):
            if len(entry) > 1:
                raise InputError(f"the {side} vocabulary has word features, which are not converted")
            entry = entry[0][-1]
        elif attributes:
            entry = next((attributes[key] for key in ("fields", "vocab", "itos") if key in attributes), None)
    if not isinstance(entry, list):
        raise InputError(f"the {side} vocabulary is in no form that OpenNMT-py 0.x, 1.x or 2.x stored")
    return entry


def _checked(side: str, tokens: list[str]) -> list[str]:
    if not all(isinstance(token, str) for token in tokens):
        raise InputError(f"the {side} vocabulary holds something that is no token")
    absent = [token for token in REQUIRED[side] if token not in tokens]
    if absent:
        raise InputError(f"the {side} vocabulary lacks {' '.join(absent)}, which OpenNMT-py 3.x looks up")
    seen: set[str] = set()
    for token in tokens:
        if token in seen:  # 3.x would drop it, and shift the row of every token behind it
            raise InputError(f"the {side} vocabulary holds {token!r} twice")
        seen.add(token)
    return tokens
