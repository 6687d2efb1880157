"""Sentences in several splits are counted, whole pairs apart from single sides."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from onmt_evsoftmax.data.corpus.overlap import count_overlap


def test_counts_lines_of_the_later_split():
    report = count_overlap(
        {
            "train": (["a", "a", "b", "c"], ["A", "A", "B", "C"]),
            "valid": (["x"], ["X"]),
            "test": (["a", "b", "a", "y", "x"], ["A", "Z", "A", "C", "X"]),
        }
    )
    by_names = {(entry["found_in"], entry["split"]): entry for entry in report}
    assert set(by_names) == {("train", "valid"), ("train", "test"), ("valid", "test")}
    counts = {names: (entry["pairs"], entry["src"], entry["tgt"]) for names, entry in by_names.items()}
    assert counts == {
        ("train", "valid"): (0, 0, 0),
        ("train", "test"): (2, 3, 3),
        ("valid", "test"): (1, 1, 1),
    }


def test_a_source_and_a_target_of_different_pairs_are_no_pair():
    (entry,) = count_overlap({"train": (["a", "b"], ["A", "B"]), "test": (["a"], ["B"])})
    assert (entry["pairs"], entry["src"], entry["tgt"]) == (0, 1, 1)


def plain(splits):
    """Every line of the later split looked up in the set of the earlier one's."""
    report = []
    for (earlier, first), (later, second) in combinations(splits.items(), 2):
        found = {"split": later, "found_in": earlier}
        views = {"pairs": lambda split: zip(*split), "src": lambda split: split[0], "tgt": lambda split: split[1]}
        for what, of in views.items():
            known = set(of(first))
            found[what] = sum(line in known for line in of(second))
        report.append(found)
    return report


PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=8)


@settings(deadline=None, derandomize=True)
@given(st.lists(PAIRS, min_size=1, max_size=4))
def test_one_pass_counts_what_sets_count(texts):
    splits = {str(number): tuple(zip(*pairs)) for number, pairs in enumerate(texts)}
    assert count_overlap(splits) == plain(splits)
