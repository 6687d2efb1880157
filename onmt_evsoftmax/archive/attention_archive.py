"""The attention archive: every attention weight of a test set, with its tokens, in one ``.npz``.

Layout of the file, readable with plain ``numpy.load`` (no pickles):

* ``metadata``: a JSON string; see `AttentionArchive`.
* ``encoder.N``, ``decoder.N``, ``cross.N`` for sentence ``N`` (from 0): float arrays
  ``[layers, heads, queries, keys]``. A kind that was not asked for is absent.
"""

from __future__ import annotations

import contextlib
import json
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..base.documents import parse_json
from ..base.errors import InputError
from ..base.files import PathLike, atomic_write
from .segmentation import SCHEMES

KINDS = ("encoder", "decoder", "cross")
SIDES = ("source", "target", "target_input")
FORMAT = "onmt_evsoftmax.attention"
VERSION = 1
AGAIN = "make it again with: onmt_evsoftmax attend"
ROUNDING = 0.01
"""How far above 1 a weight of a model in half precision may lie. A user's own function may have any sum."""
LARGEST_ARRAY = 8 << 30
"""Bytes of one sentence's attention, or of the metadata: 24 layers of 16 heads over 2,000 tokens have 6e9."""
HIGHEST_RATIO = 1032
"""deflate cannot pack more bytes than that into one."""
_READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@dataclass(frozen=True)
class Sentence:
    """Tokens and attention of one (source, hypothesis) pair.

    Attributes:
        source: S source pieces, as the encoder read them.
        target: T pieces that were predicted, the closing ``</s>`` included.
        target_input: T pieces that the decoder read: ``<s>`` and the prediction so far.
        attention: kind -> float array ``[layers, heads, queries, keys]``: ``encoder``
            ``[L, H, S, S]``, ``decoder`` ``[L, H, T, T]`` (keys are ``target_input``),
            ``cross`` ``[L, H, T, S]``. Row t belongs to the prediction of ``target[t]``.
    """

    source: list[str]
    target: list[str]
    target_input: list[str]
    attention: Mapping[str, np.ndarray]

    def tokens(self, kind: str) -> tuple[list[str], list[str]]:
        """(query tokens, key tokens) of a kind of attention."""
        if kind == "encoder":
            return self.source, self.source
        return self.target, self.source if kind == "cross" else self.target_input


