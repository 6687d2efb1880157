"""Damage to real files, by chance but the same for the same seed: bytes, JSON, YAML, members of a zip."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

Mutation = Callable[[random.Random, bytes], bytes]
DEEP = "\N{BULLSEYE}"
"""Stands for a nesting that `json.dumps` itself could not write."""

HOSTILE = (
    None, True, False, 0, -1, 10**400, 1e308, float("nan"), float("inf"), -float("inf"), "", "0.5", "\ud800", "\0",
    "../../etc/passwd", [], {}, [[]], {"": None}, [None], [1, 2, 3], DEEP, "x" * 10_000,
)  # fmt: skip
"""What is put in place of a value."""


def damage_bytes(random: random.Random, content: bytes) -> bytes:
    """Flip, cut off, take out, repeat or overwrite some bytes."""
    if not content:
        return random.randbytes(8)
    start = random.randrange(len(content))
    stop = min(len(content), start + random.choice((1, 2, 16, 200, 5000)))
    kind = random.randrange(7)
    if kind == 0:
        return content[:start]
    if kind == 1:
        return content[:start] + content[stop:]
    if kind == 2:
        return content[:stop] + content[start:]
    if kind == 3:
        return content[:start] + random.randbytes(stop - start) + content[stop:]
    if kind == 4:
        return content[:start] + bytes([random.choice((0, 255))]) * (stop - start) + content[stop:]
    damaged = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8))):
        place = random.randrange(len(damaged))
        damaged[place] ^= 1 << random.randrange(8)
    return bytes(damaged)


def damage_json(random: random.Random, content: bytes, depths=(200, 2000, 200_000)) -> bytes:
    """Drop, rename, repeat or replace something in the structure of a JSON text."""
    document = json.loads(content)
    for _ in range(random.choice((1, 1, 1, 2))):
        document = damage_value(random, document)
    text = json.dumps(document, ensure_ascii=random.random() < 0.5)
    depth = random.choice(depths)
    for marker in {json.dumps(DEEP), json.dumps(DEEP, ensure_ascii=False)}:
        text = text.replace(marker, random.choice(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth)))
    return text.encode("utf-8", "surrogatepass")


def damage_json_lines(random: random.Random, content: bytes) -> bytes:
    """The same for one line of several."""
    lines = content.splitlines()
    place = random.randrange(len(lines))
    lines[place] = damage_json(random, lines[place])
    return b"\n".join(lines) + b"\n"


def damage_value(random: random.Random, document: Any) -> Any:
    """A copy of plain lists, dictionaries and values with one thing in it that is wrong."""
    document = copy.deepcopy(document)
    places = list(_places(document))
    if not places or random.random() < 0.03:
        return random.choice(HOSTILE)
    parent, key = random.choice(places)
    kind = random.randrange(4)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, dict):
        parent[f"{key}x"] = parent.pop(key)
    elif kind == 1:
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[key] = random.choice(HOSTILE)
    return document


def _places(document: Any):
    pairs = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in list(pairs):
        yield document, key
        yield from _places(value)


def damage_yaml(random: random.Random, content: bytes) -> bytes:
    """JSON is YAML; beside its damage, tags and anchors that PyYAML trips over."""
    import yaml

    if random.random() < 0.6:
        # PyYAML takes seconds for a deeper nesting
        return damage_json(random, json.dumps(yaml.safe_load(content)).encode(), depths=(50, 400))
    lines = content.decode().splitlines()
    place = random.randrange(len(lines))
    odd = ("!!int x", "!!float ''", "!!bool x", "!!timestamp x", "2020-99-99", "!!python/object:os.system x", "*no",
           "&a [*a]", "{[1]: 2}", "!!set {1, 2}", "!!binary =", "1" * 5000, "[" * 400, "\t", "? [a]\n: b",
           "<<: 1")  # fmt: skip
    key = lines[place].partition(":")[0]
    lines[place] = f"{key}: {random.choice(odd)}" if random.random() < 0.8 else random.choice(odd)
    return "\n".join(lines).encode()


def damage_zip(random: random.Random, content: bytes) -> bytes:
    """Leave a member of a zip out, rename it, damage what it holds or lie about its size."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    name = random.choice(list(members))
    kind = random.randrange(4)
    if kind == 0:
        del members[name]
    elif kind == 1:
        members[random.choice((f"{name}x", "../up.npy", "/etc/passwd", ""))] = members.pop(name)
    else:
        members[name] = damage_bytes(random, members[name])
    return _zipped(random, members, lie=kind == 3)


def damage_arrays(random: random.Random, content: bytes) -> bytes:
    """Another type, shape or value in an array of an ``.npz``, or another structure in its JSON."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    name = random.choice([*members, *(name for name in members if "metadata" in name)])
    array = np.load(io.BytesIO(members[name]), allow_pickle=False)
    if array.dtype.kind == "U":
        text = damage_json(random, str(array).encode()).decode("utf-8", "surrogatepass")
        changed = np.array(text.rstrip("\0"))
    else:
        changed = _damaged_array(random, array)
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(changed), allow_pickle=True)
    members[name] = stream.getvalue()
    if random.random() < 0.15:  # a header that promises more than there is
        members[name] = members[name].replace(b"'shape': (", b"'shape': (99999999999, ", 1)
    return _zipped(random, members)


def _damaged_array(random: random.Random, array: np.ndarray) -> np.ndarray:
    kind = random.randrange(5)
    if kind == 0:
        types = ("c8", "c16", "i8", "u1", "?", "f2", ">f8", "g", "O", "U8", "S8", "M8[s]", "i4,f4")
        return array.astype(random.choice(types)) if random.random() < 0.9 else np.array([{"a": 1}], dtype=object)
    if kind == 1:
        return random.choice(
            (array[0], array[..., :-1], array[:0], array.T, array[None], np.float32(0.5), array.ravel())
        )
    flat = array.astype(np.float64).ravel()
    if flat.size:
        flat[random.randrange(flat.size)] = random.choice((np.nan, np.inf, -np.inf, -0.1, 1.1, 1e30, -1e-300, 1e308))
    return flat.reshape(array.shape)


def _zipped(random: random.Random, members: dict[str, bytes], lie: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            new.writestr(name or "x", content)
        if lie:
            info = random.choice(new.infolist())
            field = random.choice(("file_size", "compress_size", "CRC", "header_offset", "compress_type", "flag_bits"))
            setattr(
                info,
                field,
                random.choice((0, 1, 0x41, 2**31, 2**32 - 2))
                if field not in ("compress_type", "flag_bits")
                else random.choice((1, 8, 12, 14, 99, 0x800)),
            )
    return stream.getvalue()
