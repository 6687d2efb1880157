"""ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) with words of any alphabet."""

from __future__ import annotations

from statistics import fmean
from typing import Sequence

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import Tokenizer

from .metric import MetricScore, library
from .words import words

VARIANTS = ("rouge1", "rouge2", "rougeL")


class WordTokenizer(Tokenizer):
    """Unicode words, lower-cased; rouge_score's own tokeniser deletes every letter but a to z."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def score_rouge(hypotheses: Sequence[str], references: Sequence[str]) -> dict[str, MetricScore]:
    """F1 x 100 of each variant, the score of the file being the mean over sentences.

    Case and punctuation are ignored. A sentence without a word on either side has 0.

    Returns:
        ``rouge1``, ``rouge2`` (n-gram overlap) and ``rougeL`` (longest common subsequence).
    """
    scorer = RougeScorer(list(VARIANTS), tokenizer=WordTokenizer())
    results = [scorer.score(target=ref, prediction=hyp) for hyp, ref in zip(hypotheses, references)]
    signature = f"F1, {library('rouge_score')}, Unicode words, lower-cased, no stemming, mean over sentences"
    scores = {}
    for variant in VARIANTS:
        sentences = [100 * float(result[variant].fmeasure) for result in results]
        scores[variant] = MetricScore(fmean(sentences), sentences, signature)
    return scores
