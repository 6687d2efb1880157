"""English word forms: plurals, verb forms, comparison and the indefinite article."""

from __future__ import annotations

import re

VOWELS = "aeiou"
BE_PRESENT = ("am", "are", "is", "are", "are", "are")
BE_PAST = ("was", "were", "was", "were", "were", "were")
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_SILENT_H = ("hour", "honest")
_SOUNDS_LIKE_A_CONSONANT = ("uni", "use", "euro", "one")


def article(next_word: str) -> str:
    """``a`` or ``an``, by the sound of the next word."""
    word = next_word.lower()
    if word.startswith(_SILENT_H):
        return "an"
    if word[0] in VOWELS and not word.startswith(_SOUNDS_LIKE_A_CONSONANT):
        return "an"
    return "a"


def with_s(word: str) -> str:
    """Add the ending -s of a plural noun or of a verb in the third person."""
    if re.search(r"(s|x|z|ch|sh)$", word) or word in ("go", "do", "potato", "tomato"):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + "s"


def past(base: str) -> str:
    """Simple past and past participle of a regular verb."""
    if base.endswith("e"):
        return base + "d"
    if re.search(r"[^aeiou]y$", base):
        return base[:-1] + "ied"
    return _doubled(base) + "ed"


def gerund(base: str) -> str:
    """The form in -ing."""
    if base == "be":
        return "being"
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith("ee"):
        return base[:-1] + "ing"
    return _doubled(base) + "ing"


def comparison(adjective: str) -> tuple[str, str]:
    """Comparative and superlative: ``("older", "oldest")``."""
    irregular = {"good": ("better", "best"), "bad": ("worse", "worst")}
    if adjective in irregular:
        return irregular[adjective]
    if re.search(r"[^aeiou]y$", adjective):
        return adjective[:-1] + "ier", adjective[:-1] + "iest"
    syllables = re.findall(r"[aeiou]+", re.sub(r"e$", "", adjective))
    if len(syllables) > 1 and adjective not in ("quiet", "narrow", "clever"):
        return "more " + adjective, "most " + adjective
    stem = adjective[:-1] if adjective.endswith("e") else _doubled(adjective)
    return stem + "er", stem + "est"


def _doubled(base: str) -> str:
    """Double the last consonant of a stressed short syllable: ``stop`` -> ``stopp``."""
    if re.fullmatch(r"(qu|[^aeiou])*[aeiou][bdgklmnprt]", base) or base in ("forget", "begin"):
        return base + base[-1]
    if base == "travel":
        return "travell"
    return base
