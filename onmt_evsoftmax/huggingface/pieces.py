"""The pieces of a tokeniser of Transformers, with the marks that an archive knows."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..base.errors import InputError

SCHEME = "sentencepiece"
"""Of `onmt_evsoftmax.archive.segmentation`: ``▁`` starts a word. Pieces of all tokenisers are written with it."""

_PRINTED_BYTES = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_BYTES = {chr(byte): byte for byte in _PRINTED_BYTES}
_BYTES.update((chr(256 + place), byte) for place, byte in enumerate(sorted({*range(256)} - {*_PRINTED_BYTES})))
"""Byte-level BPE writes each byte as a letter: the printable ones as themselves, the others as those from 256 on."""


def from_bytes(pieces: Sequence[str]) -> list[str]:
    """Byte-level pieces as text. A letter whose bytes lie in two pieces belongs to the one that completes it.

    >>> from_bytes(["Ġsch", "lÃ", "¤ft"])
    ['▁sch', 'l', 'äft']
    """
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    texts = [decoder.decode(bytes(_BYTES[letter] for letter in piece)).replace(" ", "▁") for piece in pieces]
    rest = decoder.decode(b"", final=True)
    return [*texts[:-1], texts[-1] + rest] if texts else []


def from_continuations(pieces: Sequence[str]) -> list[str]:
    """WordPiece, which marks the pieces that go on.

    >>> from_continuations(["go", "##ing"])
    ['▁go', 'ing']
    """
    return [piece[2:] if piece.startswith("##") else f"▁{piece}" for piece in pieces]


_MARKS: dict[str, tuple[Callable[[str], bool], Callable[[Sequence[str]], list[str]]]] = {
    "SentencePiece": (lambda piece: piece.startswith("▁"), list),
    "byte-level BPE": (lambda piece: piece.startswith("Ġ"), from_bytes),
    "WordPiece": (lambda piece: piece.startswith("##"), from_continuations),
    "BPE with </w>": (lambda piece: piece.endswith("</w>"), list),
    "BPE with @@": (lambda piece: piece.endswith("@@"), list),
}
"""Kind of tokeniser -> how its marks are told, and its pieces with the mark of `SCHEME`."""

_REFUSED = ("BPE with </w>", "BPE with @@")


def marks_of(vocabulary: Iterable[str]) -> str:
    """The kind of tokeniser, by the mark that most pieces of its vocabulary have; "" where none has any.

    >>> marks_of(["<pad>", "▁the", "▁", "s", "Ġ"])
    'SentencePiece'
    """
    counts = dict.fromkeys(_MARKS, 0)
    for piece in vocabulary:
        for kind, (has_mark, _) in _MARKS.items():
            counts[kind] += has_mark(piece)
    kind = max(counts, key=lambda name: counts[name])
    return kind if counts[kind] else ""


class Pieces:
    """The names that an archive gives to ids: pieces with the mark of `SCHEME`, and sentence ends as in OpenNMT-py.

    Args:
        end: id of the token that closes a sentence.
        is_marked: False: pieces stay as the tokeniser has them, and nothing says where words begin.

    Raises:
        InputError: nothing tells where the words of this tokeniser begin.
    """

    def __init__(self, tokenizer: Any, path: object, end: int, is_marked: bool = True) -> None:
        self._tokenizer, self._end = tokenizer, end
        self._mark = _marker(tokenizer, path) if is_marked else list
        self._unmarked = {*tokenizer.all_special_ids, end} - {tokenizer.unk_token_id}
        # Marian may have two vocabularies, and its tokeniser gives the names of the target's alone
        separate = getattr(tokenizer, "separate_vocabs", False)
        self._source_names = {id: piece for piece, id in tokenizer.get_vocab().items()} if separate else {}

    def source(self, ids: Sequence[int]) -> list[str]:
        return self._names(ids, [self._source_names.get(id) or self._tokenizer.convert_ids_to_tokens(id) for id in ids])

    def target(self, ids: Sequence[int]) -> list[str]:
        return self._names(ids, [self._tokenizer.convert_ids_to_tokens(id) for id in ids])

    def _names(self, ids: Sequence[int], pieces: list[str]) -> list[str]:
        """``pieces`` with marks, but for special tokens, which are no text."""
        marked = iter(self._mark([piece for id, piece in zip(ids, pieces) if id not in self._unmarked]))
        names = (piece if id in self._unmarked else next(marked) for id, piece in zip(ids, pieces))
        return ["</s>" if id == self._end else name for id, name in zip(ids, names)]


def _marker(tokenizer: Any, path: object) -> Callable[[Sequence[str]], list[str]]:
    kind = marks_of(tokenizer.get_vocab())
    if kind == "" or kind in _REFUSED:
        what = f"is {kind}" if kind else "marks no words"
        raise InputError(
            f"{path}: its tokeniser ({type(tokenizer).__name__}) {what}; archives know the words of SentencePiece, "
            "byte-level BPE and WordPiece. --segmentation none counts pieces alone"
        )
    return _MARKS[kind][1]
