"""A server, archives as the publishers make them but small, and the command line."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from onmt_evsoftmax.base import downloads as download

from .server import Server

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    yield server
    server.close()


@pytest.fixture
def make_archive():
    """(path, name -> content) -> the path, now a gzipped tar of these files."""

    def make(path: Path, files: dict) -> Path:
        with tarfile.open(path, "w:gz") as tar:
            for name, content in files.items():
                content = content if isinstance(content, bytes) else content.encode()
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return path

    return make


@pytest.fixture
def start_fetch(tmp_path):
    """Start ``onmt_evsoftmax fetch`` in ``tmp_path``."""

    def start(*arguments) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "onmt_evsoftmax", "fetch", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "no_proxy": "127.0.0.1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
