"""The transformer that OpenNMT published for WMT English-German: its checkpoint and its segmentation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ...base.progress import Progress
from ...base.workers import Workers


def build(files: Mapping[str, Path], out: Path, workers: Workers, progress: Progress) -> None:
    """Move the two files into ``out``."""
    for name, path in files.items():
        os.replace(path, out / name)
