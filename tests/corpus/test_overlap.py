"""Sentences in several splits are counted, whole pairs apart from single sides."""

from __future__ import annotations

from onmt_evsoftmax.corpus.overlap import count_overlap


def test_counts_lines_of_the_later_split():
    report = count_overlap({
        "train": (["a", "a", "b", "c"], ["A", "A", "B", "C"]),
        "valid": (["x"], ["X"]),
        "test": (["a", "b", "a", "y", "x"], ["A", "Z", "A", "C", "X"]),
    })
    by_names = {(entry["found_in"], entry["split"]): entry for entry in report}
    assert set(by_names) == {("train", "valid"), ("train", "test"), ("valid", "test")}
    counts = {names: (entry["pairs"], entry["src"], entry["tgt"]) for names, entry in by_names.items()}
    assert counts == {
        ("train", "valid"): (0, 0, 0), ("train", "test"): (2, 3, 3), ("valid", "test"): (1, 1, 1),
    }


def test_a_source_and_a_target_of_different_pairs_are_no_pair():
    (entry,) = count_overlap({"train": (["a", "b"], ["A", "B"]), "test": (["a"], ["B"])})
    assert (entry["pairs"], entry["src"], entry["tgt"]) == (0, 1, 1)
