"""Files of MNIST and the Frey faces: parsing, mirrors, broken and wrong downloads; scikit-learn's digits."""

import gzip
import hashlib
import io
import struct

import numpy as np
import pytest
import scipy.io

from onmt_evsoftmax.base import downloads
from onmt_evsoftmax.base.errors import InputError
from other_experiments.common import datasets
from other_experiments.common.datasets import MnistFile, load_digits, load_frey, load_mnist
from tests.data.fetching.server import Server


def idx(array):
    return struct.pack(f">{1 + array.ndim}I", 0x800 | array.ndim, *array.shape) + array.tobytes()


LABELS = np.array([3, 1, 4], np.uint8)
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


@pytest.fixture
def tiny_mnist(monkeypatch):
    """The contents of a data set in MNIST's format, three images each, that `load_mnist` accepts."""
    arrays = [IMAGES, LABELS, IMAGES[::-1].copy(), LABELS[::-1].copy()]
    files, contents = [], {}
    for file, array in zip(datasets.MNIST_FILES, arrays):
        content = idx(array)
        files.append(MnistFile(file.name, array.shape, hashlib.sha256(content).hexdigest()))
        contents[file.name] = gzip.compress(content)
    monkeypatch.setattr(datasets, "MNIST_FILES", tuple(files))
    return contents


