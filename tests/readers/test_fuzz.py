"""A damaged file is read as something valid or refused in one line that names it; nothing else happens.

`samples` has a good file of every kind, `mutations` damages it. The seed is fixed: the same damage every time.
"""

from __future__ import annotations

import random
import warnings
from collections import Counter

import pytest

from onmt_evsoftmax.base.errors import InputError

from .samples import READERS, Reader


def outcome(reader: Reader, path) -> str:
    """``read``, ``refused``, or what went wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch and numpy, on the way to a refusal
            reader.read(path)
    except InputError as error:
        text = str(error)
        named = path.name in text or f"{path.parent}: " in text  # a run folder may be what is wrong
        return "refused" if named and "\n" not in text.strip() else f"refused without its name or line: {text[:200]}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    return "read"


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_damaged_files(reader, tmp_path):
    good = tmp_path / "good"
    good.mkdir()
    reader.write(good)
    path, content = good / reader.file, (good / reader.file).read_bytes()
    assert outcome(reader, path) == "read"
    outcomes = Counter()
    for mutation, count in reader.mutations.items():
        for seed in range(count):
            damaged = mutation(random.Random(f"{reader.name} {mutation.__name__} {seed}"), content)
            path.write_bytes(damaged)
            found = outcome(reader, path)
            outcomes[found if found in ("read", "refused") else f"{mutation.__name__} {seed}: {found}"] += 1
    assert set(outcomes) <= {"read", "refused"}, outcomes
    assert bool(outcomes["refused"]) == reader.refuses
