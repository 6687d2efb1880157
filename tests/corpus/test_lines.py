"""Lines one at a time are the lines of the text as a whole."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onmt_evsoftmax.corpus.lines import Counted, Lines
from onmt_evsoftmax.errors import InputError
from onmt_evsoftmax.files import read_lines

PIECES = ["a", "ü", " ", "\n", "\r", "\r\n", "\u2028", "\x85", "\x0b", "\x00", "\ufeff", "漢", "😀"]


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES)).map("".join), st.sampled_from(["text", "text.gz"]))
def test_they_are_those_of_the_whole_text(tmp_path, text, name):
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    lines = Lines(tmp_path / name)
    expected = read_lines(tmp_path / name)
    assert list(lines) == expected
    assert list(lines) == expected  # again, from the start
    assert lines.count() == len(expected)


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([b"a", b"\n", b"\xfc", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80"])))
def test_what_is_not_utf8_is_refused_in_the_same_words(tmp_path, pieces):
    (tmp_path / "text").write_bytes(b"".join(pieces))
    assert outcome(lambda path: list(Lines(path)), tmp_path / "text") == outcome(read_lines, tmp_path / "text")


def damage(folder):
    whole = gzip.compress(b"one\ntwo\n" * 2000)
    (folder / "cut.gz").write_bytes(whole[:-9])
    (folder / "text.gz").write_bytes(b"no gzip")
    (folder / "folder").mkdir()


@pytest.mark.parametrize("name", ["absent", "folder", "cut.gz", "text.gz"])
def test_what_cannot_be_read_is_refused_in_the_same_words(tmp_path, name):
    damage(tmp_path)
    message = outcome(lambda path: list(Lines(path)), tmp_path / name)
    assert isinstance(message, str) and message == outcome(read_lines, tmp_path / name)


def outcome(read, path):
    """The lines, or what was said instead."""
    try:
        return read(path)
    except InputError as error:
        return str(error)


def test_several_files_are_read_one_after_the_other(tmp_path):
    (tmp_path / "a").write_text("1\n2")
    (tmp_path / "b").write_text("3\n")
    assert list(Lines(tmp_path / "a", tmp_path / "b")) == ["1", "2", "3"]


def test_counted_on_their_way():
    counted = Counted(["a b", "", "c"])
    assert (counted.lines, counted.tokens) == (0, 0)
    assert list(counted) == ["a b", "", "c"]
    assert (counted.lines, counted.tokens) == (3, 3)
