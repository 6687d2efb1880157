"""Learning subword models, checking given ones, and applying them: BPE (subword-nmt) and SentencePiece."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from ...base.errors import InputError
from ...base.files import PathLike, atomic_write
from ...base.progress import Bar

MODEL_FILES = {"bpe": "bpe.codes", "sentencepiece": "sentencepiece.model", "none": None}
"""Method -> name of the file that holds what was learned."""

CACHED_WORDS = 100_000
"""Words whose pieces are remembered. subword-nmt remembers every word of the text, in every process."""

LIBRARIES = {"bpe": ("subword-nmt",), "sentencepiece": ("sentencepiece",), "none": ()}


def learn_bpe(lines: Iterable[str], merges: int, path: PathLike, bar: Bar) -> int:
    """Learn BPE merges (Sennrich et al. 2016) and write them to ``path``.

    Returns:
        The number of merges learned: fewer than ``merges`` when no two symbols occur together twice any more.
    """
    from subword_nmt import learn_bpe as subword_nmt

    bar.start(merges)
    codes = _CountingWriter(bar.advance)
    with contextlib.redirect_stderr(io.StringIO()):  # its own progress bar and remarks
        try:
            subword_nmt.learn_bpe(lines, codes, merges)
        except ValueError:  # max() of no pairs at all
            pass
    learned = codes.writes - 1
    if learned < 1:
        raise InputError("segment: no two letters occur together twice in the training text: no BPE to learn")
    with atomic_write(path) as stream:
        stream.write(codes.getvalue())
    return learned


class _CountingWriter(io.StringIO):
    """subword-nmt writes once per merge, which is the only sign of progress that it gives."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        super().__init__()
        self.writes = 0
        self._advance = advance

    def write(self, text: str) -> int:
        if self.writes:  # the first is the version of the format
            self._advance(1)
        self.writes += 1
        return super().write(text)


def learn_sentencepiece(lines: Iterable[str], vocab_size: int, path: PathLike, bar: Bar, every: int = 1) -> int:
    """Learn a unigram SentencePiece model (Kudo 2018), write it to ``path``; returns its number of pieces.

    The text is clean by now, so it is taken as it is (identity normalization) and every character of
    it gets a piece: joining the pieces gives the line back. One thread, because the sums of
    several would be rounded in another order.

    Args:
        lines: the text; gone through twice.
        every: learn from the first of so many lines each time. The trainer of SentencePiece keeps what it
            learns from in memory. The characters of all lines get a piece still.
    """
    import sentencepiece

    bar.start()
    model = io.BytesIO()
    longest = 0
    characters: set[str] = set()
    for line in lines:
        longest = max(longest, len(line.encode()))
        characters.update(line)
    skipped: dict[str, Any] = {"required_chars": "".join(sorted(characters - {" "}))} if every > 1 else {}
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=islice(lines, 0, None, every),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocab_size,
            character_coverage=1.0,
            normalization_rule_name="identity",
            num_threads=1,
            max_sentence_length=longest + 1,
            minloglevel=2,
            **skipped,
        )
    except RuntimeError as error:
        raise InputError(
            f"segment.vocab_size {vocab_size}: SentencePiece cannot learn from this text: {error}"
        ) from None
    with atomic_write(path, "wb") as stream:
        stream.write(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()


def check_model(method: str, model: PathLike) -> dict:
    """``{"merges": N}`` of BPE codes, ``{"pieces": N}`` of a SentencePiece model.

    Raises:
        InputError: the file is no model of ``method``.
    """
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):  # subword-nmt says here what it does not like, and exits
            if method == "bpe":
                return {"merges": len(_bpe(model).bpe_codes)}
            return {"pieces": _sentencepiece(model).get_piece_size()}
    except (Exception, SystemExit) as error:
        problem = " ".join((complaint.getvalue() or str(error)).split())
        raise InputError(f"segment.model: {model}: no model of {LIBRARIES[method][0]}: {problem}") from None


def segmenter(method: str, model: PathLike) -> Callable[[str], str]:
    """A function that splits the words of a line into the pieces of a learned model."""
    if method == "bpe":
        return _bounded(_bpe(model))
    if method == "sentencepiece":
        processor = _sentencepiece(model)
        return lambda line: " ".join(processor.encode(line, out_type=str))
    return str


def _bounded(bpe: Any) -> Callable[[str], str]:
    def segment(line: str) -> str:
        if len(bpe.cache) > CACHED_WORDS:
            bpe.cache.clear()
        return bpe.segment(line)

    return segment


def _bpe(model: PathLike) -> Any:
    from subword_nmt.apply_bpe import BPE

    return BPE(io.StringIO(Path(model).read_text(encoding="utf-8")))


def _sentencepiece(model: PathLike) -> Any:
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(model))
