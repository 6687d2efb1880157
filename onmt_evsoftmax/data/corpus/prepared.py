"""What a prepared folder says of the texts in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...base.documents import read_json
from ...base.files import PathLike
from .manifest import FORMAT, MANIFEST, VERSION


@dataclass(frozen=True)
class PreparedText:
    """A text that ``prepare`` wrote.

    Attributes:
        manifest: the file that says so.
        language: of the text.
        other: the language of the other side.
    """

    manifest: Path
    language: str
    other: str


def prepared_text(path: PathLike) -> Optional[PreparedText]:
    """What the manifest beside a text says of it; None without a manifest, or if it does not list the text.

    ``prepare`` lists every text that it keeps: ``SPLIT.LANG``, ``SPLIT.tok.LANG`` and, but for the
    training text, ``SPLIT.raw.LANG``. A ``manifest.json`` of something else says nothing.

    Raises:
        InputError: the manifest cannot be read.
    """
    path = Path(path)
    manifest = path.with_name(MANIFEST)
    if not manifest.is_file():
        return None
    document = read_json(manifest, "make it again with: onmt_evsoftmax prepare, or move it away")
    try:
        ours = (document["format"], document["version"]) == (FORMAT, VERSION)
        if not ours or path.name not in document["files"]:
            return None
        sides = document["settings"]["src_lang"], document["settings"]["tgt_lang"]
    except (KeyError, TypeError):
        return None
    language = path.name.rpartition(".")[2]
    if language not in sides or not all(isinstance(side, str) for side in sides):
        return None  # a vocabulary or a subword model
    return PreparedText(manifest, language, next(side for side in sides if side != language))
