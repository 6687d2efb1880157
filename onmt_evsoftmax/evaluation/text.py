"""Line-aligned text: reading it, and turning a model's pieces back into plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..archive.segmentation import merge
from ..base.errors import InputError
from ..base.files import PathLike, read_lines, sha256

TOKENIZATIONS = ("none", "moses")
FORMS = tuple(f"{side}_{unit}" for side in ("hyp", "ref") for unit in ("segmentation", "tokenization"))
"""The settings that say in which form hypotheses and references come."""

MOSES_ESCAPES = ("&apos;", "&quot;", "&amp;", "&lt;", "&gt;", "&#91;", "&#93;", "&#124;")


@dataclass(frozen=True)
class TextFile:
    """A text file, as it is and as it is scored.

    Attributes:
        path: where it was read from.
        lines: the lines of the file.
        sentences: the same lines with pieces merged and tokens detokenised, as asked for.
        sha256: of the bytes of the file.
        notes: what looks wrong with ``sentences``, in words for the user.
    """

    path: Path
    lines: list[str]
    sentences: list[str]
    sha256: str
    notes: list[str]

    def describe(self) -> dict[str, Any]:
        """What identifies the file, for JSON."""
        return {"path": str(self.path), "sha256": self.sha256, "lines": len(self.lines)}


def load_text(
    path: PathLike, *, segmentation: str = "none", tokenization: str = "none", lang: Optional[str] = None
) -> TextFile:
    """Read a text file and restore its sentences.

    Args:
        path: UTF-8 text, one sentence per line; ``.gz`` is decompressed.
        segmentation: how the words were cut into pieces, see `onmt_evsoftmax.archive.segmentation`.
        tokenization: ``moses`` undoes Moses tokenisation and its escapes; ``none`` leaves
            the words as they are, with one space between them if pieces were merged.
        lang: language of the text; Moses detokenisation cannot do without it.

    Raises:
        InputError: the file is missing, is not UTF-8 or has no lines; or ``lang`` is needed.
    """
    lines = read_lines(path)
    if not lines:
        raise InputError(f"{path}: has no lines; expected one sentence per line")
    restore = restorer(segmentation, tokenization, lang)
    sentences = [restore(line) for line in lines]
    return TextFile(Path(path), lines, sentences, sha256(path), _leftovers(path, sentences))


def restorer(segmentation: str, tokenization: str, lang: Optional[str] = None) -> Callable[[str], str]:
    """The function that turns a line of pieces into a sentence.

    >>> restorer("bpe", "moses", "de")("Ein Dampf@@ schiff , &quot; Otto &quot; .")
    'Ein Dampfschiff, "Otto".'
    """
    if tokenization not in TOKENIZATIONS:
        raise InputError(f"unknown tokenization {tokenization!r}; known: {', '.join(TOKENIZATIONS)}")
    if segmentation == "none" and tokenization == "none":
        return str
    join = " ".join
    if tokenization == "moses":
        if lang is None:
            raise InputError("Moses tokenisation is undone by the rules of a language; say which one")
        from sacremoses import MosesDetokenizer

        join = MosesDetokenizer(lang).detokenize

    def restore(line: str) -> str:
        # a lone word-start or continuation mark makes an empty word
        return join([word for word in merge(line.split(), segmentation) if word])

    return restore


def check_aligned(files: Iterable[TextFile]) -> None:
    """Raise InputError, naming every file and its number of lines, unless all are as long."""
    files = list(files)
    if len({len(file.lines) for file in files}) > 1:
        counts = ", ".join(f"{file.path} has {len(file.lines)}" for file in files)
        raise InputError(f"files differ in their number of lines: {counts}; line N of each must be the same sentence")


def references_of(scores: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every reference of a file of scores or of a comparison, as `TextFile.describe` wrote it."""
    return [scores["reference"], *scores.get("further_references", [])]


def reference_paths(scores: Mapping[str, Any]) -> str:
    """The paths of `references_of`, in words."""
    return " and ".join(reference["path"] for reference in references_of(scores))


def _leftovers(path: PathLike, sentences: list[str]) -> list[str]:
    """Traces of pieces or escapes in text that is about to be scored as plain text."""
    words = [line.split() for line in sentences]
    pieces = sum(any(word.endswith("@@") or word.startswith("▁") for word in line) for line in words)
    escapes = sum(any(escape in line for escape in MOSES_ESCAPES) for line in sentences)
    notes = []
    if pieces:
        notes.append(
            f"{path}: {pieces} line(s) hold subword marks (@@ or ▁) that are scored as text; "
            f"were --hyp_segmentation or --ref_segmentation forgotten?"
        )
    if escapes:
        notes.append(
            f"{path}: {escapes} line(s) hold Moses escapes (such as &apos;) that are scored as text; "
            f"--hyp_tokenization moses or --ref_tokenization moses undoes them"
        )
    return notes
