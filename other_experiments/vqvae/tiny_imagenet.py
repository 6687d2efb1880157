"""tiny-imagenet-200 from its zip file, decoded once into one array file."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from onmt_evsoftmax.base.downloads import is_url
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write
from onmt_evsoftmax.base.progress import bar_on_stderr

from ..common.datasets import fetched
from .split import spread

MIRROR = "http://cs231n.stanford.edu"
FILES = ("tiny-imagenet-200.zip", "tiny-imagenet-200-subset.zip")
"""The official file, and a part of it in the same layout; a folder can hold either, an address has the first."""
ROOT = "tiny-imagenet-200"
"""The folder that everything in the zip file lies in."""
SIDE = 64
"""Rows and columns of the images."""


class Labelled(NamedTuple):
    """Images, uint8 ``[N, 3, S, S]``, and their labels, int64 ``[N]``."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class TinyImageNet:
    """The labelled images; those of the official test part have no labels.

    Attributes:
        train: the official training images in the order of `spread`.
        held_out: the official validation images.
        classes: the first name of each class; a label is its place in ``wnids.txt``.
    """

    train: Labelled
    held_out: Labelled
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """What a zip file holds, without its pixels.

    Attributes:
        classes: the first name of each class.
        members: the images, those for training first.
        labels: theirs, int64 ``[N]``.
        training: how many are for training.
        key: the same for two files with the same images, by their names and CRC-32.
    """

    classes: tuple[str, ...]
    members: tuple[str, ...]
    labels: Tensor
    training: int
    key: str


def load_tiny_imagenet(cache: Path, mirror: Optional[str] = None, side: int = SIDE) -> TinyImageNet:
    """All labelled images, decoded once and then read from the cache.

    Args:
        cache: the fetched zip file and the decoded images are kept in its folder ``tinyimagenet``.
        mirror: a folder that holds one of `FILES`, which is read there and not copied, or the
            ``http(s)://`` address to fetch the first of them from.
        side: rows and columns to resize to; each new pixel is the mean of the area that it covers.

    Raises:
        InputError: the file is missing, cannot be fetched, is damaged or has another layout; or one image is.
    """
    folder = Path(cache) / "tinyimagenet"
    path, listing = fetched((MIRROR,), folder / _name(mirror), partial(_checked, folder=folder, side=side), mirror)
    file = _array_file(folder, side, listing)
    if not _is_kept(file, listing, side):  # not inside of `fetched`, where a full disk would cost the zip file
        _decode(path, listing, side, file)
    images = torch.from_numpy(np.load(file, mmap_mode="c"))  # c: torch has no tensors that cannot be written
    parts = (slice(listing.training), slice(listing.training, None))
    train, held_out = (Labelled(images[part], listing.labels[part]) for part in parts)
    return TinyImageNet(train, held_out, listing.classes)


def _name(mirror: Optional[str]) -> str:
    """The name of the file to read.

    Raises:
        InputError: the mirror is a folder with neither of `FILES`.
    """
    if mirror is None or is_url(mirror):
        return FILES[0]
    for name in FILES:
        if (Path(mirror) / name).is_file():
            return name
    raise InputError(
        f"{Path(mirror) / FILES[0]}: no such file, and no {FILES[1]}; the folder that --mirror names must hold one"
    )


def _checked(path: Path, folder: Path, side: int) -> tuple[Path, Listing]:
    """The file and what it holds; each byte of it is checked by CRC-32 unless it was decoded before.

    Raises:
        InputError: the file is damaged or has another layout; the message names what is missing.
    """
    with _opened(path) as archive:
        listing = _listing(archive, path)
        if not _is_kept(_array_file(folder, side, listing), listing, side):
            try:
                broken = archive.testzip()
            except Exception as error:  # zipfile and zlib raise several kinds
                broken = str(error)
            if broken:
                raise InputError(f"{path}: damaged ({broken}); fetch it again")
    return path, listing


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: damaged, or no zip file ({error}); fetch it again") from None


