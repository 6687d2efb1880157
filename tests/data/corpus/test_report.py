"""The closing table says what the manifest says."""

from __future__ import annotations

import io

from rich.console import Console

from onmt_evsoftmax.data.corpus.report import (
    empty_line_warnings,
    foreign_model_warnings,
    overlap_remarks,
    print_report,
)


def printed(manifest) -> str:
    console = Console(file=io.StringIO(), width=80)
    print_report(manifest, console)
    return console.file.getvalue()


def test_counts_and_reasons(corpus):
    corpus.config["filter"] = {"drop_duplicates": True, "max_length": 20}
    corpus.write("train", [("ab ab", "cd"), ("ab ab", "cd"), ("a b c d", "a b c d"), ("", "x")])
    manifest = corpus.prepare().manifest
    text = printed(manifest)
    rows = [line.split() for line in text.splitlines()]
    pieces = [str(count) for count in manifest["steps"]["segment.train"]["tokens_out"]]
    assert ["train", "4", "2", "6", "5", *pieces] in rows
    assert "filter: 2 training pairs dropped (1 empty, 1 duplicate)" in text


def test_long_names_of_splits_are_not_cut(corpus):
    corpus.config["data"]["test_2016_flickr"] = corpus.config["data"].pop("test")
    assert "test_2016_flickr " in printed(corpus.prepare().manifest)


def test_no_overlap_is_said(corpus):
    assert "overlap: no line is in two splits" in printed(corpus.prepare().manifest)


def test_overlap_is_named_once(corpus):
    corpus.write("train", [("ab ab", "cd"), ("x", "y")])
    corpus.write("valid", [("ab ab", "cd"), ("ab ab", "z")])
    corpus.write("test", [("nothing", "nichts")])
    assert overlap_remarks(corpus.prepare().manifest) == [
        "overlap: lines of valid that are also in train: 1 pairs, 2 src, 1 tgt"
    ]


def test_empty_lines_name_the_file_and_the_lines(corpus):
    corpus.write("train", [("ab ab", "cd")] + [("", "x")] * 12)
    corpus.write("valid", [("a", "b"), ("a", "")])
    train, valid = empty_line_warnings(corpus.prepare().manifest)
    numbers = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ..."
    assert train == (
        f"warning: {corpus.file('train', 'src')}: empty lines {numbers} (12 in all): dropped with their translations"
    )
    assert valid.startswith(f"warning: {corpus.file('valid', 'tgt')}: empty lines 2 (1 in all): kept")


def test_empty_lines_of_several_files_are_named_once(corpus):
    corpus.write("train", [("ab ab", "cd"), ("x y", "z")])
    corpus.write("more", [("a b", "c"), ("", "x")])
    first, second = corpus.config["data"]["train"], corpus.config["data"].pop("more")
    corpus.config["data"]["train"] = {side: [first[side], second[side]] for side in ("src", "tgt")}
    (warning,) = empty_line_warnings(corpus.prepare().manifest)
    assert warning.startswith(f"warning: {first['src']}, {second['src']}: empty lines 4 (1 in all, counted")


def test_a_model_without_pieces_for_the_text_is_warned_of(corpus, tmp_path):
    corpus.config["segment"] = {"method": "sentencepiece", "vocab_size": 90}
    manifest = corpus.prepare().manifest
    model = (corpus.out / "sentencepiece.model").rename(tmp_path / "given.model")
    assert foreign_model_warnings(manifest) == []
    corpus.config["segment"] = {"method": "sentencepiece", "model": str(model)}
    assert foreign_model_warnings(corpus.prepare().manifest) == []
    corpus.write("train", [(f"ЖЩЮ {letter}", f"{letter} ЮЩЖ") for letter in map(chr, range(0x4E00, 0x4E80))])
    (warning,) = foreign_model_warnings(corpus.prepare().manifest)
    assert "given.model: at least " in warning and "<unk>" in warning
