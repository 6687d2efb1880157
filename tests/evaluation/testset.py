"""A small German test set: references, imperfect hypotheses, and ways to write and score them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REFERENCES = [
    "Die Häuser am Fluß sind größer als die Hütten.",
    "Ein Mann fährt mit dem Boot über den See.",
    "Zwei kleine Mädchen spielen vor der Bäckerei.",
    'Er sagte: "Das ist nicht mein Hund!"',
    "Heute schneit es in den Bergen, und morgen auch.",
]
HYPOTHESES = [
    "Das Haus am Fluss ist größer als die Hütte.",
    "Ein Mann fährt mit einem Boot über den See.",
    "Zwei Mädchen spielen vor einer Bäckerei.",
    'Er sagte: "Das ist nicht mein Hund!"',
    "",
]


def write_lines(path, lines):
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8"))
    return path


def bpe(words, length=3):
    """Cut every word into pieces of ``length`` letters."""
    pieces = []
    for word in words:
        cut = [word[start : start + length] for start in range(0, len(word), length)]
        pieces += [f"{piece}@@" for piece in cut[:-1]] + cut[-1:]
    return " ".join(pieces)


def python(*arguments, check=True):
    """Run this Python in a process of its own, with the checkout importable."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=check,
        timeout=120,
    )
