"""A small corpus in a temporary folder, and the command line over it."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]

NOUNS = [("dog", "Hund"), ("cook", "Koch"), ("tailor", "Schneider"), ("ship", "Dampfer")]
VERBS = [("sees", "sieht"), ("greets", "grüßt"), ("follows", "verfolgt"), ("hears", "hört")]
PLACES = [("garden", "Garten"), ("yard", "Hof"), ("train", "Zug"), ("forest", "Wald")]


def sentences(count: int, seed: int) -> list[tuple[str, str]]:
    """Pairs with raw punctuation, so that every step has something to do."""
    generator = random.Random(seed)
    pairs = []
    for number in range(count):
        (noun, nomen), (other, anderes) = generator.sample(NOUNS, 2)
        (verb, zeitwort), (place, ort) = generator.choice(VERBS), generator.choice(PLACES)
        old = " old" * (number % 3)  # so that lengths differ
        pairs.append(
            (
                f"The {noun} (no. {seed}{number}) {verb} the {other}, and isn't in the{old} {place}.",
                f"Der {nomen} (Nr. {seed}{number}) {zeitwort} den „{anderes}“,  im\u00a0{ort} ist er nicht.",
            )
        )
    return pairs


class Corpus:
    """Raw files and a config in ``folder``; attributes of the config can be changed one by one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = {
            "name": "small",
            "src_lang": "en",
            "tgt_lang": "de",
            "data": {},
            "segment": {"method": "bpe", "merges": 60},
        }
        for seed, (split, count) in enumerate([("train", 200), ("valid", 12), ("test", 15)]):
            self.write(split, sentences(count, seed))

    def write(self, split: str, pairs: list[tuple[str, str]]) -> None:
        """(Re)place a split."""
        for side, lines in zip(("src", "tgt"), zip(*pairs)):
            path = self.folder / f"{split}.{side}.txt"
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            self.config["data"].setdefault(split, {})[side] = str(path)

    def grow(self, train: int) -> None:
        """Make the training text longer."""
        self.write("train", sentences(train, 0))

    def file(self, split: str, side: str) -> Path:
        return self.folder / f"{split}.{side}.txt"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def save(self) -> Path:
        path = self.folder / "small.prepare.yaml"
        document = {"out": str(self.out), **self.config}
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        return path

    def lines(self, name: str) -> list[str]:
        """Lines of an output file."""
        return (self.out / name).read_text(encoding="utf-8").split("\n")[:-1]

    def prepare(self, **options):
        """`prepare` in this process."""
        from onmt_evsoftmax.data.corpus.config import read_config
        from onmt_evsoftmax.data.corpus.pipeline import prepare

        return prepare(read_config(self.save()), **options)


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Corpus:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # these files need not survive a power cut
    return Corpus(tmp_path)


@pytest.fixture
def digests():
    """folder -> SHA-256 of every file below it, by name."""

    def compute(folder: Path) -> dict[str, str]:
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return compute


@pytest.fixture
def start_prepare(tmp_path):
    """Start ``onmt_evsoftmax prepare`` in ``tmp_path``, as a process with a group of its own.

    ``script`` replaces ``-m onmt_evsoftmax``.
    """

    def start(*arguments, script: tuple = ("-m", "onmt_evsoftmax")) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, *script, "prepare", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    return start


@pytest.fixture
def run_prepare(start_prepare):
    """Run the command to its end -> (exit status, stdout, stderr)."""

    def run(*arguments, **options) -> tuple[int, str, str]:
        process = start_prepare(*arguments, **options)
        stdout, stderr = process.communicate(timeout=300)
        return process.returncode, stdout, stderr

    return run
