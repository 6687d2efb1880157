"""A tiny-imagenet-200 of three classes, in the official layout; runs with made-up results."""

import io
import json
import zipfile

import numpy as np
import pytest
import yaml
from PIL import Image

from onmt_evsoftmax.base import catalogue
from other_experiments.common.plots import METHODS

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


CONFIG = {
    "dataset": "tinyimagenet",
    "side": 16,
    "autoencoder": {"codes": 32, "epochs": 8, "halvings": 2},
    "prior": {"epochs": 4},
    "samples": {"per_class": 2},
}
LIVE = {"live": 30, "collapsed": 6}
"""Codes in use of each codebook."""


def write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_lines(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def write_images(path, count, random):
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = np.repeat(np.arange(4), count)
    np.savez(path, images=random.integers(0, 256, (len(labels), 3, 16, 16), np.uint8), labels=labels)


def write_autoencoder(folder, used):
    use = {"codes_in_use": used, "perplexity": 0.8 * used}
    write_lines(folder / "vqvae" / "log.jsonl", [{"step": step, **use} for step in (1, 10, 100)])
    codes = {**dict.fromkeys(("train", "validation", "test"), use), "unigram_bits": 4.5}
    squared = {"train": 0.02, "validation": 0.03, "test": 0.035}
    write_json(folder / "codes" / "results.json", codes)
    write_json(folder / "vqvae" / "results.json", {"reconstruction": squared})
    return codes


def support_of(method, used, step):
    """A made-up K that falls to half of the codes in use."""
    return 32 if method == "softmax" else used / 2 + (32 - used / 2) / (1 + step)


def write_run(runs, codebook, seed, through=True):
    """A run as `train` leaves it, with made-up numbers that differ by method and seed."""
    random, folder, used = np.random.default_rng(seed), runs / codebook / f"seed-{seed}", LIVE[codebook]
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump({**CONFIG, "seed": seed, "codebook": codebook}))
    codes = write_autoencoder(folder, used)
    write_images(folder / "codes" / "reconstructions.npz", 8, random)
    methods = {}
    for place, method in enumerate(METHODS):
        trained_as = catalogue.get(method).trained_as
        lines = [{"step": 0, "validation_loss": 3.0}]
        for step in (0, 1, 10, 50, 100, 800):
            own = {name: {"K": support_of(name, used, step), "outside": 0.1 / (1 + step)}
                   for name in catalogue.used_after(trained_as)}  # fmt: skip
            lines.append({"step": step, "loss": 2.0, "methods": own})
        write_lines(folder / "priors" / f"{trained_as}-lr0.001" / "log.jsonl", lines)
        write_images(folder / "samples" / method / "samples.npz", 2, random)
        samples = {"images": 400, "K": 10.0 + place, "top1": 0.1, "top5": 0.2 + 0.02 * seed, "top10": 0.5}
        methods[method] = {
            "learning_rate": 1e-3, "best_epoch": 4, "died": 120 if method == "sparsemax" and seed == 2 else None,
            "K": 11.0 + place, "outside": 0.0123, "bits": {"softmax": 5.1, "epsilon": 5.2, "own": 5.3 + 0.1 * seed},
            "samples": samples,
        }  # fmt: skip
    verdict = {"images": 4000, "top1": 0.2, "top5": 0.45, "top10": 0.6}
    judge = {"real": verdict, "reconstructions": {**verdict, "top5": 0.3}, "classes": 4}
    results = {"codebook": codebook, "seed": seed, "codes": codes, "judge": judge, "methods": methods}
    results["classes"] = [*CLASSES.values(), "goldfish"]
    if through:
        write_json(folder / "results.json", results)
    return folder


@pytest.fixture
def runs(tmp_path):
    """Two seeds of two codebooks, an autoencoder without priors, and a run that is not through."""
    for codebook in LIVE:
        for seed in (1, 2):
            write_run(tmp_path / "runs", codebook, seed)
    write_run(tmp_path / "runs", "live", 3, through=False)
    write_autoencoder(tmp_path / "runs" / "kmeans" / "seed-1", 12)
    return tmp_path / "runs"