class AttentionArchive:
    """Reads an archive sentence by sentence; nothing is loaded before it is asked for, and nothing unchecked.

    ``metadata`` holds ``model`` (file name), ``functions`` (kind -> name of the mapping),
    ``kinds``, ``layers`` (kind -> number), ``heads``, ``segmentation`` (see `onmt_evsoftmax.archive.segmentation`),
    ``versions`` and ``sentences`` (a list of ``source`` / ``target`` / ``target_input``). Where a tokeniser of the
    model made the pieces, ``lines`` holds the text that it was given: ``source`` and ``target`` -> a line per sentence.

    Raises:
        InputError: no such file, no archive of this version, or one whose metadata is damaged.
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        self.metadata: dict[str, Any] = {}
        if not self.path.exists():
            raise InputError(f"{path}: no such file")
        with self._damage_named("not an attention archive"):
            self._bundle = zipfile.ZipFile(self.path)
            text = str(read_array(self._bundle, "metadata", "U").item())
        metadata = parse_json(text, f"{path}: its metadata", AGAIN)
        version = isinstance(metadata, dict) and (metadata.get("format"), metadata.get("version"))
        if version != (FORMAT, VERSION):
            raise self.damaged(f"not an attention archive of version {VERSION}")
        odd = _odd_key(metadata)
        if odd is not None:
            raise self.damaged(f"{odd} in its metadata is missing or damaged")
        if metadata["segmentation"] not in SCHEMES:
            raise self.damaged(f"names no segmentation of {', '.join(SCHEMES)}")
        if not metadata["sentences"]:
            raise self.damaged("holds no sentences")
        self.metadata = metadata

    def __len__(self) -> int:
        return len(self.metadata["sentences"])

    def __getitem__(self, index: int) -> Sentence:
        """Tokens and weights of a sentence.

        Raises:
            InputError: there is no such sentence, or its arrays are missing, damaged, of another type or shape
                than its tokens need, or hold what cannot be a weight.
        """
        tokens = self.tokens(index)
        sentence = Sentence(attention={}, **tokens)
        attention = {kind: self._weights(index, kind, sentence) for kind in self.metadata["kinds"]}
        return Sentence(attention=attention, **tokens)

    def __iter__(self):
        return (self[index] for index in range(len(self)))

    def require(self, kind: str) -> None:
        """Raise `InputError` where this kind of attention is not held."""
        kinds = self.metadata["kinds"]
        if kind not in kinds:
            raise InputError(f"{self.path}: holds no {kind} attention, only: {', '.join(kinds) or 'nothing'}")

    def damaged(self, what: str) -> InputError:
        """The error to raise where the file does not hold what it should."""
        return InputError(f"{self.path}: {what}; {AGAIN}")

    def tokens(self, index: int) -> dict[str, list[str]]:
        """The pieces of a sentence by side, without reading any attention.

        Raises:
            InputError: there is no such sentence.
        """
        if not 0 <= index < len(self):
            raise InputError(f"{self.path}: no sentence {index}; it holds sentences 0 to {len(self) - 1}")
        return {side: self.metadata["sentences"][index][side] for side in SIDES}

    def lines(self, side: str) -> Optional[list[str]]:
        """The text of ``source`` or ``target``, line by line; None where the files that were read held the pieces."""
        return self.metadata.get("lines", {}).get(side)

    def _weights(self, index: int, kind: str, sentence: Sentence) -> np.ndarray:
        """One array of a sentence, checked against its tokens."""
        with self._damage_named(f"sentence {index} cannot be read"):
            weights = read_array(self._bundle, f"{kind}.{index}", "f")
        queries, keys = map(len, sentence.tokens(kind))
        where = f"sentence {index}: {kind}"
        if weights.ndim != 4 or weights.shape[2:] != (queries, keys):
            raise self.damaged(f"{where} has shape {weights.shape}, expected (layers, heads, {queries}, {keys})")
        if 0 in weights.shape[:2]:
            raise self.damaged(f"{where} has no layers or no heads")
        if not ((weights >= 0) & (weights <= 1 + ROUNDING)).all():  # also false for NaN
            raise self.damaged(f"{where} has weights that are NaN or outside [0, 1]")
        return weights

    @contextlib.contextmanager
    def _damage_named(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a damaged file makes zipfile, zlib and numpy raise a dozen kinds
            problem = " ".join(str(error).split()) or type(error).__name__
            raise self.damaged(f"{what} ({problem})") from None


def _odd_key(metadata: Mapping[str, Any]) -> Optional[str]:
    """The first key of the metadata that does not hold what readers of it count on."""
    for key, kind in (
        ("model", str),
        ("segmentation", str),
        ("functions", dict),
        ("versions", dict),
        ("kinds", list),
        ("sentences", list),
    ):
        if not isinstance(metadata.get(key), kind):
            return key
    if not all(kind in KINDS for kind in metadata["kinds"]):
        return "kinds"
    if not all(isinstance(metadata["functions"].get(kind), str) for kind in metadata["kinds"]):
        return "functions"
    if not all(isinstance(version, str) for version in metadata["versions"].values()):
        return "versions"
    for index, tokens in enumerate(metadata["sentences"]):
        if not isinstance(tokens, dict):
            return f"sentence {index}"
        for side in SIDES:
            texts = tokens.get(side)
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                return f"{side} of sentence {index}"
        if not len(tokens["target"]) == len(tokens["target_input"]) > 0:  # a target ends in </s>, a source may be empty
            return f"target of sentence {index}"
    lines = metadata.get("lines", {})
    if not isinstance(lines, dict):
        return "lines"
    for side, texts in lines.items():
        whole = isinstance(texts, list) and len(texts) == len(metadata["sentences"])
        if not whole or not all(isinstance(text, str) for text in texts):
            return f"lines of {side}"
    return None


def read_array(bundle: zipfile.ZipFile, name: str, kind: str, largest: int = LARGEST_ARRAY) -> np.ndarray:
    """The array ``name`` of an open ``.npz``, without trust in what the file says of itself.

    Memory is taken only for an array whose header, size in the zip and compressed size agree, and it is read
    block by block.

    Args:
        kind: of dtype, as in `numpy.dtype.kind`; anything else, Python objects among them, is refused.
        largest: bytes that it may have.

    Raises:
        ValueError, KeyError, or whatever else zipfile, zlib and numpy raise for a damaged file.
    """
    member = bundle.getinfo(f"{name}.npy")
    if member.file_size > min(largest, HIGHEST_RATIO * member.compress_size + (1 << 16)):
        packed, unpacked = member.compress_size, member.file_size
        raise ValueError(f"{member.filename} of {packed:,} bytes is said to hold {unpacked:,}")
    with bundle.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in _READ_HEADER:
            raise ValueError(f"{member.filename} is of version {version} of numpy's format")
        shape, by_columns, dtype = _READ_HEADER[version](stream)
        if dtype.kind != kind:
            raise ValueError(f"{member.filename} holds {dtype}")
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or stream.tell() + size != member.file_size:
            raise ValueError(f"{member.filename} is said to have the shape {shape}, which its size belies")
        content = bytearray()
        while block := stream.read(1 << 20):
            content += block
    return np.frombuffer(content, dtype).reshape(shape, order="F" if by_columns else "C")


def write_archive(path: PathLike, sentences: Iterable[Sentence], metadata: Mapping[str, Any]) -> None:
    """Write an archive, one sentence at a time, whole or not at all.

    Args:
        path: the ``.npz`` to write.
        sentences: consumed lazily, so that a test set need not fit into memory.
        metadata: everything of `AttentionArchive.metadata` except ``sentences``.
    """
    tokens = []
    with atomic_write(path, "wb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as bundle:
            for index, sentence in enumerate(sentences):
                tokens.append(
                    {
                        "source": sentence.source,
                        "target": sentence.target,
                        "target_input": sentence.target_input,
                    }
                )
                for kind, weights in sentence.attention.items():
                    _write_array(bundle, f"{kind}.{index}", weights)
            header = {"format": FORMAT, "version": VERSION, **metadata, "sentences": tokens}
            _write_array(bundle, "metadata", np.array(json.dumps(header, ensure_ascii=False)))


def _write_array(bundle: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    # a fixed date makes the archive of the same model and text the same bytes
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with bundle.open(entry, "w", force_zip64=True) as stream:
        np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)
