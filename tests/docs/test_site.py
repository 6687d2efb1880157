"""`make docs`: built without a warning, whole, and with nothing that a browser would fetch."""

from __future__ import annotations

import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import onmt_evsoftmax

from .pages import ROOT

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """Where a page can be entered, where it leads, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values[key] for key in ("id", "name") if values.get(key)}
        target = values.get("href") or values.get("src")
        if target:
            (self.links if tag == "a" else self.loads).append(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    pytest.importorskip("sphinx")
    pytest.importorskip("furo")
    pytest.importorskip("myst_nb")
    folder = tmp_path_factory.mktemp("site")
    # another folder for what it remembers, so that nothing is written into the checkout
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "--quiet", "-c", "docs", ".", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=550)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def read(site) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_leads_to_a_file_and_an_anchor(site, read):
    broken = []
    for path, page in read.items():
        for target in (*page.links, *page.loads):
            parts = urlsplit(target)
            if parts.scheme or target in ("#", ""):
                continue
            file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = read[file].anchors if file in read else None
            if not file.is_file() or (parts.fragment and known is not None and unquote(parts.fragment) not in known):
                broken.append(f"{path.relative_to(site)}: {target}")
    assert broken == []


def test_nothing_is_fetched_from_elsewhere(read):
    loaded = {target for page in read.values() for target in page.loads}
    assert loaded and not [target for target in loaded if urlsplit(target).scheme in ("http", "https")]


def test_the_front_page_shows_the_way_to_every_page_of_docs(site, read):
    linked = {unquote(urlsplit(target).path) for target in read[site / "README.html"].links}
    written = {f"docs/{path.stem}.html" for path in ROOT.glob("docs/*.md")} | {"docs/tutorial.html"}
    assert written - linked == set()


def test_every_public_name_is_in_the_reference(site):
    """By the inventory, which other projects' references link to."""
    content = (site / "objects.inv").read_bytes()
    start = content.index(b"zlib.\n") + len(b"zlib.\n")
    described = {line.split(" ", 1)[0] for line in zlib.decompress(content[start:]).decode().splitlines()}
    public = {f"onmt_evsoftmax.{name}" for name in onmt_evsoftmax.__all__ if name != "__version__"}
    assert public - described == set()
    assert {"onmt_evsoftmax.attention.attention", "onmt_evsoftmax.nn.replace_attention"} <= described
