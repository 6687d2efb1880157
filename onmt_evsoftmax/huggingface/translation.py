"""A translation model of Transformers with its tokeniser: text to ids and back, and beam search."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import torch
from torch import Tensor

from ..base.errors import InputError
from ..base.files import PathLike
from .languages import is_multilingual, known, language_token, set_languages
from .names import ELSEWHERE, AttentionFunctions

UNSET_LENGTH = 20
"""The ``max_length`` of a generation_config that nobody wrote."""
LONGEST_TRANSLATION = 256
"""Tokens of a translation where the model's generation_config says nothing."""


class TranslationModel:
    """An encoder-decoder model in evaluation mode, in float32, with its tokeniser.

    A target is the list of ids that the decoder predicts: a forced beginning such as a language, the sentence, and the
    closing token. The decoder reads `start` and the target without its last id.

    Attributes:
        model: from `load_model`.
        tokenizer: from `load_tokenizer`.
        start: id that the decoder reads first.
        prefix: ids that come before every translation.
        end: id that closes it.
    """

    def __init__(self, model: Any, tokenizer: Any, path: PathLike) -> None:
        self.model, self.tokenizer, self.path = model.eval(), tokenizer, path
        end = tokenizer.eos_token_id
        self.end: int = tokenizer.sep_token_id if end is None else end
        self.start, self.prefix = self._beginning()

    @property
    def device(self) -> torch.device:
        return self.model.device

    @property
    def pad(self) -> int:
        pad = self.tokenizer.pad_token_id
        return self.end if pad is None else pad

    def _beginning(self) -> tuple[int, list[int]]:
        """What the decoder reads first, and what it is made to say first."""
        settings = self.model.generation_config
        start = settings.decoder_start_token_id
        start = settings.bos_token_id if start is None else start
        if is_multilingual(self.tokenizer):
            language = language_token(self.tokenizer, self.tokenizer.tgt_lang)
            assert language is not None, "`load_tokenizer` has looked"
            languages = {language_token(self.tokenizer, code) for code in known(self.tokenizer)}
            # the older mBART reads the language first, where others say it first
            return (language, []) if start is None or start in languages else (start, [language])
        if start is None:
            raise InputError(f"{self.path}: nothing says what its decoder reads first; set decoder_start_token_id")
        said = self.tokenizer(text_target="").input_ids
        said = said[: said.index(self.end)] if self.end in said else []
        forced = settings.forced_bos_token_id
        return start, [forced] if forced is not None and forced not in said else said

    def encode_sources(self, lines: Sequence[str]) -> list[list[int]]:
        """What the encoder reads, special tokens included."""
        return [self.tokenizer(line).input_ids for line in lines]

    def encode_targets(self, lines: Sequence[str]) -> list[list[int]]:
        """The targets of translations that are text."""
        sentences = (self.tokenizer(text_target=line, add_special_tokens=False).input_ids for line in lines)
        return [[*self.prefix, *sentence, self.end] for sentence in sentences]

    def translate(
        self, sources: Sequence[Sequence[int]], *, beam_size: Optional[int] = None, batch_size: int = 32
    ) -> Iterator[list[int]]:
        """The targets of sources, in order, by beam search; what came to no end is closed.

        Args:
            beam_size: default: what the model's generation_config says.
        """
        options: dict[str, Any] = {"decoder_start_token_id": self.start, **self._longest_translation()}
        if is_multilingual(self.tokenizer):
            options["forced_bos_token_id"] = self.prefix[0] if self.prefix else None
        if beam_size is not None:
            options["num_beams"] = beam_size
        for begin in range(0, len(sources), batch_size):
            ids, mask = self.pad_right(sources[begin : begin + batch_size])
            with torch.no_grad():
                found = self.model.generate(input_ids=ids, attention_mask=mask, **options)
            for row in found.tolist():
                said = row[1:]  # the decoder's start
                closed = said.index(self.end) if self.end in said else len(_without_padding(said, self.pad))
                yield [*said[:closed], self.end]

    def _longest_translation(self) -> dict[str, int]:
        settings = self.model.generation_config
        if settings.max_new_tokens is not None or settings.max_length not in (None, UNSET_LENGTH):
            return {}
        return {"max_new_tokens": int(min(LONGEST_TRANSLATION, self.limits[1] - 1))}

    def text(self, target: Sequence[int]) -> str:
        """A target as a line of text."""
        return " ".join(self.tokenizer.decode(target, skip_special_tokens=True).split("\n")).strip()

    @property
    def limits(self) -> tuple[float, float]:
        """The most tokens that a source, and a target, can have; infinity where positions are relative."""
        encoder, decoder = (
            getattr(part.config, "max_position_embeddings", None) or math.inf
            for part in (self.model.get_encoder(), self.model.get_decoder())
        )
        return encoder, decoder

    def pad_right(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Ids and mask ``[batch, longest]``, on the model's device."""
        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), self.pad)
        mask = torch.zeros(len(rows), longest, dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
            mask[number, : len(row)] = 1
        return ids.to(self.device), mask.to(self.device)


def _without_padding(ids: list[int], pad: int) -> list[int]:
    while ids and ids[-1] == pad:
        ids = ids[:-1]
    return ids


def load_tokenizer(path: PathLike, src_lang: Optional[str] = None, tgt_lang: Optional[str] = None) -> Any:
    """The tokeniser that lies in a model's folder, set to its languages where it has any.

    Nothing is downloaded, and no code of the folder is run.

    Raises:
        InputError: there is none, it cannot be read, or a language is missing or unknown.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(Path(path), local_files_only=True)
    except Exception as error:  # a missing or damaged file makes it raise a dozen kinds
        raise InputError(
            f"{path}: its tokeniser cannot be read ({_first_line(error)}); save it beside the model with "
            "tokenizer.save_pretrained"
        ) from error
    set_languages(tokenizer, path, src_lang, tgt_lang)
    return tokenizer


def functions_of(config: Any) -> AttentionFunctions:
    """The functions that a configuration names, softmax where it names none of ours."""
    name = getattr(config, "_attn_implementation", None)
    return (AttentionFunctions.parse(name) if isinstance(name, str) else None) or AttentionFunctions(
        ELSEWHERE, ELSEWHERE
    )


def load_model(path: PathLike, **options: Any) -> Any:
    """The encoder-decoder model that lies in a folder, in float32.

    Args:
        options: for ``from_pretrained``.

    Raises:
        InputError: it has no encoder and decoder, or cannot be read.
    """
    from transformers import AutoModelForSeq2SeqLM

    config = read_config(path)
    if not config.is_encoder_decoder:
        raise InputError(f"{path}: {config.model_type} has no encoder and decoder; attend needs a translation model")
    try:
        return AutoModelForSeq2SeqLM.from_pretrained(Path(path), local_files_only=True, **options).float()
    except InputError:
        raise
    except Exception as error:  # a missing or damaged file makes it raise a dozen kinds
        raise InputError(f"{path}: not a readable model of Transformers: {_first_line(error)}") from error


def read_config(path: PathLike) -> Any:
    """The configuration that lies in a model's folder.

    Raises:
        InputError: it cannot be read.
    """
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(Path(path), local_files_only=True)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: not a readable model of Transformers: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), 'no more is known')}"
