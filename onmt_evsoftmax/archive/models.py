"""The archives that are drawn side by side, and what they must have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..base.catalogue import printed_name
from ..base.errors import InputError
from ..base.files import PathLike
from . import AttentionArchive
from .segmentation import merge


@dataclass(frozen=True)
class Model:
    """An opened archive and, where the user gave one, a name for it."""

    archive: AttentionArchive
    name: Optional[str] = None

    @property
    def segmentation(self) -> str:
        return self.archive.metadata["segmentation"]

    def function(self, kind: str) -> str:
        """Printed name of the mapping that made this kind of attention."""
        return printed_name(self.archive.metadata["functions"][kind])

    @property
    def kinds(self) -> list[str]:
        return self.archive.metadata["kinds"]

    def words(self, sentence: int, side: str) -> list[str]:
        """The words of a side of a sentence, without reading any attention."""
        return merge(self.archive.tokens(sentence)[side], self.segmentation)

    def text(self, sentence: int, side: str) -> str:
        """A side as a line: the text that was read or, where that was pieces, their words without ``</s>``."""
        lines = self.archive.lines(side)
        if lines is not None:
            return lines[sentence]
        return " ".join(word for word in self.words(sentence, side) if word != "</s>")

    def lacks_words(self, sentence: int) -> bool:
        """Whether a side of a sentence has no tokens, as the source of an empty line."""
        return not all(self.archive.tokens(sentence).values())


def open_models(paths: Sequence[PathLike], names: Optional[Sequence[str]] = None) -> list[Model]:
    """Open every archive; ``names``, where given, has one name for each."""
    if names is not None and len(names) != len(paths):
        raise InputError(f"--names: {len(names)} names for {len(paths)} archives; give one for each")
    given: Sequence[Optional[str]] = names or [None] * len(paths)
    return [Model(AttentionArchive(path), name) for path, name in zip(paths, given)]


def titles(models: Sequence[Model], kind: str) -> list[str]:
    """One title for each model: its function, with a name where that alone does not tell them apart."""
    functions = [model.function(kind) for model in models]
    result = []
    for model, function in zip(models, functions):
        name = model.name
        if name is None and functions.count(function) > 1:
            name = str(model.archive.path.with_suffix(""))
        if name is None or function in name:
            result.append(name or function)
        else:
            result.append(f"{name} ({function})")
    return result


def require_kind(models: Sequence[Model], kind: str) -> None:
    """Raise `InputError` where an archive does not hold this kind of attention."""
    for model in models:
        model.archive.require(kind)


def require_same_source(models: Sequence[Model], sentence: int) -> None:
    """Raise `InputError` where the models did not read the same sentence.

    The same words are enough, models may cut them into different pieces. Targets may differ:
    they are different models' translations.
    """
    first, *others = models
    expected = first.text(sentence, "source").split()
    for other in others:
        if other.text(sentence, "source").split() != expected:
            raise InputError(
                f"{first.archive.path} and {other.archive.path}: sentence {sentence} has different sources; "
                "draw archives of the same test set"
            )