def _listing(archive: zipfile.ZipFile, path: Path) -> Listing:
    """See `Listing`.

    Raises:
        InputError: a list is missing, or a class has no images or no name.
    """
    wnids = _text(archive, path, "wnids.txt").split()
    if not wnids or len(set(wnids)) < len(wnids):
        raise InputError(f"{path}: wnids.txt must name classes, each once; fetch it again")
    words = dict(line.split("\t", 1) for line in _text(archive, path, "words.txt").splitlines() if "\t" in line)
    parts = {"train": _training_images(archive, wnids), "val": _held_out_images(archive, path, wnids)}
    for wnid in wnids:
        lacking = [part for part, images in parts.items() if not images[wnid]]
        if lacking or wnid not in words:
            what = f"no images in {' and '.join(lacking)}" if lacking else "no name in words.txt"
            raise InputError(f"{path}: class {wnid} has {what}; the file is not whole: fetch it again")
    members, labels = [], []
    for images in parts.values():
        members.append([member for wnid in wnids for member in sorted(images[wnid])])
        labels.append(torch.tensor([label for label, wnid in enumerate(wnids) for _ in images[wnid]]))
    order = spread(labels[0])
    names = tuple(words[wnid].partition(",")[0].strip() for wnid in wnids)
    ordered = tuple([members[0][place] for place in order.tolist()] + members[1])
    all_labels = torch.cat([labels[0][order], labels[1]])
    return Listing(names, ordered, all_labels, len(order), _key(archive, path, ordered))


def _training_images(archive: zipfile.ZipFile, wnids: list[str]) -> dict[str, list[str]]:
    images: dict[str, list[str]] = {wnid: [] for wnid in wnids}
    for member in archive.namelist():
        parts = member.split("/")
        if parts[:2] == [ROOT, "train"] and parts[2] in images and member.endswith(".JPEG"):
            images[parts[2]].append(member)
    return images


def _held_out_images(archive: zipfile.ZipFile, path: Path, wnids: list[str]) -> dict[str, list[str]]:
    images: dict[str, list[str]] = {wnid: [] for wnid in wnids}
    for line in _text(archive, path, "val/val_annotations.txt").splitlines():
        image, _, rest = line.partition("\t")
        wnid = rest.partition("\t")[0]  # a box follows, which is not used
        if wnid not in images:
            raise InputError(f"{path}: val_annotations.txt puts {image!r} into {wnid!r}, no class of wnids.txt")
        images[wnid].append(f"{ROOT}/val/images/{image}")
    return images


def _key(archive: zipfile.ZipFile, path: Path, members: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for member in members:
        try:
            digest.update(f"{member} {archive.getinfo(member).CRC}\n".encode())
        except KeyError:
            raise InputError(
                f"{path}: val_annotations.txt names {member}, which is not there; fetch it again"
            ) from None
    return digest.hexdigest()[:16]


def _text(archive: zipfile.ZipFile, path: Path, name: str) -> str:
    try:
        return archive.read(f"{ROOT}/{name}").decode("utf-8")
    except KeyError:
        raise InputError(f"{path}: holds no {ROOT}/{name}, so it is not {FILES[0]}") from None
    except Exception as error:  # a damaged member makes zipfile and zlib raise several kinds
        raise InputError(f"{path}: {ROOT}/{name} is damaged ({error}); fetch it again") from None


def _array_file(folder: Path, side: int, listing: Listing) -> Path:
    return folder / f"{side}x{side}-{listing.key}.npy"


def _is_kept(file: Path, listing: Listing, side: int) -> bool:
    try:
        return file.is_file() and np.load(file, mmap_mode="r").shape == (len(listing.members), 3, side, side)
    except Exception:  # damaged: decoded anew
        return False


def _decode(path: Path, listing: Listing, side: int, file: Path) -> None:
    """Write the pixels of all images, one image at a time, so that memory does not grow with their number."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(listing.members), 3, side, side)}
    with _opened(path) as archive, atomic_write(file, "wb") as stream, bar_on_stderr(f"decode {path.name}") as bar:
        bar.start(len(listing.members))
        np.lib.format.write_array_header_1_0(stream, header)
        for member in listing.members:
            stream.write(_pixels(archive, path, member, side).tobytes())
            bar.advance(1)


def _pixels(archive: zipfile.ZipFile, path: Path, member: str, side: int) -> np.ndarray:
    """An image, uint8 ``[3, side, side]``.

    Raises:
        InputError: it is not an image of `SIDE` rows and columns.
    """
    try:
        with Image.open(io.BytesIO(archive.read(member))) as image:
            if image.size != (SIDE, SIDE):
                raise ValueError(f"{image.width} x {image.height} pixels, not {SIDE} x {SIDE}")
            rgb = image.convert("RGB")  # some are grey
    except Exception as error:  # Pillow raises a dozen kinds
        raise InputError(f"{path}: {member} cannot be decoded ({error}); fetch it again") from None
    resized = rgb if side == SIDE else rgb.resize((side, side), Image.Resampling.BOX)
    return np.asarray(resized).transpose(2, 0, 1)
