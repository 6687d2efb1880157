"""chrF2, the character n-gram F-score (Popović 2015), as sacrebleu computes it."""

from __future__ import annotations

from typing import Sequence

from sacrebleu.metrics import CHRF

from .metric import MetricScore


def score_chrf(
    hypotheses: Sequence[str], references: Sequence[str], *, lowercase: bool = False
) -> MetricScore:
    """Corpus chrF2 (character 1- to 6-grams without spaces, beta 2), and that of each sentence.

    ``details["sentence_statistics"]`` holds, per sentence and for 1- to 6-grams, the counts in
    the hypothesis, in the reference and in both: their sums over any sample of sentences give
    its corpus chrF.

    Args:
        hypotheses: N sentences.
        references: N sentences.
        lowercase: ignore case.
    """
    metric = CHRF(lowercase=lowercase)
    corpus = metric.corpus_score(hypotheses, [references]).score
    sentences = [metric.sentence_score(hyp, [ref]).score for hyp, ref in zip(hypotheses, references)]
    details = {"sentence_statistics": metric._extract_corpus_statistics(hypotheses, [references])}
    return MetricScore(corpus, sentences, str(metric.get_signature()), details)
