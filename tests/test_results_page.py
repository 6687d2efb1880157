"""docs/results.md keeps its form, and its tables are those that the commands wrote."""

from __future__ import annotations

import re

import pytest

from .conftest import ROOT

DOCS = ROOT / "docs"
TEXT = (DOCS / "results.md").read_text(encoding="utf-8")
PAGES = sorted(set(re.findall(r"^\[.*\]\((results/\w+\.md)\)", TEXT, flags=re.MULTILINE)))
VERDICTS = {"holds", "holds only if", "does not hold", "open"}
LONGEST = 25
"""Words of a sentence."""

WRITTEN = {
    "Multi30k, English to German": [f"multi30k_ende_sweep/test_{year}_flickr.md" for year in (2016, 2017)],
    "IWSLT14, English to German": ["iwslt14_small_ende_sweep/test.md"],
    "The test behind the marks": ["significance.md"],
    "Conditional autoencoder on MNIST": ["cvae/results.md"],
    "Semi-supervised autoencoder on MNIST": ["ssvae.md"],
    "Images from discrete codes": ["vqvae/cpu/results.md"],
    "VampPrior on Frey faces": ["vampprior/frey/results.md"],
    "Mixture density network flow": ["mdn_flow/results.md"],
}
"""Heading -> what commands wrote into docs/results and the section's table takes its figures from."""

NOT_WRITTEN = {"the paper's BLEU"}
"""Rows that come from elsewhere."""


def sections() -> dict[str, str]:
    """The experiments: heading -> text."""
    parts = re.split(r"^## (.*)\n", TEXT, flags=re.MULTILINE)[1:]
    found = dict(zip(parts[::2], parts[1::2]))
    return {heading: text for heading, text in found.items() if text.strip().startswith("**")}


def rows(text: str) -> list[list[str]]:
    """The cells of all tables of a text, without the lines below the headers."""
    lines = [line.strip()[1:-1].split("|") for line in text.splitlines() if line.lstrip().startswith("|")]
    return [[cell.strip() for cell in cells] for cells in lines if set("".join(cells)) - set("-: ")]


def numbers(cells: list[str]) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", " ".join(cells))


def is_rounded(number: str, exact: list[str]) -> bool:
    """Whether a number is one of these, or one of them with fewer decimals."""
    half = 0.5 * 10.0 ** -len(number.partition(".")[2]) * (1 + 1e-6)
    return any(abs(float(number) - float(other)) <= half for other in exact)


def prose(text: str) -> str:
    """What is read in sentences: without code, tables, headings and the targets of links."""
    text = re.sub(r"```.*?```", "\n\n", text, flags=re.DOTALL)
    lines = ("" if re.match(r"\s*[|#!]", line) else re.sub(r"^\s*\* ", "\n\n", line) for line in text.splitlines())
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", "\n".join(lines))


@pytest.mark.parametrize("heading", sections())
def test_an_experiment_is_a_sentence_a_table_three_points_and_a_command(heading):
    text = sections()[heading]
    assert re.match(r"\n*\*\*[^*]+[.]\*\*\n\n\|", text), "one bold sentence, then the table"
    assert len(re.findall(r"^\|[-:|]+\|$", text, flags=re.MULTILINE)) == 1
    assert len(re.findall(r"^\* ", text, flags=re.MULTILINE)) == 3
    assert text.count("```") == 2
    assert re.search(r"^\[.*\]\(results/\w+\.md\)", text, flags=re.MULTILINE), "a link to its page"


def test_every_experiment_is_compared_with_what_was_written():
    assert set(sections()) - set(WRITTEN) == {"Masks of the released formulation"}  # its command writes JSON alone


@pytest.mark.parametrize("heading", WRITTEN)
def test_the_figures_of_a_table_are_those_that_a_command_wrote(heading):
    written = [row for path in WRITTEN[heading] for row in rows((DOCS / "results" / path).read_text(encoding="utf-8"))]
    for name, *cells in rows(sections()[heading])[1:]:
        if name in NOT_WRITTEN:
            continue
        label = name.rpartition(": ")[2]
        exact = [number for row in written if label in row for number in numbers(row)]
        assert exact, f"no row of {WRITTEN[heading]} is called {label}"
        wrong = [number for number in numbers(cells) if not is_rounded(number, exact)]
        assert not wrong, f"{name}: {wrong} are not in {WRITTEN[heading]}; renew the table of docs/results.md"


def test_each_claim_has_one_of_four_verdicts():
    header, *claims = rows(TEXT.partition("## Claims and verdicts")[2].partition("\n## ")[0])
    assert header == ["claim", "where", "verdict", "evidence", "seeds"]
    assert {re.fullmatch(r"\*\*(.+)\*\*", claim[2])[1] for claim in claims} == VERDICTS
    assert all(len(claim) == 5 and claim[3] for claim in claims)


@pytest.mark.parametrize("page", ["results.md", *PAGES])
def test_sentences_are_short(page):
    text = prose((DOCS / page).read_text(encoding="utf-8"))
    sentences = [s for part in re.split(r"\n\s*\n", text) for s in re.split(r"(?<=[.?!])[*]*\s+", part)]
    assert [s for s in sentences if len(s.split()) > LONGEST] == []
