"""JSON files as a crash, a bad editor or a malicious friend would leave them."""

from __future__ import annotations

import copy
import json
import random

WRONG = (None, True, "", "1.5", "\ud800", [], {}, [[]], -1, 1e308, 10**400, float("nan"), float("-inf"), [1, [2]])
"""Values that take the place of others."""

DEEP = "[" * 20_000 + "]" * 20_000


def places(value, at=()):
    """The way to every value inside JSON; of a long list the first, one in the middle and the last."""
    if isinstance(value, dict):
        inner = list(value)
    elif isinstance(value, list):
        inner = sorted({0, len(value) // 2, len(value) - 1} & set(range(len(value))))
    else:
        inner = []
    for key in inner:
        yield (*at, key)
        yield from places(value[key], (*at, key))


def mutations(text, count, seed=0):
    """``count`` damaged forms of a JSON text: parts gone, replaced, repeated, too deep; bytes cut or wrong."""
    rng = random.Random(seed)
    whole = json.loads(text)
    ways = list(places(whole))
    for number in range(count):
        if number % 10 == 9:
            cut = rng.randrange(len(text))
            yield text[:cut] + rng.choice(["", "\x00", "]", '"', DEEP]) + text[cut + rng.randrange(3) :]
            continue
        changed = copy.deepcopy(whole)
        way = rng.choice(ways)
        parent = changed
        for key in way[:-1]:
            parent = parent[key]
        kind = rng.choice(("gone", "wrong", "wrong", "repeated", "deep"))
        if kind == "gone":
            del parent[way[-1]]
        elif kind == "repeated" and isinstance(parent, list):
            parent.append(parent[way[-1]])
        else:
            parent[way[-1]] = "DEEP" if kind == "deep" else rng.choice(WRONG)
        yield json.dumps(changed).replace('"DEEP"', DEEP)
