"""The languages of a multilingual tokeniser: those that the user gave, or that it was saved with."""

from __future__ import annotations

import re
from typing import Any, Optional

from ..base.errors import InputError
from ..base.suggestions import suggestion

CODE = re.compile(r"[a-z]{2,3}_[A-Za-z]{2,4}")
"""A language of NLLB (``deu_Latn``) or mBART (``de_DE``) among the special tokens."""


def is_multilingual(tokenizer: Any) -> bool:
    """Whether it marks sentences with their language: NLLB, M2M100, mBART and their like."""
    return hasattr(type(tokenizer), "src_lang")


def set_languages(tokenizer: Any, path: object, source: Optional[str], target: Optional[str]) -> None:
    """Tell a tokeniser which languages it reads and writes.

    Raises:
        InputError: a language is missing, unknown, or given to a tokeniser that has none.
    """
    for side, code in (("src", source), ("tgt", target)):
        if not is_multilingual(tokenizer):
            if code is not None and not (side == "tgt" and target_prefixes(tokenizer)):
                raise InputError(f"--{side}_lang {code}: the tokeniser of {path} has no languages; leave it out")
            continue
        # an attribute would not do: most say English where nobody chose
        code = code or tokenizer.init_kwargs.get(f"{side}_lang")
        if code is None:
            raise InputError(
                f"{path}: translates between many languages; give --src_lang and --tgt_lang, of: {_some(tokenizer)}"
            )
        if language_token(tokenizer, code) is None:
            raise InputError(f"--{side}_lang {code}: no language of {path}; {suggestion(code, known(tokenizer))}")
        setattr(tokenizer, f"{side}_lang", code)


def language_token(tokenizer: Any, code: str) -> Optional[int]:
    """The id of the token that stands for a language; None where there is no such language."""
    if code not in known(tokenizer):
        return None
    token = tokenizer.get_lang_token(code) if hasattr(tokenizer, "get_lang_token") else code
    return tokenizer.convert_tokens_to_ids(token)


def known(tokenizer: Any) -> list[str]:
    """The codes of its languages."""
    codes = getattr(tokenizer, "lang_code_to_token", None)
    return [*codes] if codes else [token for token in tokenizer.all_special_tokens if CODE.fullmatch(token)]


def target_prefixes(tokenizer: Any) -> list[str]:
    """What Marian's models with several target languages want before a source sentence: ``>>deu<<``."""
    return list(getattr(tokenizer, "supported_language_codes", None) or [])


def with_target_prefix(tokenizer: Any, path: object, lines: list[str], target: Optional[str]) -> list[str]:
    """The lines, each with the target language where Marian wants it.

    Raises:
        InputError: a line has no prefix and no language was given, or one that is not known.
    """
    prefixes = target_prefixes(tokenizer)
    if not prefixes:
        return lines
    if target is not None:
        if f">>{target}<<" not in prefixes:
            codes = [prefix[2:-2] for prefix in prefixes]
            raise InputError(f"--tgt_lang {target}: no language of {path}; {suggestion(target, codes)}")
        return [f">>{target}<< {line}" for line in lines]
    for number, line in enumerate(lines, start=1):
        if not line.startswith(tuple(prefixes)):
            raise InputError(
                f"{path}: has several target languages, and line {number} of the source names none; give --tgt_lang, "
                f"of: {', '.join(prefix[2:-2] for prefix in prefixes)}"
            )
    return lines


def _some(tokenizer: Any, most: int = 12) -> str:
    codes = known(tokenizer)
    more = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(codes[:most]) + more
