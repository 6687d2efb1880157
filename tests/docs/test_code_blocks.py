"""What a reader may copy from a page works: Python runs and prints what stands below it, command lines parse."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator

import pytest
import yaml

from onmt_evsoftmax.cli import COMMANDS, build_parser

from .pages import ROOT, Block, blocks, name, pages

BLOCKS = [(page, block) for page in pages() for block in blocks(page)]
PYTHON_PAGES = list(dict.fromkeys(page for page, block in BLOCKS if block.language == "python"))
SHELL = ("", "bash")


def where(value: object) -> str | None:
    return f"{name(value[0])}:{value[1].line}" if isinstance(value, tuple) else None


def of(*languages: str) -> list:
    return [pair for pair in BLOCKS if pair[1].language in languages]


# ---- Python


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=name)
def test_python_runs_from_top_to_bottom(page):
    """The blocks of a page are one session, in order."""
    session: dict = {"__name__": "__page__"}
    for block in blocks(page):
        if block.language == "python" and block.marker[0] not in ("not run", "run by"):
            printed = run(block, session, f"{name(page)}:{block.line}")
            assert block.output is None or printed == block.output


def run(block: Block, session: dict, place: str) -> str:
    if block.marker[0] == "given":
        exec(compile(block.marker[1], f"{place} (given)", "exec"), session)
    code = "\n" * (block.line - 1) + block.text  # so that a traceback names the line of the page
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, place, "exec"), session)
    return printed.getvalue()


@pytest.mark.parametrize("page, block", of("python"), ids=map(where, of("python")))
def test_a_block_that_is_not_run_says_why(page, block):
    kind, text = block.marker
    if kind == "run by":
        assert page.name in (ROOT / text).read_text(encoding="utf-8"), f"{text} does not read {page.name}"
    elif kind == "not run":
        assert len(text.split()) > 2, "say why"


def test_most_blocks_are_run():
    kinds = [block.marker[0] for _, block in of("python")]
    assert len(kinds) > 8 and kinds.count("not run") <= len(kinds) // 3


# ---- command lines


def command_lines(text: str) -> Iterator[list[str]]:
    """The words of each line of a shell, without comments; what assigns or loops, and here-documents, are left out."""
    text = re.sub(r"<<(\w+)\n.*?^\1$", "", text.replace("\\\n", " "), flags=re.DOTALL | re.MULTILINE)
    for line in text.splitlines():
        with contextlib.suppress(ValueError):  # a quotation over several lines
            for part in re.split(r"\s(?:&&|\|\||;|\|)\s", f" {line.removeprefix('$ ')} "):
                words = shlex.split(part, comments=True)
                while words and (re.fullmatch(r"\w+=.*", words[0]) or words[0] in ("export", "do", "time")):
                    words = words[1:]
                if words:
                    yield words


LINES = [(page, block, words) for page, block in of(*SHELL) for words in command_lines(block.text)]


def lines_of(program: str) -> list:
    return [
        pytest.param(words[1:], id=f"{name(page)}:{block.line} {' '.join(words[:2])}")
        for page, block, words in LINES
        if words[0] == program
    ]


@pytest.mark.parametrize("words", lines_of("onmt_evsoftmax"))
def test_our_commands_parse(words, capsys):
    assert words[0] in COMMANDS or words[0] == "COMMAND"
    if words[0] in COMMANDS:
        _, others = build_parser(words[0]).parse_known_args(["" if word == "..." else word for word in words])
        assert words[0] == "sweep" or others == []  # a sweep hands the rest on to Snakemake


def test_the_page_of_commands_has_all_of_them():
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == set(COMMANDS)


@pytest.mark.opennmt
@pytest.mark.parametrize("program", ["onmt_train", "onmt_translate"])
def test_options_of_opennmt_are_known(program):
    """Ours among them; the names alone, for the values are the reader's."""
    known = options_of(program)
    used = {word for page, block, words in LINES if words[0] == program for word in words[1:] if is_option(word)}
    assert used and {option.lstrip("-") for option in used} <= known


def is_option(word: str) -> bool:
    return re.fullmatch(r"--?[a-z]\w*", word) is not None


def options_of(program: str) -> set[str]:
    from onmt import opts
    from onmt.utils.parse import ArgumentParser

    import onmt_evsoftmax.opennmt  # noqa: F401  (adds the plugin's options)

    parser = ArgumentParser()
    {"onmt_train": opts.train_opts, "onmt_translate": opts.translate_opts}[program](parser)
    return {option.lstrip("-") for action in parser._actions for option in action.option_strings}


@pytest.mark.parametrize("words", [*lines_of("python"), *lines_of("python3.11")])
def test_scripts_and_modules_are_there(words):
    if words[0] == "-m":
        here = ROOT.joinpath(*words[1].split("."))
        assert here.is_dir() or here.with_suffix(".py").is_file() or importlib.util.find_spec(words[1])
    elif words[0].endswith(".py"):
        assert (ROOT / words[0]).is_file()


@pytest.mark.parametrize("words", lines_of("make"))
def test_targets_of_make_are_there(words):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [word for word in words if "=" not in word]
    assert targets and all(re.search(f"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


def test_files_of_the_checkout_that_commands_name_are_there():
    named = {word for *_, words in LINES for word in words if re.match(r"(configs|scripts)/[\w./]+$", word)}
    assert len(named) > 8
    assert [file for file in sorted(named) if not os.path.exists(ROOT / file)] == []


# ---- configurations


@pytest.mark.parametrize("page, block", of("yaml", "toml"), ids=map(where, of("yaml", "toml")))
def test_configurations_can_be_read(page, block):
    if block.language == "yaml":
        assert isinstance(yaml.safe_load(block.text), dict)
    elif sys.version_info >= (3, 11):
        import tomllib

        assert tomllib.loads(block.text)


def test_every_block_has_a_kind_that_is_looked_at():
    assert {block.language for _, block in BLOCKS} <= {"python", "text", "yaml", "toml", *SHELL}
