"""One system of a table: its hypotheses, their scores, and what its model attends to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..archive import AttentionArchive
from ..base.errors import InputError
from .attended import AttendedWords
from .metric import MetricScore, Texts
from .metrics import METRICS
from .text import TextFile


@dataclass(frozen=True)
class System:
    """A row of the table.

    Attributes:
        name: what the row is called.
        hypothesis: the file that was scored.
        scores: metric -> score, see `score_texts`.
        archive: the attention archive, if one was given.
        attended: what was counted in ``archive``.
        function: the mapping that the model attends with, as `compare` should call it.
        seed: the seed that it was trained with.
    """

    name: str
    hypothesis: TextFile
    scores: dict[str, MetricScore]
    archive: Optional[AttentionArchive] = None
    attended: Optional[AttendedWords] = None
    function: Optional[str] = None
    seed: Optional[int] = None


def score_texts(texts: Texts, metrics: Optional[Sequence[str]] = None) -> dict[str, MetricScore]:
    """The scores of hypotheses, in the order of `METRICS`.

    Nothing but empty lines scores 0 in each. Of several references BLEU counts the n-grams of all, TER the edits
    of the closest; the others take the best one of each sentence. Signatures give their number.

    Args:
        texts: what to score.
        metrics: of `METRICS`; None: those that are computed by default.

    Raises:
        InputError: a metric needs the source, or cannot score a line.
    """
    scores = {}
    for name, row in METRICS.items():
        if row.default if metrics is None else name in metrics:
            if row.needs_source and texts.source is None:
                raise InputError(f"{row.printed_name} needs the source; give it with --src FILE")
            scores[name] = row.score(texts)
    return scores


def system_names(paths: Sequence[str], names: Optional[Sequence[str]]) -> list[str]:
    """``names``, or the file names without their ending where those differ, else the paths.

    Raises:
        InputError: there are more or fewer names than files, or two are the same.
    """
    if names is None:
        stems = [Path(path).stem for path in paths]
        names = stems if len(set(stems)) == len(stems) else [str(path) for path in paths]
    if len(names) != len(paths):
        raise InputError(f"--names: {len(names)} names for {len(paths)} hypothesis files; give one for each")
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"--names: two systems are called {repeated[0]!r}; give each a name of its own")
    return list(names)


def check_archive_fits(
    archive: AttentionArchive, hypothesis: TextFile, segmentation: str, source: Optional[TextFile] = None
) -> None:
    """Check that an archive was made from these very hypotheses (and sources).

    An archive that holds the text it was made from is compared line by line. Otherwise the pieces are, where the
    hypothesis file still holds them, that is where its ``segmentation`` is that of the archive; where it does not,
    the number of sentences must do.

    Raises:
        InputError: naming the archive, the file and the first sentence that differs.
    """
    if len(archive) != len(hypothesis.lines):
        raise InputError(
            f"{archive.path} holds {len(archive)} sentences but {hypothesis.path} has "
            f"{len(hypothesis.lines)} lines; give each hypothesis file the archive that was made from it"
        )
    holds_pieces = segmentation != "none" and segmentation == archive.metadata["segmentation"]
    for side, file, is_compared in (("target", hypothesis, holds_pieces), ("source", source, True)):
        lines = archive.lines(side)
        if file is not None and lines is not None:
            _check_lines(archive, file, lines)
        elif file is not None and is_compared:
            _check_pieces(archive, file, [sentence[side] for sentence in archive.metadata["sentences"]])


def _check_lines(archive: AttentionArchive, file: TextFile, archived: Sequence[str]) -> None:
    for index, (line, text) in enumerate(zip(file.lines, archived)):
        if line != text:
            raise _other_line(archive, index, file, text)


def _check_pieces(archive: AttentionArchive, file: TextFile, archived: Sequence[Sequence[str]]) -> None:
    for index, (line, tokens) in enumerate(zip(file.lines, archived)):
        kept = tokens[:-1] if tokens and tokens[-1] == "</s>" else tokens
        pieces = line.split()
        # the model's own view of a piece that it does not know is <unk>
        same = all(token in (piece, "<unk>") for token, piece in zip(kept, pieces))
        if not same or len(kept) != len(pieces):
            raise _other_line(archive, index, file, " ".join(kept))


def _other_line(archive: AttentionArchive, index: int, file: TextFile, text: str) -> InputError:
    return InputError(
        f"{archive.path}: sentence {index} is not line {index + 1} of {file.path}: {text!r} and {file.lines[index]!r}; "
        "give the files that the archive was made from"
    )
