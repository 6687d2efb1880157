"""ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) with words of any alphabet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean

from rapidfuzz.distance import LCSseq
from rouge_score import scoring
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import Tokenizer

from .metric import MetricScore, Texts, best_of, library
from .words import words


class WordTokenizer(Tokenizer):
    """Unicode words, lower-cased; rouge_score's own tokeniser deletes every letter but a to z."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def score_rouge1(texts: Texts) -> MetricScore:
    """ROUGE-1: words in common."""
    return _score(texts, partial(_ngrams, "rouge1"))


def score_rouge2(texts: Texts) -> MetricScore:
    """ROUGE-2: pairs of adjacent words in common."""
    return _score(texts, partial(_ngrams, "rouge2"))


def score_rouge_l(texts: Texts) -> MetricScore:
    """ROUGE-L: the longest common subsequence of words."""
    return _score(texts, lambda hyp, refs: max(_rouge_l(words(hyp), words(ref)) for ref in refs))


def _score(texts: Texts, f1: Callable[[str, list[str]], float]) -> MetricScore:
    """F1 x 100 of each sentence, the score of the file being their mean.

    Case and punctuation are ignored. A sentence without a word on either side has 0. Of several
    references the best counts for each sentence, as in rouge_score's ``score_multi``.
    """
    sentences = [100 * f1(hyp, refs) for hyp, *refs in zip(texts.hypotheses, *texts.all_references)]
    signature = f"F1, {library('rouge_score')}, Unicode words, lower-cased, no stemming, mean over sentences"
    return MetricScore(fmean(sentences), sentences, signature + best_of(texts.further))


def _ngrams(variant: str, hypothesis: str, references: list[str]) -> float:
    scorer = RougeScorer([variant], tokenizer=WordTokenizer())
    return float(scorer.score_multi(references, hypothesis)[variant].fmeasure)


def _rouge_l(hypothesis: Sequence[str], reference: Sequence[str]) -> float:
    """F1 of the longest common subsequence of two lists of words.

    rouge_score fills a table of one cell per pair of words, 1.6 GB for 8,000 words on each side.
    The length of the subsequence is all that is needed, and takes one row of bits.
    """
    if not hypothesis or not reference:
        return 0.0
    numbers: dict[str, int] = {}  # rapidfuzz compares hashes; those of small numbers are the numbers
    hyp, ref = ([numbers.setdefault(word, len(numbers)) for word in side] for side in (hypothesis, reference))
    common = LCSseq.similarity(hyp, ref)
    return float(scoring.fmeasure(common / len(hyp), common / len(ref)))
