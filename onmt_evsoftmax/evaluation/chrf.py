"""chrF2, the character n-gram F-score (Popović 2015), as sacrebleu computes it."""

from __future__ import annotations

from collections.abc import Sequence

from sacrebleu.metrics import CHRF

from .metric import MetricScore


def score_chrf(
    hypotheses: Sequence[str],
    references: Sequence[str],
    *,
    lowercase: bool = False,
    further: Sequence[Sequence[str]] = (),
) -> MetricScore:
    """Corpus chrF2 (character 1- to 6-grams without spaces, beta 2), and that of each sentence.

    ``details["sentence_statistics"]`` holds, per sentence and for 1- to 6-grams, the counts in
    the hypothesis, in the reference and in both: their sums over any sample of sentences give
    its corpus chrF. Of several references each sentence is compared with the one that scores best.

    Args:
        hypotheses: N sentences.
        references: N sentences.
        lowercase: ignore case.
        further: further references, N sentences each.
    """
    texts = [references, *further]
    metric = CHRF(lowercase=lowercase)
    rows = metric._extract_corpus_statistics(hypotheses, texts)  # once: counting is nearly all of the time
    corpus = metric._aggregate_and_compute(rows).score
    sentences = [metric._aggregate_and_compute([row]).score for row in rows]
    return MetricScore(corpus, sentences, str(metric.get_signature()), {"sentence_statistics": rows})
