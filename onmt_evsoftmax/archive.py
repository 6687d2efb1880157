"""The attention archive: every attention weight of a test set, with its tokens, in one ``.npz``.

Layout of the file, readable with plain ``numpy.load`` (no pickles):

* ``metadata``: a JSON string; see `AttentionArchive`.
* ``encoder.N``, ``decoder.N``, ``cross.N`` for sentence ``N`` (from 0): float arrays
  ``[layers, heads, queries, keys]``. A kind that was not asked for is absent.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping

import numpy as np

from .errors import InputError
from .files import PathLike, atomic_write

KINDS = ("encoder", "decoder", "cross")
FORMAT = "onmt_evsoftmax.attention"
VERSION = 1


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
    """Reads an archive sentence by sentence; nothing is loaded before it is asked for.

    ``metadata`` holds ``model`` (file name), ``functions`` (kind -> name of the mapping),
    ``kinds``, ``layers`` (kind -> number), ``heads``, ``segmentation`` (see `onmt_evsoftmax.segmentation`),
    ``versions`` and ``sentences`` (a list of ``source`` / ``target`` / ``target_input``).
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        try:
            self._arrays = np.load(self.path, allow_pickle=False)
            self.metadata: dict[str, Any] = json.loads(str(self._arrays["metadata"]))
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except (ValueError, KeyError, IndexError, zipfile.BadZipFile, OSError, EOFError) as error:
            raise InputError(
                f"{path}: not an attention archive ({error}); make one with: onmt_evsoftmax attend"
            ) from None
        known = isinstance(self.metadata, dict) and (
            self.metadata.get("format"),
            self.metadata.get("version"),
        )
        if known != (FORMAT, VERSION):
            raise InputError(
                f"{path}: not an attention archive of version {VERSION}; "
                "make it again with: onmt_evsoftmax attend"
            )

    def __len__(self) -> int:
        return len(self.metadata["sentences"])

    def __getitem__(self, index: int) -> Sentence:
        if not 0 <= index < len(self):
            raise InputError(f"{self.path}: no sentence {index}; it holds sentences 0 to {len(self) - 1}")
        attention = {kind: self._arrays[f"{kind}.{index}"] for kind in self.metadata["kinds"]}
        return Sentence(attention=attention, **self.metadata["sentences"][index])

    def __iter__(self):
        return (self[index] for index in range(len(self)))


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
