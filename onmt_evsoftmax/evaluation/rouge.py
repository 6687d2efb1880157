"""ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) with words of any alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from rapidfuzz.distance import LCSseq
from rouge_score import scoring
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import Tokenizer

from .metric import MetricScore, best_of, library
from .words import words

VARIANTS = ("rouge1", "rouge2", "rougeL")


class WordTokenizer(Tokenizer):
    """Unicode words, lower-cased; rouge_score's own tokeniser deletes every letter but a to z."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def score_rouge(
    hypotheses: Sequence[str], references: Sequence[str], *, further: Sequence[Sequence[str]] = ()
) -> dict[str, MetricScore]:
    """F1 x 100 of each variant, the score of the file being the mean over sentences.

    Case and punctuation are ignored. A sentence without a word on either side has 0. Of several
    references the best counts, for each variant and sentence, as in rouge_score's ``score_multi``.

    Args:
        hypotheses: N sentences.
        references: N sentences.
        further: further references, N sentences each.

    Returns:
        ``rouge1``, ``rouge2`` (n-gram overlap) and ``rougeL`` (longest common subsequence).
    """
    scorer = RougeScorer(["rouge1", "rouge2"], tokenizer=WordTokenizer())
    found: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for hyp, *refs in zip(hypotheses, references, *further):
        ngrams = scorer.score_multi(refs, hyp)
        found["rouge1"].append(100 * float(ngrams["rouge1"].fmeasure))
        found["rouge2"].append(100 * float(ngrams["rouge2"].fmeasure))
        found["rougeL"].append(100 * max(_rouge_l(words(hyp), words(ref)) for ref in refs))
    signature = f"F1, {library('rouge_score')}, Unicode words, lower-cased, no stemming, mean over sentences"
    signature += best_of(further)
    return {variant: MetricScore(fmean(scores), scores, signature) for variant, scores in found.items()}


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
