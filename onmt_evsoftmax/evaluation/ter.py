"""TER, the translation edit rate (Snover et al. 2006), as sacrebleu computes it."""

from __future__ import annotations

from collections.abc import Sequence

from sacrebleu.metrics import TER

from ..base.errors import InputError
from .metric import MetricScore, Texts

LONGEST = 500
"""Words on both sides of a line, at most: the search for shifts takes more than two minutes for 1,000."""

FROM_SUMS = TER()


def score_ter(texts: Texts) -> MetricScore:
    """Corpus TER, 100 · edits / words of the reference, and that of each sentence; less is better.

    Edits insert, delete or replace a word, or shift a run of words. Case is ignored; words are what spaces part.
    ``details["sentence_statistics"]`` holds edits and words of each sentence: their sums over any sample of
    sentences give its corpus TER. An empty hypothesis has 100, a long one more. Of several references the one
    with the fewest edits counts, over their mean length.

    Raises:
        InputError: hypothesis and reference of a line are both longer than `LONGEST`.
    """
    references = texts.all_references
    for number, (hypothesis, *others) in enumerate(zip(texts.hypotheses, *references), 1):
        words, longest = len(hypothesis.split()), max(len(other.split()) for other in others)
        if min(words, longest) > LONGEST:
            raise InputError(
                f"line {number}: {words} words against {longest}; TER would take minutes to hours above {LONGEST} "
                "on both sides: leave ter out of --metrics, or cut the line"
            )
    metric = TER()
    rows = metric._extract_corpus_statistics(texts.hypotheses, references)
    sentences = [corpus_ter(row) for row in rows]
    corpus = metric._aggregate_and_compute(rows).score
    return MetricScore(corpus, sentences, str(metric.get_signature()), {"sentence_statistics": rows})


def corpus_ter(sums: Sequence[float]) -> float:
    """TER of summed statistics; 100 for words against references without any, 0 for nothing against nothing."""
    return FROM_SUMS._compute_score_from_stats(list(sums)).score
