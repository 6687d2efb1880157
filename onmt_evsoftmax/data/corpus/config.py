"""What to prepare and how: the ``.prepare.yaml`` file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Optional, get_type_hints

from ...base.documents import check_keys, check_type, read_yaml
from ...base.errors import InputError
from ...base.files import PathLike

TRAIN = "train"
"""The split that everything is learned from, and the only one that is filtered."""


def _option(default: Any, *, choices: tuple = (), minimum: Optional[float] = None) -> Any:
    return field(default=default, metadata={"choices": choices, "minimum": minimum})


@dataclass(frozen=True)
class SourceFile:
    """A text: a path or an URL, and the SHA-256 of its decompressed bytes if known."""

    file: str
    sha256: Optional[str] = None


Files = tuple[SourceFile, ...]
"""One side of a split: files that are read one after the other."""


@dataclass(frozen=True)
class Sides:
    """The two sides of one split, in pairs of files. Line N of one translates line N of the other."""

    src: Files
    tgt: Files


@dataclass(frozen=True)
class Normalize:
    """See `onmt_evsoftmax.data.corpus.normalization`."""

    unescape: bool = False
    detokenize: str = _option("none", choices=("moses", "none"))
    punctuation: str = _option("moses", choices=("moses", "none"))


@dataclass(frozen=True)
class Filter:
    """See `onmt_evsoftmax.data.corpus.filtering`. Lengths are in tokens, before segmentation."""

    min_length: int = _option(1, minimum=1)
    max_length: int = _option(100, minimum=1)
    max_ratio: float = _option(9.0, minimum=1)
    drop_duplicates: bool = False
    drop_overlap: bool = False


@dataclass(frozen=True)
class Segment:
    """See `onmt_evsoftmax.data.corpus.subwords`. ``merges`` belongs to BPE, ``vocab_size`` to SentencePiece.

    ``model`` is the path of a model that was learned before, empty to learn one; it needs neither size.
    SentencePiece's trainer holds the text in memory; ``max_lines`` has it learn from that many lines at most,
    evenly spread over the training text, instead of all (0).
    """

    method: str = _option("bpe", choices=("bpe", "sentencepiece", "none"))
    model: str = ""
    merges: int = _option(8000, minimum=1)
    vocab_size: int = _option(8000, minimum=1)
    max_lines: int = _option(0, minimum=0)

    @property
    def used(self) -> dict:
        """The settings that the method reads; another one must not cause work to be done again."""
        if self.model:
            return {"method": self.method, "model": self.model}
        size = {"bpe": {"merges": self.merges}, "sentencepiece": {"vocab_size": self.vocab_size}}
        used = {"method": self.method, **size.get(self.method, {})}
        if self.method == "sentencepiece" and self.max_lines:
            used["max_lines"] = self.max_lines
        return used


@dataclass(frozen=True)
class Config:
    """One corpus. ``data`` maps the name of each split to its files; ``out`` is empty for the default."""

    name: str
    src_lang: str
    tgt_lang: str
    data: Mapping[str, Sides]
    normalize: Normalize = Normalize()
    tokenize: str = _option("moses", choices=("moses", "none"))
    lowercase: bool = False
    filter: Filter = Filter()
    segment: Segment = Segment()
    share_vocab: bool = True
    out: str = ""
    downloads: str = "data/downloads"

    @property
    def languages(self) -> tuple[str, str]:
        return self.src_lang, self.tgt_lang

    @property
    def folder(self) -> Path:
        """Where the result goes."""
        return Path(self.out or f"data/prepared/{self.name}")

    def settings(self) -> dict:
        """Everything that decides the bytes of the result; files have the names that the config gives them."""
        result = asdict(self)
        del result["out"], result["downloads"]
        result["segment"] = self.segment.used
        return result


def read_config(path: PathLike) -> Config:
    """Read and check a config file.

    Raises:
        InputError: the file is missing or is no YAML, a key is unknown, missing or there twice, or a
            value has the wrong type or is out of range. The message names the file and the key.
    """
    if not Path(path).exists():
        raise InputError(f"{path}: no such file; a checkout of onmt_evsoftmax has configs/*.prepare.yaml")
    document = read_yaml(path, "the shipped configs/*.prepare.yaml show what it looks like")
    config = _build(Config, document, str(path), "")
    _check_names(config, str(path))
    return config


def _build(kind: type, document: Any, path: str, prefix: str) -> Any:
    """A dataclass from a YAML mapping; ``prefix`` is the dotted name of the mapping, for messages."""
    known = {entry.name: entry for entry in fields(kind)}
    check_keys(document, known, path, prefix)
    types = get_type_hints(kind)
    values = {}
    for key, entry in known.items():
        if key in document:
            values[key] = _value(types[key], document[key], path, f"{prefix}{key}", entry.metadata)
        elif entry.default is MISSING:
            raise InputError(f"{path}: the key {prefix}{key} is missing")
    return kind(**values)


def _value(kind: Any, value: Any, path: str, key: str, limits: Mapping) -> Any:
    if kind == Mapping[str, Sides]:
        return _splits(value, path, key)
    if kind == Files:
        return _files(value, path, key)
    if isinstance(kind, type) and is_dataclass(kind):
        return _build(kind, value, path, f"{key}.")
    value = check_type(value, str if kind == Optional[str] else kind, f"{path}: {key}")
    if limits.get("choices") and value not in limits["choices"]:
        raise InputError(f"{path}: {key} must be one of {', '.join(limits['choices'])}; found {value!r}")
    if limits.get("minimum") is not None and not value >= limits["minimum"]:
        raise InputError(f"{path}: {key} must be at least {limits['minimum']}, found {value}")
    return value


def _splits(document: Any, path: str, key: str) -> dict[str, Sides]:
    if not isinstance(document, dict) or TRAIN not in document:
        raise InputError(f"{path}: {key} must map names of splits to files, and one must be called {TRAIN}")
    return {str(split): _build(Sides, sides, path, f"{key}.{split}.") for split, sides in document.items()}


def _files(document: Any, path: str, key: str) -> Files:
    """``file``, ``{file:, sha256:}``, or a list of these."""
    several = isinstance(document, list)
    if several and not document:
        raise InputError(f"{path}: {key} is an empty list; name at least one file")
    return tuple(
        SourceFile(entry)
        if isinstance(entry, str)
        else _build(SourceFile, entry, path, f"{key}[{number}]." if several else f"{key}.")
        for number, entry in enumerate(document if several else [document])
    )


def _check_names(config: Config, path: str) -> None:
    """Names become file names, so they must be plain and distinct."""
    names = {"name": config.name, "src_lang": config.src_lang, "tgt_lang": config.tgt_lang}
    names.update((f"data.{split}", split) for split in config.data)
    for key, name in names.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            raise InputError(f"{path}: {key}: {name!r} may hold only letters, digits, _ and -")
    if config.src_lang == config.tgt_lang:
        raise InputError(f"{path}: src_lang and tgt_lang are both {config.src_lang}")
    if config.filter.min_length > config.filter.max_length:
        raise InputError(f"{path}: filter.min_length is greater than filter.max_length")
    if config.segment.model and config.segment.method == "none":
        raise InputError(f"{path}: segment.model is given, but segment.method is none: say what it is")
    for split, sides in config.data.items():
        _check_files(sides, f"{path}: data.{split}")


def _check_files(sides: Sides, where: str) -> None:
    if len(sides.src) != len(sides.tgt):
        raise InputError(
            f"{where}: src names {len(sides.src)} file(s) but tgt {len(sides.tgt)}; they are read in pairs"
        )
    for side, sources in (("src", sides.src), ("tgt", sides.tgt)):
        for source in sources:
            if source.sha256 is not None and not re.fullmatch("[0-9a-f]{64}", source.sha256):
                raise InputError(f"{where}.{side}.sha256 must be 64 of 0-9a-f, found {source.sha256!r}")
