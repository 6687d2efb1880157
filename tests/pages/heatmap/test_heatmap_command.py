import subprocess
import sys
from pathlib import Path

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.cli import main
from onmt_evsoftmax.pages.heatmap import command

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("form, start", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF-")])
def test_a_figure_is_the_same_bytes_in_any_process(archive, heatmap, tmp_path, form, start):
    archives = [archive("softmax"), archive()]
    contents = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.{form}"
        done = heatmap(*archives, "--sentence", 2, "--out", path, PYTHONHASHSEED=seed)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{path}: sentence 2, softmax, ev-softmax\n"
        contents.append(path.read_bytes())
    assert contents[0].startswith(start) and contents[0] == contents[1]


def test_every_option_of_a_page(archive, heatmap, tmp_path):
    path = tmp_path / "new folder" / "page.html"
    done = heatmap(
        archive("softmax"),
        archive(),
        "--out",
        path,
        "--sentences",
        "0,2",
        "--sentence",
        2,
        "--kind",
        "encoder",
        "--layer",
        0,
        "--head",
        "max",
        "--merge_subwords",
        "--names",
        "before",
        "after",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 sentences, 2 models" in done.stdout
    title = "<title>Attention of before (softmax), after (ev-softmax)</title>"
    assert title in path.read_text(encoding="utf-8")


def test_bars_and_all_heads(archive, heatmap, tmp_path):
    bars, heads = tmp_path / "bars.svg", tmp_path / "heads.SVG"
    assert heatmap(archive("softmax"), archive(), "--out", bars, "--target_word", 0).returncode == 0
    assert "attends to" in bars.read_text(encoding="utf-8")
    assert heatmap(archive(), "--out", heads, "--head", "all", "--layer", -2).returncode == 0
    assert "layer 0, head 2" in heads.read_text(encoding="utf-8")


def test_an_error_is_one_line_and_leaves_no_file(archive, heatmap, tmp_path):
    done = heatmap(archive(), "--sentence", 3, "--out", tmp_path / "map.png")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("onmt_evsoftmax heatmap: error: ") and done.stderr.count("\n") == 1
    assert "no sentence 3; it holds sentences 0 to 2" in done.stderr
    assert list(tmp_path.glob("*.p*")) == []


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--out", "map.gif"], "--out map.gif: unknown kind of file; known: .png, .svg, .pdf and .html"),
        (["--out", "map"], "unknown kind of file"),
        (["--out", "map.png", "--sentences", "0-1"], "--sentences is for .html"),
        (["--out", "map.png", "--target_word", "0", "--head", "all"], "--target_word shows one head"),
        (["--out", "map.png", "--target_word", "9"], "--target_word 9: ev-softmax has rows 0 to 6"),
        (["--out", "page.html", "--target_word", "0"], "--target_word is for figures"),
        (["--out", "page.html", "--head", "all"], "--head all: the page shows one head"),
        (["--out", "page.html", "--sentences", "0-9"], "no sentence 3"),
        (["--out", "page.html", "--sentence", "9"], "no sentence 9"),
        (["--out", "map.png", "--layer", "5"], "no layer 5"),
        (["--out", "map.png", "--head", "5"], "no head 5"),
        (["--out", "map.png", "--head", "some"], "--head some: expected"),
        (["--out", "map.png", "--names", "a", "b"], "--names: 2 names for 1 archives"),
    ],
)
def test_bad_options(archive, tmp_path, monkeypatch, capsys, arguments, message):
    path = archive()
    monkeypatch.chdir(tmp_path)
    assert main(["heatmap", str(path), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_archives_that_are_none(tmp_path, capsys):
    (tmp_path / "no.npz").write_text("text")
    for name, message in (("no.npz", "not an attention archive"), ("absent.npz", "no such file")):
        assert main(["heatmap", str(tmp_path / name), "--out", str(tmp_path / "map.png")]) == 2
        assert f"{name}: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("text, numbers", [("0", [0]), ("7,0-2", [0, 1, 2, 7]), ("3-3,3", [3])])
def test_sentences_are_numbers_and_ranges(text, numbers):
    assert command.parse_sentences(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "-1", "3-1", "1-", "1,,2", "1 2"])
def test_sentences_that_are_none(text):
    with pytest.raises(InputError, match="expected numbers from 0 and ranges"):
        command.parse_sentences(text)


def test_a_page_holds_the_first_twenty_sentences_and_the_one_asked_for(archive, tmp_path, capsys):
    path = archive(pairs=[("a b", "c")] * 25)
    assert main(["heatmap", str(path), "--out", str(tmp_path / "page.html")]) == 0
    assert "20 sentences" in capsys.readouterr().out
    assert main(["heatmap", str(path), "--out", str(tmp_path / "page.html"), "--sentence", "24"]) == 0
    assert "21 sentences" in capsys.readouterr().out


def test_a_large_page_is_announced(archive, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "LARGE_PAGE", 1000)
    assert main(["heatmap", str(archive()), "--out", str(tmp_path / "page.html")]) == 0
    assert "choose fewer sentences with --sentences" in capsys.readouterr().err


def test_characters_without_a_font_are_announced(archive, tmp_path, capsys):
    path = archive(pairs=[("\U00012000", "x")])
    assert main(["heatmap", str(path), "--out", str(tmp_path / "map.png")]) == 0
    assert "no installed font has \U00012000" in capsys.readouterr().err


EMPTY_LINES = [("a b", "c"), ("", "d e"), ("f", "g")]


@pytest.mark.parametrize("options", [[], ["--sentence", "1"], ["--merge_subwords", "--kind", "encoder"]])
def test_a_page_with_an_empty_source_line_is_written_and_says_so(archive, tmp_path, capsys, options):
    path = tmp_path / "page.html"
    assert main(["heatmap", str(archive(pairs=EMPTY_LINES)), "--out", str(path), *options]) == 0
    printed = capsys.readouterr()
    assert "3 sentences" in printed.out
    assert printed.err == f"{path}: without words on a side, so with empty maps: sentence 1\n"


@pytest.mark.parametrize("options", [[], ["--merge_subwords"], ["--target_word", "0"], ["--head", "all"]])
@pytest.mark.parametrize("kind", ["cross", "encoder"])
def test_a_figure_of_an_empty_source_line_is_one_clear_line(archive, tmp_path, capsys, kind, options):
    call = ["heatmap", str(archive(pairs=EMPTY_LINES)), "--out", str(tmp_path / "map.png"), "--kind", kind]
    assert main([*call, "--sentence", "1", *options]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "--sentence 1 (line 2 of the source): ev-softmax has no words there" in error
    assert main([*call, "--sentence", "2", *options]) == 0


def test_the_decoder_of_an_empty_source_line_can_be_drawn(archive, tmp_path):
    call = ["heatmap", str(archive(pairs=EMPTY_LINES)), "--out", str(tmp_path / "map.png")]
    assert main([*call, "--sentence", "1", "--kind", "decoder"]) == 0


@pytest.mark.parametrize("name", ["map.png", "page.html"])
def test_heatmap_never_imports_torch(archive, tmp_path, name):
    script = "import sys; from onmt_evsoftmax.cli import main; code = main(sys.argv[1:]); "
    script += "sys.exit(code or 3 * bool({'torch', 'onmt'} & set(sys.modules)))"
    call = [sys.executable, "-c", script, "heatmap", str(archive()), "--out", str(tmp_path / name)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def test_the_command_module_itself_is_light():
    script = "import sys, onmt_evsoftmax.pages.heatmap.command; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=600).returncode == 0
