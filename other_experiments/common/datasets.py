"""MNIST and the Frey faces from their mirrors, and scikit-learn's small digits."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import numpy as np
import scipy.io
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

FREY_MIRRORS = ("https://cs.nyu.edu/~roweis/data",)
FREY_FILES = ("frey_rawface.mat", "freyfaces.npz")
"""S. Roweis's file, and the same images as NumPy's; a folder can hold either, an address has the first."""
FREY_SHAPE = (1965, 28, 20)
FREY_SHA256 = "2438ba4f0d2a6bd8bac43de756141eaa33c8d248dd613d464bdb1210d9b7af78"
"""Of the pixels, image after image and row after row, so both files match."""


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


def load_frey(cache: Path, mirror: Optional[str] = None) -> np.ndarray:
    """The Frey faces, frames of one film: grey values 0 to 255, uint8 ``[1965, 28, 20]``.

    Args:
        cache: the folder that the fetched file is kept in.
        mirror: a folder that holds one of `FREY_FILES`, which is read there and not copied, or the
            ``http(s)://`` address to fetch the first of them from.

    Raises:
        ExperimentError: the file is missing, cannot be fetched, or holds other images.
    """
    if mirror is not None and not _is_url(mirror):
        paths = [Path(mirror) / name for name in FREY_FILES]
        for path in paths:
            if path.is_file():
                return _read_frey(path)
        raise ExperimentError(f"{paths[0]}: no such file, and no {FREY_FILES[1]}; --mirror must hold one")
    path = Path(cache) / FREY_FILES[0]
    if path.exists():
        try:
            return _read_frey(path)
        except ExperimentError:
            path.unlink()  # damaged; fetched again
    return _download(path, FREY_MIRRORS if mirror is None else (mirror,), _read_frey)


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
    mirrors = MIRRORS if mirror is None else (mirror,)
    return _download(path, mirrors, lambda fetched: _read(fetched, file))


def _download(path: Path, mirrors: tuple[str, ...], read: Callable[[Path], np.ndarray]) -> np.ndarray:
    failures = []
    for mirror in mirrors:
        try:
            fetch(f"{mirror.rstrip('/')}/{path.name}", path)
            return read(path)
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


def _read_frey(path: Path) -> np.ndarray:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExperimentError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        if path.suffix == ".npz":
            with np.load(io.BytesIO(content)) as arrays:
                array = arrays["images"]
        else:
            array = scipy.io.loadmat(io.BytesIO(content))["ff"].T.reshape(-1, *FREY_SHAPE[1:])
    except Exception as error:  # the two parsers raise a dozen kinds, whatever the damaged byte leads to
        raise ExperimentError(f"{path}: damaged, or another kind of file ({error}); fetch it again") from None
    pixels = np.ascontiguousarray(array)
    if pixels.shape != FREY_SHAPE or hashlib.sha256(pixels.tobytes()).hexdigest() != FREY_SHA256:
        raise ExperimentError(f"{path}: not the Frey faces (their SHA-256 differs); fetch it again")
    return pixels


def _is_url(mirror: str) -> bool:
    return mirror.startswith(("http://", "https://"))
