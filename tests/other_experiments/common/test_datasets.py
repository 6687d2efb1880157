"""Files of MNIST and the Frey faces: parsing, mirrors, broken and wrong downloads; scikit-learn's digits."""

import gzip
import hashlib
import http.server
import io
import struct
import threading

import numpy as np
import pytest
import scipy.io

from other_experiments.common import datasets, downloads
from other_experiments.common.datasets import MnistFile, load_digits, load_frey, load_mnist
from other_experiments.common.errors import ExperimentError
from other_experiments.common.idx import parse_idx


def idx(array, magic=None):
    header = struct.pack(f">{1 + array.ndim}I", 0x800 | array.ndim if magic is None else magic, *array.shape)
    return header + array.tobytes()


LABELS = np.array([3, 1, 4], np.uint8)
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


@pytest.mark.parametrize("array", [LABELS, IMAGES])
def test_idx_gives_the_array_back(array):
    assert np.array_equal(parse_idx(idx(array), array.shape, "x"), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\0\0\x08", "truncated"),
        (idx(LABELS)[:-1], "truncated: 2 bytes of data instead of 3"),
        (idx(LABELS) + b"\0", "too long: 4 bytes"),
        (idx(LABELS, magic=0x803), "magic number 0x803"),
        (idx(LABELS[:2]), "its header says 2, expected 3"),
        (idx(IMAGES), "magic number"),
    ],
)
def test_idx_refuses_other_files_by_name(content, message):
    with pytest.raises(ExperimentError, match="labels.gz: .*" + message):
        parse_idx(content, (3,), "labels.gz")


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
    folder.mkdir(exist_ok=True)
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
    for content, message in [(other, "SHA-256"), (cut, "damaged archive"), (b"no", "damaged archive")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ExperimentError, match=f"{name}: .*{message}"):
            load_mnist(tmp_path / "cache", str(tmp_path))
    (tmp_path / name).unlink()
    with pytest.raises(ExperimentError, match=f"{name}: no such file"):
        load_mnist(tmp_path / "cache", str(tmp_path))


class Server(http.server.ThreadingHTTPServer):
    """Serves ``contents``; cuts each of the first ``cuts`` answers short, and notes where ranges begin."""

    def __init__(self, contents, cuts=0, ranges=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents, self.cuts, self.ranges, self.asked = contents, cuts, ranges, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, content = self.server, self.server.contents.get(self.path.lstrip("/"))
        if content is None:
            return self.send_error(404)
        asked = self.headers.get("Range")
        server.asked.append(asked)
        start = int(asked[len("bytes=") : -1]) if asked and server.ranges else 0
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        rest = content[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        server.cuts -= 1
        self.wfile.write(rest[: len(rest) // 2] if server.cuts >= 0 else rest)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve(monkeypatch):
    monkeypatch.setattr(downloads, "PAUSE", 0.0)
    servers = []

    def start(*arguments, **options):
        servers.append(Server(*arguments, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_is_continued_and_kept(tiny_mnist, tmp_path, serve, ranges):
    server = serve(tiny_mnist, cuts=2, ranges=ranges)
    first = load_mnist(tmp_path, server.address)
    assert len(first.train_labels) == 3
    assert server.asked[0] is None and server.asked[1].startswith("bytes=")
    requests = len(server.asked)
    assert requests == len(tiny_mnist) + 2
    assert load_mnist(tmp_path, server.address).test_labels.tolist() == first.test_labels.tolist()
    assert len(server.asked) == requests  # all from the cache
    assert not list(tmp_path.glob("*.part"))


def test_a_leftover_longer_than_the_file_is_dropped(tiny_mnist, tmp_path, serve):
    server = serve(tiny_mnist)
    (tmp_path / (datasets.MNIST_FILES[0].name + ".part")).write_bytes(b"x" * 100_000)
    assert load_mnist(tmp_path, server.address).train_labels.tolist() == LABELS.tolist()


def test_the_next_mirror_serves_what_one_does_not(tiny_mnist, tmp_path, serve, monkeypatch):
    wrong = {name: gzip.compress(b"something else") for name in tiny_mnist}
    mirrors = [serve(contents).address for contents in ({}, wrong, tiny_mnist)]
    monkeypatch.setattr(datasets, "MIRRORS", tuple(mirrors))
    assert load_mnist(tmp_path).train_labels.tolist() == LABELS.tolist()


def test_when_all_mirrors_fail_the_reasons_are_given(tiny_mnist, tmp_path, serve, monkeypatch):
    wrong = {name: gzip.compress(b"something else") for name in tiny_mnist}
    monkeypatch.setattr(datasets, "MIRRORS", (serve({}).address, serve(wrong).address))
    with pytest.raises(ExperimentError, match="404.*train-images.*truncated.*--mirror"):
        load_mnist(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_server_that_always_breaks_off_is_an_error(tiny_mnist, tmp_path, serve):
    server = serve(tiny_mnist, cuts=downloads.ATTEMPTS)
    with pytest.raises(ExperimentError, match="cannot be fetched .*closed after"):
        load_mnist(tmp_path, server.address)


def test_a_damaged_file_in_the_cache_is_fetched_again(tiny_mnist, tmp_path, serve):
    write(tmp_path, {**tiny_mnist, datasets.MNIST_FILES[2].name: b"damaged"})
    server = serve(tiny_mnist)
    load_mnist(tmp_path, server.address)
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
    with pytest.raises(ExperimentError, match="frey_rawface.mat: no such file, and no freyfaces.npz"):
        load_frey(tmp_path, str(tmp_path))
    for name, content in tiny_frey.items():
        for broken in (content[: len(content) // 2], b"no"):
            write(tmp_path / "broken", {name: broken})
            with pytest.raises(ExperimentError, match=f"{name}: damaged"):
                load_frey(tmp_path, str(tmp_path / "broken"))
        (tmp_path / "broken" / name).unlink()
    write(tmp_path / "other", tiny_frey)
    monkeypatch.setattr(datasets, "FREY_SHA256", "0" * 64)
    with pytest.raises(ExperimentError, match="frey_rawface.mat: not the Frey faces"):
        load_frey(tmp_path, str(tmp_path / "other"))


def test_a_broken_download_of_the_frey_faces_is_continued_and_kept(tiny_frey, tmp_path, serve):
    server = serve(tiny_frey, cuts=2)
    for _ in range(2):
        assert np.array_equal(load_frey(tmp_path, server.address), FACES)
    assert len(server.asked) == 3 and server.asked[1].startswith("bytes=")
