"""METEOR (Lavie and Agarwal 2007), as nltk computes it, for languages that have no WordNet."""

from __future__ import annotations

from functools import lru_cache
from statistics import fmean

from nltk.stem.snowball import SnowballStemmer
from nltk.translate.meteor_score import meteor_score

from .languages import STEMMERS
from .metric import MetricScore, Texts, best_of, library
from .words import words_and_marks

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5


class NoSynonyms:
    """A WordNet that knows no synonyms: words match by form or by stem only."""

    def synsets(self, word: str) -> list:
        return []


class Stemmer:
    """Snowball's stemmer of a language; without one words stay as they are, and match by form only."""

    def __init__(self, lang: str) -> None:
        stem = SnowballStemmer(STEMMERS[lang]).stem if lang in STEMMERS else str
        self.stem = lru_cache(maxsize=None)(stem)  # nearly all of the time, and words come again


def score_meteor(texts: Texts) -> MetricScore:
    """Mean over sentences of METEOR x 100, with exact and stem matches.

    With P and R the matched share of hypothesis and reference tokens, m matches and c
    chunks of adjacent ones, a sentence scores ``P R / (α P + (1 - α) R) · (1 - γ (c / m)^β)``:
    a perfect one of m tokens has ``1 - γ / m^β``, a little less than 1. No match scores 0.
    Tokens are lower-cased words and punctuation marks. Of several references the best counts for
    each sentence (Lavie and Agarwal 2007, and nltk's ``meteor_score``).

    The stemmer is Snowball's of the language, see `STEMMERS`; a language that is not there has exact
    matches alone, and the signature says so.
    """
    lang = texts.lang
    stemmer = Stemmer(lang)
    sentences = [
        100
        * meteor_score(
            [words_and_marks(ref) for ref in refs],
            words_and_marks(hyp),
            stemmer=stemmer,
            wordnet=NoSynonyms(),
            alpha=ALPHA,
            beta=BETA,
            gamma=GAMMA,
        )
        for hyp, *refs in zip(texts.hypotheses, *texts.all_references)
    ]
    matches = f"exact+stem:{STEMMERS[lang]}" if lang in STEMMERS else f"exact, no stemmer for {lang}"
    signature = (
        f"{library('nltk')}, {matches}, no synonyms, "
        f"alpha {ALPHA:g} beta {BETA:g} gamma {GAMMA:g}, "
        f"words and punctuation marks, lower-cased, mean over sentences{best_of(texts.further)}"
    )
    return MetricScore(fmean(sentences), sentences, signature)
