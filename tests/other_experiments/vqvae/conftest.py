"""A tiny-imagenet-200 of three classes, in the official layout."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

CLASSES = {"n07715103": "cauliflower", "n01910747": "jellyfish", "n07711569": "mashed potato"}
TRAINING, HELD_OUT = 10, 4
"""Images of each class."""


def jpeg(pixels, mode="RGB"):
    stream = io.BytesIO()
    Image.fromarray(pixels, mode if mode == "L" else None).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def tiny_imagenet_files():
    """Name -> content; images are smooth, so that JPEG hardly changes them, and of one colour per class."""
    rows, columns = np.mgrid[0:64, 0:64]
    root = "tiny-imagenet-200"
    files = {
        f"{root}/wnids.txt": "".join(f"{wnid}\n" for wnid in CLASSES).encode(),
        f"{root}/words.txt": "".join(f"{wnid}\t{name}, other name\n" for wnid, name in CLASSES.items()).encode(),
        f"{root}/test/images/test_0.JPEG": b"has no label",
    }
    annotations = []
    for label, wnid in enumerate(CLASSES):
        for number in range(TRAINING + HELD_OUT):
            pixels = np.zeros((64, 64, 3), np.uint8)
            pixels[..., label] = rows + columns + 8 * number
            if number < TRAINING:
                files[f"{root}/train/{wnid}/images/{wnid}_{number}.JPEG"] = jpeg(pixels)
            else:
                name = f"val_{7 * number + 100 * label}.JPEG"
                files[f"{root}/val/images/{name}"] = jpeg(pixels)
                annotations.append(f"{name}\t{wnid}\t0\t3\t63\t63\n")
    annotations = annotations[::2] + annotations[1::2]
    files[f"{root}/val/val_annotations.txt"] = "".join(annotations).encode()
    return files


def write_zip(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.fixture
def files():
    return tiny_imagenet_files()


@pytest.fixture
def mirror(tmp_path, files):
    """A folder for ``--mirror`` that holds the zip file."""
    write_zip(tmp_path / "mirror" / "tiny-imagenet-200.zip", files)
    return tmp_path / "mirror"
