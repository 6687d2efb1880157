"""Each reason to drop a pair, alone and in their order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onmt_evsoftmax.data.corpus.config import Filter
from onmt_evsoftmax.data.corpus.filtering import REASONS, filter_pairs

patient = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    "pair, settings, reason",
    [
        (("", "a"), {}, "empty"),
        (("a", ""), {"min_length": 2}, "empty"),
        (("a b", "a"), {"min_length": 2}, "too_short"),
        (("a b", "a b c d"), {"max_length": 3}, "too_long"),
        (("a b c d", "a b"), {"max_length": 3, "max_ratio": 1.5}, "too_long"),
        (("a", "a b c"), {"max_ratio": 2.5}, "ratio"),
        (("a b c", "a"), {"max_ratio": 2.5}, "ratio"),
    ],
)
def test_reason(pair, settings, reason):
    kept, dropped = filter_pairs([pair], Filter(**settings))
    assert kept == [] and dropped == {**dict.fromkeys(REASONS, 0), reason: 1}


@pytest.mark.parametrize(
    "pair, settings",
    [
        (("a", "b"), {}),
        (("a b c", "a b"), {"min_length": 2, "max_length": 3, "max_ratio": 1.5}),  # on every limit
    ],
)
def test_limits_are_inclusive(pair, settings):
    assert filter_pairs([pair], Filter(**settings))[0] == [pair]


def test_duplicates_keep_the_first():
    pairs = [("a", "b"), ("c", "d"), ("a", "b"), ("a", "x")]
    assert filter_pairs(pairs, Filter())[0] == pairs
    kept, dropped = filter_pairs(pairs, Filter(drop_duplicates=True))
    assert kept == [("a", "b"), ("c", "d"), ("a", "x")] and dropped["duplicate"] == 1


def test_overlap_is_of_pairs_and_asked_for():
    pairs = [("a", "b"), ("a", "c")]
    assert filter_pairs(pairs, Filter(), {("a", "b")})[0] == pairs
    kept, dropped = filter_pairs(pairs, Filter(drop_overlap=True), {("a", "b")})
    assert kept == [("a", "c")] and dropped["overlap"] == 1


LINES = st.text(alphabet="ab ", max_size=12)


@patient
@given(st.lists(st.tuples(LINES, LINES)), st.booleans(), st.floats(1, 4))
def test_every_pair_is_kept_or_counted(pairs, drop_duplicates, max_ratio):
    settings = Filter(max_length=3, drop_duplicates=drop_duplicates, max_ratio=max_ratio)
    kept, dropped = filter_pairs(pairs, settings)
    assert len(kept) + sum(dropped.values()) == len(pairs)
    rest = iter(pairs)
    assert all(pair in rest for pair in kept)  # in their order
    assert filter_pairs(kept, settings)[0] == kept
