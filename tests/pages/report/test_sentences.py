"""Which sentences come first, and what is marked in them."""

from __future__ import annotations

import doctest
import html
import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onmt_evsoftmax.evaluation.runs import group_by_seed, read_runs
from onmt_evsoftmax.pages.report import sentences
from onmt_evsoftmax.pages.report.sentences import bleu_differences, extremes, mark_differences, page_order


def test_examples_in_the_docstrings():
    assert doctest.testmod(sentences).failed == 0


@given(st.integers(0, 200), st.lists(st.integers(0, 199), unique=True, max_size=8))
def test_every_sentence_comes_once_and_any_beginning_is_spread(size, first):
    first = [number for number in first if number < size]
    order = list(page_order(size, first))
    assert sorted(order) == list(range(size)) and order[: len(first)] == first
    rest = list(page_order(size))
    for count in (size // 4, size // 2):
        gaps = np.diff(sorted([-1, *rest[:count], size]))
        if count > 1:
            assert gaps.max() <= 4 * size / count + 1


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.integers(0, 5))
def test_extremes_are_those_of_a_full_sort(values, count):
    best, worst = extremes(np.array(values, dtype=float), count)
    assert [values[i] for i in best] == sorted((v for v in values if v > 0), reverse=True)[:count]
    assert [values[i] for i in worst] == sorted(v for v in values if v < 0)[:count]
    assert not set(best) & set(worst)


def test_differences_are_the_mean_over_shared_seeds(sweep):
    paths = [
        sweep / f"{name}.{seed}" / "test_one.json"
        for name, seed in (("softmax", 1), ("softmax", 2), ("evsoftmax", 1), ("evsoftmax", 2))
    ]
    runs, _ = read_runs([str(path) for path in paths])
    groups = group_by_seed(runs)
    bleu = {(run.function, run.seed): run.sentence_scores["bleu"] for run in runs}
    expected = [
        (bleu["evsoftmax", 1][i] + bleu["evsoftmax", 2][i] - bleu["softmax", 1][i] - bleu["softmax", 2][i]) / 2
        for i in range(12)
    ]
    assert bleu_differences(groups, "evsoftmax", "softmax") == pytest.approx(expected)
    del groups["softmax"][1]
    alone = bleu["evsoftmax", 2] - bleu["softmax", 2]
    assert bleu_differences(groups, "evsoftmax", "softmax") == pytest.approx(alone)
    assert bleu_differences({"evsoftmax": groups["evsoftmax"]}, "evsoftmax", "softmax") is None


WORDS = st.lists(st.sampled_from(["a", "b", "<c>", "&", "</script>"]), max_size=8).map(" ".join)


@given(WORDS, WORDS)
def test_marks_leave_the_text_and_what_is_not_marked_is_common(text, other):
    marked = mark_differences(text, other)
    assert html.unescape(re.sub("</?mark>", "", marked)) == text
    kept = html.unescape(re.sub("<mark>.*?</mark>", " ", marked)).split()
    words = iter(other.split())
    assert all(word in words for word in kept)  # a subsequence of the other
    assert ("<mark>" in marked) == (len(kept) < len(text.split()))


def test_equal_texts_have_no_marks():
    for text, other in itertools.permutations(["x y", "x  y"], 2):
        assert mark_differences(text, other) == "x y"
