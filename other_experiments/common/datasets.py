"""MNIST and the Frey faces from their mirrors, and scikit-learn's small digits; binarisation."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Optional, TypeVar

import numpy as np
import scipy.io
import torch
from torch import Tensor

from onmt_evsoftmax.base.downloads import is_url, obtain, text_sha256
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.progress import bar_on_stderr

from .config import check_known
from .seeding import generator

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)


@dataclass(frozen=True)
class MnistFile:
    """An IDX file: a magic number and the sizes, four bytes each, then a byte for each entry.

    ``sha256`` is that of the decompressed content, header and all, so a recompressed copy matches too.
    """

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

FREY_MIRROR = "https://cs.nyu.edu/~roweis/data"
FREY_FILES = ("frey_rawface.mat", "freyfaces.npz")
"""S. Roweis's file, and the same images as NumPy's; a folder can hold either, an address has the first."""
FREY_SHAPE = (1965, 28, 20)
FREY_SHA256 = "2438ba4f0d2a6bd8bac43de756141eaa33c8d248dd613d464bdb1210d9b7af78"
"""SHA-256 of the pixels, image after image and row after row, so both files match."""

T = TypeVar("T")


@dataclass(frozen=True)
class Images:
    """Images as rows of pixels in [0, 1], float32 ``[N, pixels]``, and their labels, int64 ``[N]``."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def load_images(dataset: str, cache: Path, mirror: Optional[str] = None) -> Images:
    """Images with labels: those of ``mnist`` or ``digits``.

    Raises:
        InputError: see `load_mnist` and `load_digits`.
    """
    check_known("dataset", [dataset], LABELLED)
    return load_mnist(cache, mirror) if dataset == "mnist" else load_digits()


LABELLED = ("mnist", "digits")
"""The names that `load_images` knows."""


def load_mnist(cache: Path, mirror: Optional[str] = None) -> Images:
    """MNIST, 60,000 and 10,000 images of 784 pixels.

    Args:
        cache: fetched files are kept in its folder ``mnist``.
        mirror: a folder that holds the four ``.gz`` files, which are read there and not copied, or
            the ``http(s)://`` address to fetch them from instead of the usual mirrors.

    Raises:
        InputError: a file is missing, cannot be fetched, or is not MNIST's.
    """
    folder = Path(cache) / "mnist"
    arrays = [fetched(MIRRORS, folder / file.name, partial(read_mnist, file), mirror) for file in MNIST_FILES]
    images = [torch.from_numpy(array.astype(np.float32)).flatten(1).div_(255) for array in arrays[::2]]
    labels = [torch.from_numpy(array.astype(np.int64)) for array in arrays[1::2]]
    return Images(images[0], labels[0], images[1], labels[1])


def load_frey(cache: Path, mirror: Optional[str] = None) -> np.ndarray:
    """The Frey faces, frames of one film: grey values 0 to 255, uint8 ``[1965, 28, 20]``.

    Args:
        cache: the fetched file is kept in its folder ``frey``.
        mirror: a folder that holds one of `FREY_FILES`, which is read there and not copied, or the
            ``http(s)://`` address to fetch the first of them from.

    Raises:
        InputError: the file is missing, cannot be fetched, or holds other images.
    """
    there = [name for name in FREY_FILES if mirror is not None and (Path(mirror) / name).is_file()]
    if not (there or mirror is None or is_url(mirror)):
        path, other = Path(mirror) / FREY_FILES[0], FREY_FILES[1]
        raise InputError(f"{path}: no such file, and no {other}; the folder that --mirror names must hold one")
    name = there[0] if there else FREY_FILES[0]
    return fetched((FREY_MIRROR,), Path(cache) / "frey" / name, _read_frey, mirror)


def load_digits() -> Images:
    """scikit-learn's digits, 1797 images of 64 pixels; always the same fifth of them is the test set.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits as bundled  # takes a second; MNIST does without
    except ImportError:
        raise InputError("scikit-learn is missing; run: pip install -e '.[experiments]'") from None

    digits = bundled()
    images = torch.from_numpy(digits.data.astype(np.float32)).div_(16)
    labels = torch.from_numpy(digits.target.astype(np.int64))
    # they come in a periodic order, so every fifth would be no fair sample of the ten digits
    order = torch.randperm(len(labels), generator=generator(0, "digits split"))
    train, test = order[: len(order) * 4 // 5], order[len(order) * 4 // 5 :]
    return Images(images[train], labels[train], images[test], labels[test])


def binarise(images: Tensor, random: torch.Generator) -> Tensor:
    """Each pixel is 1 with its grey value as the probability, else 0. Drawn on the CPU, for every device alike."""
    return (torch.rand(images.shape, generator=random).to(images.device) < images).to(images.dtype)


def fetched(mirrors: tuple[str, ...], path: Path, read: Callable[[Path], T], mirror: Optional[str]) -> T:
    """What ``read`` makes of a file: of the kept ``path``, of that in the ``mirror``, or fetched from ``mirrors``.

    Raises:
        InputError: see `onmt_evsoftmax.base.downloads.obtain`.
    """
    with bar_on_stderr(f"fetch {path.name}") as bar:
        return obtain([f"{address}/{path.name}" for address in mirrors], path, read, bar, mirror)


def read_mnist(file: MnistFile, path: Path) -> np.ndarray:
    """The entries of an IDX file.

    Raises:
        InputError: its SHA-256 is another one; since that fixes every byte, nothing else can be wrong.
    """
    header = 4 + 4 * len(file.shape)
    if text_sha256(path, largest=header + math.prod(file.shape)) != file.sha256:
        raise InputError(f"{path}: not the file of MNIST (its SHA-256 differs); fetch it again")
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
        return np.frombuffer(stream.read(), np.uint8, offset=header).reshape(file.shape)


def _read_frey(path: Path) -> np.ndarray:
    content = path.read_bytes()
    try:
        if path.suffix == ".npz":
            with np.load(io.BytesIO(content)) as arrays:
                array = arrays["images"]
        else:
            array = scipy.io.loadmat(io.BytesIO(content))["ff"].T.reshape(-1, *FREY_SHAPE[1:])
    except Exception as error:  # the two parsers raise a dozen kinds, whatever the damaged byte leads to
        raise InputError(f"{path}: damaged, or another kind of file ({error}); fetch it again") from None
    pixels = np.ascontiguousarray(array)
    if pixels.shape != FREY_SHAPE or hashlib.sha256(pixels.tobytes()).hexdigest() != FREY_SHA256:
        raise InputError(f"{path}: not the Frey faces (their SHA-256 differs); fetch it again")
    return pixels
