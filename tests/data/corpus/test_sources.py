"""Files are found, fetched, and checked against their hash."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import threading

import pytest

from onmt_evsoftmax.base import downloads as download
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.progress import Bar
from onmt_evsoftmax.data.corpus.config import SourceFile
from onmt_evsoftmax.data.corpus.sources import locate, text_sha256

TEXT = "Grüße\nTschüss\n".encode()
DIGEST = hashlib.sha256(TEXT).hexdigest()
BAR = Bar("fetch")


class Server:
    """Serves ``files`` (path -> bytes); the first ``faults`` answers go wrong in the way of ``fault``."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults, self.fault, self.requests = 0, "error", 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"

    def answer(self, handler) -> None:
        self.requests += 1
        content = self.files.get(handler.path.partition("?")[0])
        fault, self.faults = self.faults > 0, self.faults - 1
        if content is None or (fault and self.fault == "error"):
            handler.send_error(404 if content is None else 503)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:3] if fault else content)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    server.files["/a/train.en.gz"] = gzip.compress(TEXT)
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_hash_is_of_the_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "fast.gz").write_bytes(gzip.compress(TEXT, 1))
    (tmp_path / "small.gz").write_bytes(gzip.compress(TEXT, 9, mtime=7))
    assert (tmp_path / "fast.gz").read_bytes() != (tmp_path / "small.gz").read_bytes()
    assert {text_sha256(tmp_path / name) for name in ("a.txt", "fast.gz", "small.gz")} == {DIGEST}


@pytest.mark.parametrize("asked, there", [("a.en", "a.en"), ("a.en", "a.en.gz"), ("a.en.gz", "a.en")])
@pytest.mark.parametrize("mirrored", [False, True])
def test_local_file_under_both_spellings(tmp_path, asked, there, mirrored):
    (tmp_path / there).write_bytes(gzip.compress(TEXT) if there.endswith(".gz") else TEXT)
    folder, mirror = (tmp_path / "elsewhere", tmp_path) if mirrored else (tmp_path, None)
    found = locate(SourceFile(f"{folder}/{asked}", DIGEST), tmp_path / "downloads", mirror, BAR)
    assert found.path == tmp_path / there
    assert (found.name, found.sha256) == (f"{folder}/{asked}", DIGEST)


def test_missing_local_file(tmp_path):
    with pytest.raises(InputError, match="absent.en: no such file .*--mirror DIR"):
        locate(SourceFile("absent.en"), tmp_path, tmp_path, BAR)


def test_wrong_hash_of_a_local_file(tmp_path):
    (tmp_path / "a.en").write_bytes(TEXT)
    message = f"a.en: its text has the SHA-256 {DIGEST}, but the config expects {'0' * 64}"
    with pytest.raises(InputError, match=message):
        locate(SourceFile(f"{tmp_path}/a.en", "0" * 64), tmp_path, None, BAR)
    assert (tmp_path / "a.en").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-9],
        lambda data: b"no gzip",
        lambda data: data[:10] + b"\xff" * 20 + data[30:],
    ],
)
def test_damaged_gzip(tmp_path, damage):
    (tmp_path / "a.gz").write_bytes(damage(gzip.compress(TEXT * 50)))
    with pytest.raises(InputError, match="a.gz: damaged gzip file"):
        locate(SourceFile(f"{tmp_path}/a.gz"), tmp_path, None, BAR)


def test_download_is_kept(tmp_path, server):
    source = SourceFile(server.url("/a/train.en.gz"), DIGEST)
    first = locate(source, tmp_path, None, BAR)
    assert first.path.is_relative_to(tmp_path) and gzip.decompress(first.path.read_bytes()) == TEXT
    assert locate(source, tmp_path, None, BAR) == first and server.requests == 1


def test_equal_names_of_two_addresses_are_two_files(tmp_path, server):
    server.files["/b/train.en.gz"] = gzip.compress(b"other")
    paths = {
        locate(SourceFile(server.url(path)), tmp_path, None, BAR).path
        for path in ("/a/train.en.gz", "/b/train.en.gz", "/b/train.en.gz?version=2")
    }
    assert len(paths) == 3


def test_no_download_outside_of_its_folder(tmp_path, server):
    server.files["/../../up.en"] = TEXT
    found = locate(SourceFile(server.url("/../../up.en")), tmp_path / "downloads", None, BAR)
    assert found.path.resolve().is_relative_to((tmp_path / "downloads").resolve())


@pytest.mark.parametrize("fault", ["error", "cut"])
def test_download_is_tried_again(tmp_path, server, fault):
    server.faults, server.fault = 2, fault
    found = locate(SourceFile(server.url("/a/train.en.gz")), tmp_path, None, BAR)
    assert found.sha256 == DIGEST and server.requests == 3


@pytest.mark.parametrize("fault", ["error", "cut"])
def test_download_that_never_works(tmp_path, server, fault):
    server.faults, server.fault = 99, fault
    with pytest.raises(InputError, match="train.en.gz: cannot be fetched .*--mirror DIR"):
        locate(SourceFile(server.url("/a/train.en.gz")), tmp_path, None, BAR)
    assert server.requests == download.ATTEMPTS
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_absent_download_is_not_tried_again(tmp_path, server):
    with pytest.raises(InputError, match="404"):
        locate(SourceFile(server.url("/absent.gz")), tmp_path, None, BAR)
    assert server.requests == 1


def test_download_with_the_wrong_hash_is_not_kept(tmp_path, server):
    with pytest.raises(InputError, match="SHA-256"):
        locate(SourceFile(server.url("/a/train.en.gz"), "0" * 64), tmp_path, None, BAR)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("damaged", [gzip.compress(b"another version"), b"no gzip"], ids=["half", "text"])
def test_damaged_download_is_fetched_again(tmp_path, server, damaged):
    source = SourceFile(server.url("/a/train.en.gz"), DIGEST)
    locate(source, tmp_path, None, BAR).path.write_bytes(damaged)
    assert locate(source, tmp_path, None, BAR).sha256 == DIGEST and server.requests == 2


def test_unfinished_download_is_cleared_away(tmp_path, server):
    source = SourceFile(server.url("/a/train.en.gz"))
    path = locate(source, tmp_path, None, BAR).path
    path.rename(path.with_name(f".{path.name}.writing-x1y2.part"))
    locate(source, tmp_path, None, BAR)
    assert list(path.parent.iterdir()) == [path]


def test_mirror_stands_for_the_network(tmp_path, server):
    mirror = tmp_path / "mirror with space"
    mirror.mkdir()
    (mirror / "train.en.gz").write_bytes(gzip.compress(TEXT, 1))
    found = locate(SourceFile(server.url("/a/train.en.gz"), DIGEST), tmp_path / "downloads", mirror, BAR)
    assert server.requests == 0
    assert found.path.is_relative_to(tmp_path / "downloads")
    assert found.path.read_bytes() == (mirror / "train.en.gz").read_bytes()


def test_mirror_without_the_file(tmp_path, server):
    with pytest.raises(InputError, match="train.en.gz: no such file; the folder that --mirror names must"):
        locate(SourceFile(server.url("/a/train.en.gz")), tmp_path / "downloads", tmp_path, BAR)
    assert server.requests == 0
