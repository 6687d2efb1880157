"""chrF2 (Popović 2015) and chrF2++ (Popović 2017), the character n-gram F-scores, as sacrebleu computes them."""

from __future__ import annotations

from collections.abc import Sequence

from sacrebleu.metrics import CHRF

from .metric import MetricScore, Texts

WORD_ORDER = 2
"""The longest word n-grams of chrF++."""

CHARACTERS, WITH_WORDS = CHRF(), CHRF(word_order=WORD_ORDER)
"""Score summed statistics, to which case does not matter."""


def score_chrf(texts: Texts) -> MetricScore:
    """Corpus chrF2 (character 1- to 6-grams without spaces, beta 2), and that of each sentence.

    ``details["sentence_statistics"]`` holds, per sentence and for 1- to 6-grams, the counts in
    the hypothesis, in the reference and in both: their sums over any sample of sentences give
    its corpus chrF. Of several references each sentence is compared with the one that scores best.
    """
    return _score(texts, CHRF(lowercase=texts.lowercase))


def score_chrfpp(texts: Texts) -> MetricScore:
    """chrF2++: `score_chrf`, with 1- and 2-grams of words after those of characters."""
    return _score(texts, CHRF(lowercase=texts.lowercase, word_order=WORD_ORDER))


def corpus_chrf(sums: Sequence[float]) -> float:
    """chrF2 of summed statistics."""
    return CHARACTERS._compute_score_from_stats([int(count) for count in sums]).score


def corpus_chrfpp(sums: Sequence[float]) -> float:
    """chrF2++ of summed statistics."""
    return WITH_WORDS._compute_score_from_stats([int(count) for count in sums]).score


def _score(texts: Texts, metric: CHRF) -> MetricScore:
    rows = metric._extract_corpus_statistics(texts.hypotheses, texts.all_references)  # once: it is nearly all the time
    corpus = metric._aggregate_and_compute(rows).score
    sentences = [metric._aggregate_and_compute([row]).score for row in rows]
    return MetricScore(corpus, sentences, str(metric.get_signature()), {"sentence_statistics": rows})
