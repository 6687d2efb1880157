"""Every relative link of every page leads to a file of the repository, and to a heading if it names one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from .pages import ROOT, anchors, name, pages, tokens

PAGES = pages()


def links(page: Path) -> Iterator[str]:
    """Targets of links and images."""
    for token in tokens(page):
        for child in token.children or ():
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
            if target is not None:
                yield str(target)


def problem(page: Path, target: str) -> str | None:
    """Why a link leads nowhere."""
    if target.startswith(("https://", "http://", "mailto:")):
        return None
    path, _, anchor = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.is_relative_to(ROOT):
        return "leaves the repository"
    if not file.exists():
        return "no such file"
    if anchor and (file.suffix != ".md" or anchor not in anchors(file)):
        return "no such heading"
    return None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    broken = {target: why for target in links(page) if (why := problem(page, target))}
    assert broken == {}


def test_there_are_links_to_check():
    found = [target for page in PAGES for target in links(page) if "://" not in target]
    assert len(found) > 50 and sum("#" in target for target in found) > 15


@pytest.mark.parametrize(
    "target, why",
    [
        ("nowhere.md", "no such file"),
        ("results.md#nothing", "no such heading"),
        ("#nothing", "no such heading"),
        ("../../elsewhere.md", "leaves the repository"),
        ("images/heatmap.png#part", "no such heading"),
        ("results.md", None),
        ("attention.md#in-opennmt-py", None),
        ("https://example.org/#anything", None),
    ],
)
def test_what_counts_as_broken(target, why):
    assert problem(ROOT / "docs" / "house.md", target) == why
