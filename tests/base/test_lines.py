"""Lines one at a time are the lines of the text as a whole."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import Lines
from onmt_evsoftmax.data.corpus.counted import Counted

PIECES = ["a", "ü", " ", "\n", "\r", "\r\n", "\u2028", "\x85", "\x0b", "\x00", "\ufeff", "漢", "😀"]


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES)).map("".join), st.sampled_from(["text", "text.gz"]))
def test_they_are_those_of_the_whole_text(tmp_path, text, name):
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    lines = Lines(tmp_path / name)
    expected = of_the_whole(data)
    assert list(lines) == expected
    assert list(lines) == expected  # again, from the start
    assert lines.count() == len(expected)


def of_the_whole(data: bytes) -> list[str]:
    """The lines of a text that is in memory as a whole."""
    lines = data.decode("utf-8-sig").split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([b"a", b"\n", b"\xfc", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80"])))
def test_the_first_byte_that_is_not_utf8_is_named_with_its_line(tmp_path, pieces):
    data = b"".join(pieces)
    (tmp_path / "text").write_bytes(data)
    try:
        expected = of_the_whole(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        with pytest.raises(InputError, match=f"text, line {line}: not valid UTF-8 .byte {data[error.start]:#04x}"):
            list(Lines(tmp_path / "text"))
    else:
        assert list(Lines(tmp_path / "text")) == expected


def damage(folder):
    whole = gzip.compress(b"one\ntwo\n" * 2000)
    (folder / "cut.gz").write_bytes(whole[:-9])
    (folder / "text.gz").write_bytes(b"no gzip")
    (folder / "folder").mkdir()


@pytest.mark.parametrize(
    "name, problem",
    [
        ("absent", "no such file"),
        ("folder", "is a directory"),
        ("cut.gz", "damaged gzip file"),
        ("text.gz", "damaged gzip file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, problem):
    damage(tmp_path)
    with pytest.raises(InputError, match=f"{name}: {problem}"):
        list(Lines(tmp_path / name))


def test_several_files_are_read_one_after_the_other(tmp_path):
    (tmp_path / "a").write_text("1\n2")
    (tmp_path / "b").write_text("3\n")
    assert list(Lines(tmp_path / "a", tmp_path / "b")) == ["1", "2", "3"]


def test_counted_on_their_way():
    counted = Counted(["a b", "", "c"])
    assert (counted.lines, counted.tokens) == (0, 0)
    assert list(counted) == ["a b", "", "c"]
    assert (counted.lines, counted.tokens) == (3, 3)
