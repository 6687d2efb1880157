"""Source distributions and wheels of this checkout, built as ``python -m build`` builds them, without a network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "onmt_evsoftmax"
NO_SOURCES = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "runs", "results", "downloads")


def copy_checkout(folder: Path) -> Path:
    """A copy of the checkout to build in, for building leaves files behind. Tests are part of it, data is not."""
    shutil.copytree(ROOT, folder, ignore=lambda place, names: {*NO_SOURCES(place, names), *_data(place, names)})
    return folder


def _data(place: str, names: list[str]) -> set[str]:
    return set(names) & {"data"} if Path(place) == ROOT else set()


def build_sdist(checkout: Path) -> Path:
    """``checkout`` as a source distribution."""
    return _build("build_sdist", checkout)


def build_wheel(sdist: Path, folder: Path) -> Path:
    """The wheel of an unpacked source distribution, which is what an index gets."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder)  # our own file
    (unpacked,) = folder.iterdir()
    return _build("build_wheel", unpacked)


def _build(hook: str, source: Path) -> Path:
    code = f"from setuptools import build_meta; print(build_meta.{hook}('dist'))"
    result = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return source / "dist" / result.stdout.splitlines()[-1]


def package_files(package: Path) -> set[str]:
    """Everything that belongs to the package in ``package``, relative to its parent."""
    files = (path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(package.parent).as_posix() for path in files}
