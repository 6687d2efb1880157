from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.rouge import WordTokenizer
from onmt_evsoftmax.evaluation.system import score_texts

from .testset import HYPOTHESES, REFERENCES

WORDS = ["der", "große", "Bär", "läuft", "über", "Straßen"]
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=8)

VARIANTS = ("rouge1", "rouge2", "rougeL")


def f1(matches, hyp_length, ref_length):
    return 200 * matches / (hyp_length + ref_length) if matches else 0.0


def lcs_length(a, b):
    """Longest common subsequence, by its recursive definition."""

    @cache
    def length(i, j):
        if i == len(a) or j == len(b):
            return 0
        if a[i] == b[j]:
            return 1 + length(i + 1, j + 1)
        return max(length(i + 1, j), length(i, j + 1))

    return length(0, 0)


def score_rouge(texts):
    return score_texts(texts, VARIANTS)


def ngrams(words, n):
    return Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))


@settings(deadline=None)
@given(SENTENCES, SENTENCES)
def test_equals_the_definition(hyp, ref):
    scores = score_rouge(Texts([" ".join(hyp)], [" ".join(ref)], "de"))
    assert scores["rougeL"].corpus == pytest.approx(f1(lcs_length(hyp, ref), len(hyp), len(ref)))
    for n in (1, 2):
        ours, theirs = ngrams(hyp, n), ngrams(ref, n)
        matches = sum((ours & theirs).values())
        expected = f1(matches, sum(ours.values()), sum(theirs.values()))
        assert scores[f"rouge{n}"].corpus == pytest.approx(expected)


@settings(deadline=None)
@given(*[st.lists(st.sampled_from(WORDS), min_size=1, max_size=90)] * 2)
def test_rouge_l_is_that_of_rouge_score_to_the_last_bit(hyp, ref):
    oracle = RougeScorer(["rougeL"], tokenizer=WordTokenizer()).score(" ".join(ref), " ".join(hyp))
    ours = score_rouge(Texts([" ".join(hyp)], [" ".join(ref)], "de"))["rougeL"].corpus
    assert ours == 100 * oracle["rougeL"].fmeasure


def test_of_several_references_the_best_counts_for_each_variant_as_in_rouge_score():
    others = [f"{line} Und mehr." for line in HYPOTHESES]
    oracle = RougeScorer(list(VARIANTS), tokenizer=WordTokenizer())
    ours = score_rouge(Texts(HYPOTHESES, REFERENCES, "de", further=[others]))
    for line, (hyp, *refs) in enumerate(zip(HYPOTHESES, REFERENCES, others)):
        theirs = oracle.score_multi(refs, hyp)
        for variant in VARIANTS:
            assert ours[variant].sentences[line] == 100 * theirs[variant].fmeasure
    assert ours["rougeL"].signature.endswith(", best of 2 references")
    assert "references" not in score_rouge(Texts(HYPOTHESES, REFERENCES, "de"))["rougeL"].signature


def test_words_that_differ_in_an_umlaut_are_different_words():
    pair = ["schön Maß"], ["schon Ma"]
    assert score_rouge(Texts(*pair, "de"))["rouge1"].corpus == 0
    default = RougeScorer(["rouge1"]).score("Bücher für Bär", "B cher f r B r")["rouge1"].fmeasure
    assert default == 1  # to rouge_score's own tokenizer they are the same
    assert score_rouge(Texts(["B cher f r B r"], ["Bücher für Bär"], "de"))["rouge1"].corpus == 0


def test_case_and_punctuation_do_not_matter():
    scores = score_rouge(Texts(["EIN HUND, GROSS"], ["ein Hund gross!"], "de"))
    assert [score.corpus for score in scores.values()] == [100, 100, 100]


def test_a_perfect_hypothesis_has_100():
    for score in score_rouge(Texts(REFERENCES, REFERENCES, "de")).values():
        assert [score.corpus, *score.sentences] == [100] * (1 + len(REFERENCES))


def test_empty_lines_and_lines_without_words_score_zero():
    for score in score_rouge(Texts(["", "", "drei Wörter", "?!"], ["ein Wort", "", "", "?!"], "de")).values():
        assert score.sentences == [0, 0, 0, 0]


def test_the_corpus_score_is_the_mean_over_sentences():
    for score in score_rouge(Texts(HYPOTHESES, REFERENCES, "de")).values():
        assert len(score.sentences) == len(REFERENCES)
        assert score.corpus == pytest.approx(sum(score.sentences) / len(REFERENCES))
        assert 0 < score.corpus < 100
