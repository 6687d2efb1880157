"""Which language the translations are in, and who says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..base.errors import InputError
from ..base.files import PathLike

STEMMERS = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
}
"""Language code -> name of its Snowball stemmer; METEOR takes exact matches alone without one."""


CODE = re.compile("[a-z]{2,3}")


@dataclass(frozen=True)
class Language:
    """The language of hypotheses and references.

    Attributes:
        code: such as ``de``.
        said_by: ``--lang``, or the manifest of `prepare` that names it.
        source: the language of the source; None where nothing says it.
    """

    code: str
    said_by: str
    source: Optional[str] = None


def find_language(references: Sequence[PathLike], given: Optional[str] = None) -> Language:
    """The language of the references, from ``--lang`` or from the manifests that `prepare` wrote beside them.

    Args:
        references: paths of one or more texts.
        given: what ``--lang`` says, if anything.

    Raises:
        InputError: nothing says it; what says it disagrees; ``given`` is unknown; or a file is missing.
    """
    from ..data.corpus.prepared import prepared_text

    if given is not None:
        given = given.lower()
        if not CODE.fullmatch(given):
            raise InputError(f"--lang {given!r}: give the code of a language, two or three letters, such as de")
    said: list[Language] = []
    for path in references:
        if not Path(path).exists():
            raise InputError(f"{path}: no such file")
        text = prepared_text(path)
        if text is not None:
            said.append(Language(text.language, str(text.manifest), text.other))
            if given not in (None, text.language):
                raise InputError(
                    f"--lang {given}: but {text.manifest} says that {path} is in {text.language!r}; "
                    "leave --lang out, or name the reference of the other side"
                )
    if len({language.code for language in said}) > 1:
        found = " and ".join(f"{language.code!r} ({language.said_by})" for language in said)
        raise InputError(f"--ref: the references are in {found}; give references in one language")
    if said:
        return said[0]
    if given is None:
        raise InputError(
            f"--lang is missing: no manifest.json of `prepare` beside {references[0]} says its language, and "
            "METEOR's stemmer and Moses' detokeniser depend on it; write for example --lang de"
        )
    return Language(given, "--lang")
