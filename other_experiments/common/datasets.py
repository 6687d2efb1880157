"""MNIST from its mirrors, and scikit-learn's small digits."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
import torch
from torch import Tensor

from .downloads import fetch
from .errors import ExperimentError
from .idx import parse_idx
from .seeding import generator

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)


@dataclass(frozen=True)
class MnistFile:
    """``sha256`` is that of the decompressed content, so a recompressed copy matches too."""

    name: str
    shape: tuple[int, ...]
    sha256: str


MNIST_FILES = (
    MnistFile(
        "train-images-idx3-ubyte.gz",
        (60000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    MnistFile(
        "train-labels-idx1-ubyte.gz",
        (60000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    MnistFile(
        "t10k-images-idx3-ubyte.gz",
        (10000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    MnistFile(
        "t10k-labels-idx1-ubyte.gz",
        (10000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)
"""Training images and labels, test images and labels."""


@dataclass(frozen=True)
class Images:
    """Images as rows of pixels in [0, 1], float32 ``[N, pixels]``, and their labels, int64 ``[N]``."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def load_mnist(cache: Path, mirror: Optional[str] = None) -> Images:
    """MNIST, 60,000 and 10,000 images of 784 pixels.

    Args:
        cache: the folder that fetched files are kept in.
        mirror: a folder that holds the four ``.gz`` files, which are read there and not copied, or
            the ``http(s)://`` address to fetch them from instead of the usual mirrors.

    Raises:
        ExperimentError: a file is missing, cannot be fetched, or is not MNIST's.
    """
    arrays = [_load(file, Path(cache), mirror) for file in MNIST_FILES]
    images = [torch.from_numpy(array.astype(np.float32)).flatten(1).div_(255) for array in arrays[::2]]
    labels = [torch.from_numpy(array.astype(np.int64)) for array in arrays[1::2]]
    return Images(images[0], labels[0], images[1], labels[1])


def load_digits() -> Images:
    """scikit-learn's digits, 1797 images of 64 pixels; always the same fifth of them is the test set.

    Raises:
        ExperimentError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits as bundled  # takes a second; MNIST does without
    except ImportError:
        raise ExperimentError("scikit-learn is missing; run: pip install -e '.[experiments]'") from None

    digits = bundled()
    images = torch.from_numpy(digits.data.astype(np.float32)).div_(16)
    labels = torch.from_numpy(digits.target.astype(np.int64))
    # they come in a periodic order, so every fifth would be no fair sample of the ten digits
    order = torch.randperm(len(labels), generator=generator(0, "digits split"))
    train, test = order[: len(order) * 4 // 5], order[len(order) * 4 // 5 :]
    return Images(images[train], labels[train], images[test], labels[test])


def _load(file: MnistFile, cache: Path, mirror: Optional[str]) -> np.ndarray:
    if mirror is not None and not _is_url(mirror):
        path = Path(mirror) / file.name
        if not path.is_file():
            raise ExperimentError(f"{path}: no such file; the folder that --mirror names must hold it")
        return _read(path, file)
    path = cache / file.name
    if path.exists():
        try:
            return _read(path, file)
        except ExperimentError:
            path.unlink()  # damaged; fetched again
    return _download(file, path, MIRRORS if mirror is None else (mirror,))


def _download(file: MnistFile, path: Path, mirrors: tuple[str, ...]) -> np.ndarray:
    failures = []
    for mirror in mirrors:
        try:
            fetch(f"{mirror.rstrip('/')}/{file.name}", path)
            return _read(path, file)
        except ExperimentError as error:
            path.unlink(missing_ok=True)  # a wrong file; a broken one stays beside and is continued
            failures.append(str(error))
    reasons = "; ".join(failures)
    raise ExperimentError(f"{reasons}; fetch the files elsewhere and name their folder with --mirror DIR")


def _read(path: Path, file: MnistFile) -> np.ndarray:
    header = 4 + 4 * len(file.shape)
    try:
        with gzip.open(path, "rb") as stream:
            content = stream.read(header + math.prod(file.shape) + 1)  # a byte more than belongs there
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ExperimentError(f"{path}: damaged archive ({error}); fetch it again") from None
    except OSError as error:
        raise ExperimentError(f"{path}: cannot be read ({error.strerror})") from None
    array = parse_idx(content, file.shape, path)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ExperimentError(f"{path}: not the file of MNIST (its SHA-256 differs); fetch it again")
    return array


def _is_url(mirror: str) -> bool:
    return mirror.startswith(("http://", "https://"))
