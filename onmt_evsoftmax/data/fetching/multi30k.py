"""The Multi30k captions (task 1), raw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...base.progress import Progress
from ...base.workers import Workers
from .catalogue import LANGUAGES
from .lines import join_files

SPLITS = {
    "train": "train",
    "val": "valid",
    "test_2016_flickr": "test_2016_flickr",
    "test_2017_flickr": "test_2017_flickr",
}
"""the publisher's name of a split -> its name here"""


def build(files: Mapping[str, Path], out: Path, workers: Workers, progress: Progress) -> None:
    """Write the splits into ``out``, decompressed."""
    for theirs, ours in SPLITS.items():
        for language in LANGUAGES:
            join_files([files[f"{theirs}.{language}.gz"]], out / f"{ours}.{language}")
