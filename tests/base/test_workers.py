"""The number of processes changes nothing but the time."""

from __future__ import annotations

import os
from functools import partial

import pytest

from onmt_evsoftmax.archive.segmentation import word_ids
from onmt_evsoftmax.base import workers
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.workers import Workers
from onmt_evsoftmax.data.corpus.tokenization import tokenizer

LINES = [f"Line no. {number}, isn't it?" for number in range(95)]


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    monkeypatch.setattr(workers, "BLOCK", 10)


@pytest.mark.parametrize("count", [1, 3])
def test_result_and_order(count):
    seen = []
    with Workers(count) as pool:
        for language in ("en", "de", "en"):  # the same processes serve several functions
            make = partial(tokenizer, language, "moses", False)
            assert list(pool.map(make, LINES, seen.append)) == [make()(line) for line in LINES]
    assert sum(seen) == 3 * len(LINES) and len(seen) == 30


@pytest.mark.parametrize("count", [1, 2])
def test_a_text_is_read_as_its_turn_comes(count):
    read = 0

    def lines():
        nonlocal read
        for read in range(1, 1001):
            yield f"line {read}"

    with Workers(count) as pool:
        for number, _ in enumerate(pool.map(partial(tokenizer, "en", "none", False), lines()), start=1):
            assert read - number <= (workers.AHEAD * count + 1) * workers.BLOCK
    assert number == read == 1000


def test_no_lines():
    with Workers(4) as pool:
        assert list(pool.map(lambda: str, [])) == []


def test_a_worker_that_dies_is_an_error_and_no_hang():
    with Workers(2) as pool, pytest.raises(InputError, match="a worker process died.*--workers 1"):
        list(pool.map(partial(os.abort), LINES))


def test_an_error_in_a_worker_arrives():
    with Workers(2) as pool, pytest.raises(InputError, match="unknown segmentation 'x'"):
        list(pool.map(partial(word_ids, ["a"], "x"), LINES))


def test_no_workers():
    with pytest.raises(InputError, match="workers must be at least 1, found 0"):
        Workers(0)