def write(folder, contents):
    folder.mkdir(exist_ok=True, parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def test_a_folder_is_read_where_it_is(tiny_mnist, tmp_path):
    write(tmp_path / "mirror", tiny_mnist)
    images = load_mnist(tmp_path / "cache", str(tmp_path / "mirror"))
    assert np.array_equal(images.train_images.numpy() * 255, IMAGES.reshape(3, 784))
    assert images.test_labels.tolist() == [4, 1, 3]
    assert not (tmp_path / "cache").exists()


def test_wrong_files_in_a_folder_are_named(tiny_mnist, tmp_path):
    write(tmp_path, tiny_mnist)
    name = datasets.MNIST_FILES[1].name
    other = gzip.compress(idx(LABELS[[0, 0, 0]]))
    cut = tiny_mnist[name][:-9]
    for content, message in [(other, "SHA-256"), (cut, "damaged gzip file"), (b"no", "damaged gzip file")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: .*{message}"):
            load_mnist(tmp_path / "cache", str(tmp_path))
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=f"{name}: no such file"):
        load_mnist(tmp_path / "cache", str(tmp_path))


@pytest.fixture
def serve(monkeypatch):
    """Start a server of these contents; ``faults`` befall its first answers."""
    monkeypatch.setattr(downloads, "PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    servers = []

    def start(contents, faults=(), ranges=True):
        server = Server()
        server.files = {f"/{name}": content for name, content in contents.items()}
        server.faults, server.ranges = list(faults), ranges
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_is_continued_and_kept(tiny_mnist, tmp_path, serve, ranges):
    server = serve(tiny_mnist, faults=["cut"] * 2, ranges=ranges)
    first = load_mnist(tmp_path, server.url)
    assert len(first.train_labels) == 3
    assert server.asked[0] is None and server.asked[1].startswith("bytes=")
    requests = len(server.asked)
    assert requests == len(tiny_mnist) + 2
    assert load_mnist(tmp_path, server.url).test_labels.tolist() == first.test_labels.tolist()
    assert len(server.asked) == requests  # all from the cache
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(tiny_mnist)


def test_the_next_mirror_serves_what_one_does_not(tiny_mnist, tmp_path, serve, monkeypatch):
    wrong = {name: gzip.compress(b"something else") for name in tiny_mnist}
    mirrors = [serve(contents).url for contents in ({}, wrong, tiny_mnist)]
    monkeypatch.setattr(datasets, "MIRRORS", tuple(mirrors))
    assert load_mnist(tmp_path).train_labels.tolist() == LABELS.tolist()


def test_when_all_mirrors_fail_the_reasons_are_given(tiny_mnist, tmp_path, serve, monkeypatch):
    wrong = {name: gzip.compress(b"something else") for name in tiny_mnist}
    monkeypatch.setattr(datasets, "MIRRORS", (serve({}).url, serve(wrong).url))
    with pytest.raises(InputError, match="404.*--mirror.*train-images.*SHA-256"):
        load_mnist(tmp_path)
    assert not list((tmp_path / "mnist").iterdir())


def test_a_damaged_file_in_the_cache_is_fetched_again(tiny_mnist, tmp_path, serve):
    write(tmp_path / "mnist", {**tiny_mnist, datasets.MNIST_FILES[2].name: b"damaged"})
    server = serve(tiny_mnist)
    load_mnist(tmp_path, server.url)
    assert len(server.asked) == 1


def test_the_digits_are_split_the_same_way_each_time():
    digits, again = load_digits(), load_digits()
    assert digits.train_images.shape == (1437, 64) and digits.test_images.shape == (360, 64)
    assert digits.train_images.min() == 0 and digits.train_images.max() == 1
    assert digits.test_labels.bincount(minlength=10).min() >= 20
    assert digits.test_labels.tolist() == again.test_labels.tolist()


@pytest.mark.realdata
def test_mnist_has_the_known_counts(real_data, tmp_path):
    images = load_mnist(tmp_path, str(real_data / "mnist"))
    assert images.train_images.shape == (60000, 784) and images.test_images.shape == (10000, 784)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert images.train_labels.bincount().tolist() == counts
    assert images.train_images.min() == 0 and images.train_images.max() == 1
    assert images.train_images.mean().item() == pytest.approx(0.1307, abs=1e-4)


FACES = np.random.default_rng(1).integers(0, 256, (5, 28, 20), np.uint8)


@pytest.fixture
def tiny_frey(monkeypatch):
    """The content of both files, with five images, that `load_frey` accepts."""
    monkeypatch.setattr(datasets, "FREY_SHAPE", FACES.shape)
    monkeypatch.setattr(datasets, "FREY_SHA256", hashlib.sha256(FACES.tobytes()).hexdigest())
    contents = {name: io.BytesIO() for name in datasets.FREY_FILES}
    scipy.io.savemat(contents["frey_rawface.mat"], {"ff": FACES.reshape(len(FACES), -1).T})
    np.savez(contents["freyfaces.npz"], images=FACES)
    return {name: content.getvalue() for name, content in contents.items()}


def test_both_files_of_the_frey_faces_are_the_same_images(tiny_frey, tmp_path):
    for name, content in tiny_frey.items():
        folder = tmp_path / name
        write(folder, {name: content})
        assert np.array_equal(load_frey(tmp_path / "cache", str(folder)), FACES)
    assert not (tmp_path / "cache").exists()


def test_wrong_files_of_the_frey_faces_are_named(tiny_frey, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="frey_rawface.mat: no such file, and no freyfaces.npz"):
        load_frey(tmp_path, str(tmp_path))
    for name, content in tiny_frey.items():
        for broken in (content[: len(content) // 2], b"no"):
            write(tmp_path / "broken", {name: broken})
            with pytest.raises(InputError, match=f"{name}: damaged"):
                load_frey(tmp_path, str(tmp_path / "broken"))
        (tmp_path / "broken" / name).unlink()
    write(tmp_path / "other", tiny_frey)
    monkeypatch.setattr(datasets, "FREY_SHA256", "0" * 64)
    with pytest.raises(InputError, match="frey_rawface.mat: not the Frey faces"):
        load_frey(tmp_path, str(tmp_path / "other"))


def test_a_broken_download_of_the_frey_faces_is_continued_and_kept(tiny_frey, tmp_path, serve):
    server = serve(tiny_frey, faults=["cut"] * 2)
    for _ in range(2):
        assert np.array_equal(load_frey(tmp_path, server.url), FACES)
    assert len(server.asked) == 3 and server.asked[1].startswith("bytes=")
