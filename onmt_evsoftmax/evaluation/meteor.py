"""METEOR (Lavie and Agarwal 2007), as nltk computes it, for languages that have no WordNet."""

from __future__ import annotations

from statistics import fmean
from typing import Sequence

from nltk.stem.snowball import SnowballStemmer
from nltk.translate.meteor_score import single_meteor_score

from ..errors import InputError
from .languages import STEMMERS
from .metric import MetricScore, library
from .words import words_and_marks

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5


class NoSynonyms:
    """A WordNet that knows no synonyms: words match by form or by stem only."""

    def synsets(self, word: str) -> list:
        return []


def score_meteor(hypotheses: Sequence[str], references: Sequence[str], *, lang: str = "de") -> MetricScore:
    """Mean over sentences of METEOR x 100, with exact and stem matches.

    With P and R the matched share of hypothesis and reference tokens, m matches and c
    chunks of adjacent ones, a sentence scores ``P R / (α P + (1 - α) R) · (1 - γ (c / m)^β)``:
    a perfect one of m tokens has ``1 - γ / m^β``, a little less than 1. No match scores 0.
    Tokens are lower-cased words and punctuation marks.

    Args:
        hypotheses: N sentences.
        references: N sentences.
        lang: whose Snowball stemmer to use, see `STEMMERS`.

    Raises:
        InputError: there is no stemmer for ``lang``.
    """
    if lang not in STEMMERS:
        raise InputError(f"METEOR has no stemmer for language {lang!r}; known: {', '.join(STEMMERS)}")
    stemmer = SnowballStemmer(STEMMERS[lang])
    sentences = [
        100 * single_meteor_score(
            words_and_marks(ref), words_and_marks(hyp), stemmer=stemmer, wordnet=NoSynonyms(),
            alpha=ALPHA, beta=BETA, gamma=GAMMA,
        )
        for hyp, ref in zip(hypotheses, references)
    ]
    signature = (
        f"{library('nltk')}, exact+stem:{STEMMERS[lang]}, no synonyms, "
        f"alpha {ALPHA:g} beta {BETA:g} gamma {GAMMA:g}, "
        f"words and punctuation marks, lower-cased, mean over sentences"
    )
    return MetricScore(fmean(sentences), sentences, signature)
