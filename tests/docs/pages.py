"""The pages that people read, as Markdown files of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]

MARKER = re.compile(r"<!-- (given|not run|run by)[:\s]\s*(.*?)\s*-->", flags=re.DOTALL)
"""What may stand above a block of Python, unseen by readers: code that goes before it, why it is not run, or the test
that runs it."""


FOLDERS = (".", "docs", "docs/results", "docs/results/*", "data", "data/*", "other_experiments", "other_experiments/*")


def pages() -> list[Path]:
    """Every Markdown page of the checkout."""
    return sorted(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/*.md"))


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, text, first line in the page, the marker above it and the output below it."""

    language: str
    text: str
    line: int
    marker: tuple[str, str]
    output: str | None


def blocks(page: Path) -> Iterator[Block]:
    found = [token for token in tokens(page) if token.type in ("fence", "html_block", "heading_open", "paragraph_open")]
    for place, token in enumerate(found):
        if token.type != "fence":
            continue
        above = found[place - 1] if place else None
        below = found[place + 1] if place + 1 < len(found) else None
        marker = MARKER.match(above.content) if above is not None and above.type == "html_block" else None
        output = below.content if below is not None and below.type == "fence" and below.info == "text" else None
        kind = (marker[1], marker[2]) if marker else ("", "")
        yield Block(token.info.strip(), token.content, token.map[0] + 2, kind, output)


def headings(page: Path) -> Iterator[str]:
    """The text of the headings, without their marks."""
    found = tokens(page)
    for token, inline in zip(found, found[1:]):
        if token.type == "heading_open":
            yield "".join(child.content for child in inline.children or ())


def anchors(page: Path) -> set[str]:
    """The anchors of the headings on a code host: lower case, no punctuation, hyphens, numbered when repeated."""
    seen: dict[str, int] = {}
    found = set()
    for heading in headings(page):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found
