"""BLEU (Papineni et al. 2002), as sacrebleu computes it (Post 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sacrebleu.metrics import BLEU

from .metric import MetricScore, Texts

FROM_SUMS = BLEU()
"""Scores summed statistics, to which tokeniser and case do not matter."""


def score_bleu(texts: Texts) -> MetricScore:
    """Corpus BLEU, and BLEU of each sentence.

    A sentence's BLEU uses the n-gram orders that the hypothesis is long enough for
    (sacrebleu's ``eff:yes``); an empty hypothesis has 0. ``details["sentence_statistics"]``
    holds, per sentence, hypothesis length, reference length, matches of 1- to 4-grams and
    totals of 1- to 4-grams: their sums over any sample of sentences give its corpus BLEU. Of several
    references all n-grams count, and the length of the one that is closest to the hypothesis.
    """
    # force silences the warning about tokenised text where tokenised text was asked for
    force = texts.bleu_tokenize == "none"
    options: dict[str, Any] = {"tokenize": texts.bleu_tokenize, "lowercase": texts.lowercase, "force": force}
    metric = BLEU(**options)
    corpus = metric.corpus_score(texts.hypotheses, texts.all_references)
    per_sentence = BLEU(effective_order=True, **options)
    pairs = zip(texts.hypotheses, *texts.all_references)
    sentences = [per_sentence.sentence_score(hyp, refs) for hyp, *refs in pairs]
    details = {
        "precisions": list(corpus.precisions),
        "brevity_penalty": corpus.bp,
        "hypothesis_length": corpus.sys_len,
        "reference_length": corpus.ref_len,
        "sentence_signature": str(per_sentence.get_signature()),
        "sentence_statistics": [[s.sys_len, s.ref_len, *s.counts, *s.totals] for s in sentences],
    }
    return MetricScore(corpus.score, [s.score for s in sentences], str(metric.get_signature()), details)


def corpus_bleu(sums: Sequence[float]) -> float:
    """BLEU of summed statistics."""
    return FROM_SUMS._compute_score_from_stats([int(count) for count in sums]).score
