"""The index on disk remembers what a set would."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onmt_evsoftmax.data.corpus.config import Filter
from onmt_evsoftmax.data.corpus.filtering import PairFilter, filter_pairs
from onmt_evsoftmax.data.corpus.seen import Seen

LINES = st.text(alphabet="ab \u2028\x00é", max_size=3)


@settings(deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(LINES, LINES)), st.lists(st.tuples(LINES, LINES), max_size=3), st.booleans())
def test_filter_on_disk_equals_filter_in_memory(tmp_path, pairs, held_out, drop_overlap):
    chosen_by = Filter(drop_duplicates=True, drop_overlap=drop_overlap, max_ratio=2.0)
    kept, dropped = filter_pairs(pairs, chosen_by, held_out)
    with Seen(tmp_path / "seen") as seen:
        streamed = PairFilter(chosen_by, held_out, seen.add)
        assert list(streamed(pairs)) == kept
    assert (streamed.dropped, streamed.kept) == (dropped, len(kept))
    assert not list(tmp_path.iterdir())


def test_more_than_the_cache_holds(tmp_path, monkeypatch):
    monkeypatch.setattr("onmt_evsoftmax.data.corpus.seen.CACHE", 64)
    with Seen(tmp_path / "seen") as seen:
        assert all(seen.add((f"{number}", "x")) for number in range(20_000))
        assert (tmp_path / "seen").stat().st_size > 4 * 64 * 1024
        assert not any(seen.add((f"{number}", "x")) for number in range(0, 20_000, 7))


def test_what_a_killed_run_left_is_not_remembered(tmp_path):
    (tmp_path / "seen").write_bytes(b"rubbish")
    with Seen(tmp_path / "seen") as seen:
        assert seen.add(("a", "b")) and not seen.add(("a", "b"))
        assert seen.add(("a b", "")) and seen.add(("a", "b ")) and seen.add(("", "a b"))
