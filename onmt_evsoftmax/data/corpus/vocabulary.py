"""Vocabulary files as OpenNMT-py 3.x's ``onmt_build_vocab`` writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...base.files import PathLike, atomic_write


def count_tokens(*texts: Iterable[str]) -> Counter:
    """How often each token occurs; tokens are kept in the order in which they appear first."""
    counter: Counter = Counter()
    for lines in texts:
        for line in lines:
            counter.update(line.split())
    return counter


def write_vocabulary(path: PathLike, counter: Counter) -> None:
    """One ``token TAB count`` per line, the most frequent first; of equals the first to appear."""
    with atomic_write(path) as stream:
        for token, count in counter.most_common():
            stream.write(f"{token}\t{count}\n")
