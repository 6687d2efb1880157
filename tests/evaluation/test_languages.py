"""Which language is scored, and who says so."""

import gzip
import json

import pytest
import yaml
from sacremoses import MosesTokenizer

from onmt_evsoftmax import cli
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.languages import find_language
from onmt_evsoftmax.evaluation.report import read_report
from onmt_evsoftmax.evaluation.text import restorer

from .testset import write_lines

TEXTS = {
    "en": ["It's John's dog, isn't it?", 'The "old" house (1900) doesn\'t cost $5.'] * 3,
    "fr": ["L'homme n'a qu'un chien, n'est-ce pas ?", "Aujourd'hui, j'ai vu l'école d'Anne."] * 3,
    "de": ["Das ist Ottos Hund, oder?", "Die Häuser am Fluss kosten 5 Euro."] * 3,
}


def prepare(folder, src, tgt):
    """The real command on ``TEXTS``, with little BPE; the folder of the result."""
    folder.mkdir()
    for language in (src, tgt):
        write_lines(folder / f"raw.{language}", TEXTS[language])
    sides = {"src": str(folder / f"raw.{src}"), "tgt": str(folder / f"raw.{tgt}")}
    config = {"name": f"{src}{tgt}", "src_lang": src, "tgt_lang": tgt, "out": str(folder / "prepared")}
    config.update(data={"train": sides, "test": sides}, segment={"method": "bpe", "merges": 10})
    path = folder / "prepare.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    assert cli.main(["prepare", str(path), "--workers", "1"]) == 0
    return folder / "prepared"


@pytest.mark.parametrize("src, tgt, stemmer", [("de", "en", "english"), ("en", "fr", "french")])
def test_a_prepared_pair_is_scored_in_its_own_language(tmp_path, score, src, tgt, stemmer):
    """What `prepare` makes of the target is its perfect translation, in pieces and tokens."""
    prepared = prepare(tmp_path / "pair", src, tgt)
    out = tmp_path / "scores.json"
    options = ["--hyp_segmentation", "bpe", "--hyp_tokenization", "moses", "--json", out]
    for reference in (f"test.raw.{tgt}", f"test.{tgt}", f"test.tok.{tgt}"):
        assert find_language([prepared / reference]).code == tgt
    hyp, ref = prepared / f"test.{tgt}", prepared / f"test.raw.{tgt}"
    status, printed, _ = score("--hyp", hyp, "--ref", ref, *options, lang=None)
    report = read_report(out)
    assert status == 0
    assert report["systems"][0]["scores"]["bleu"] == pytest.approx(100)
    assert f"language: {tgt}, as {prepared / 'manifest.json'} says\n" in printed
    assert f"exact+stem:{stemmer}" in report["signatures"]["meteor"]
    assert report["settings"]["lang"] == tgt
    assert report["language"] == {"code": tgt, "said_by": str(prepared / "manifest.json"), "source": src}


def test_english_against_itself_is_perfect_and_german_rules_would_spoil_it(tmp_path, score):
    tokenizer = MosesTokenizer("en")
    hyp = write_lines(tmp_path / "hyp", [" ".join(tokenizer.tokenize(line)) for line in TEXTS["en"]])
    ref, out = write_lines(tmp_path / "test.en", TEXTS["en"]), tmp_path / "scores.json"
    found = {}
    for lang in ("en", "de"):
        options = ["--hyp_tokenization", "moses", "--json", out]
        assert score("--hyp", hyp, "--ref", ref, *options, lang=lang)[0] == 0
        found[lang] = read_report(out)["systems"][0]["scores"]["bleu"]
    assert found["en"] == pytest.approx(100) and found["de"] < 95


def test_a_reference_that_nobody_knows_asks_for_the_language(tmp_path, files, score):
    status, printed, error = score("--hyp", files[0], "--ref", files[1], lang=None)
    assert (status, printed) == (2, "")
    assert f"--lang is missing: no manifest.json of `prepare` beside {files[1]}" in error
    assert "write for example --lang de" in error
    with pytest.raises(InputError, match="none.de: no such file"):
        find_language([tmp_path / "none.de"])
    for no_code in ("german", "en_US", ""):
        with pytest.raises(InputError, match=f"--lang '{no_code.lower()}': give the code of a language"):
            find_language([files[1]], no_code)
    assert find_language([files[1]], "DE").code == "de"
    printed = score("--hyp", files[0], "--ref", files[1])[1]
    assert "language: de, as --lang says\n" in printed


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("deen") / "pair", "de", "en")


def test_the_manifest_and_the_option_must_agree(prepared):
    assert find_language([prepared / "test.raw.en"], "en").source == "de"
    assert find_language([prepared / "test.raw.de"]).code == "de"  # the other direction
    message = r"--lang de: but .*manifest\.json says that .*test\.raw\.en is in 'en'"
    with pytest.raises(InputError, match=message):
        find_language([prepared / "test.raw.en"], "de")
    with pytest.raises(InputError, match="the references are in 'en' .* and 'de'"):
        find_language([prepared / "test.raw.en", prepared / "test.raw.de"])


@pytest.mark.parametrize("name", ["mine.en", "bpe.codes", "vocab.shared", "train.raw.en", "manifest.json"])
def test_what_the_manifest_does_not_call_a_text_has_no_language(prepared, name):
    path = prepared / name
    there = path.exists()
    if not there:
        write_lines(path, ["a b c"])
    try:
        with pytest.raises(InputError, match="--lang is missing"):
            find_language([path])
        assert find_language([path], "fr").code == "fr"
    finally:
        if not there:
            path.unlink()


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        json.dumps({"format": "onmt_evsoftmax.fetch", "version": 1, "files": {"test.en": {}}}),
        json.dumps({"format": "onmt_evsoftmax.corpus", "version": 1, "files": {"test.en": ""}}),
        json.dumps({"format": "onmt_evsoftmax.corpus", "version": 1, "files": 3}),
    ],
)
def test_a_manifest_of_something_else_says_nothing(tmp_path, content):
    ref = write_lines(tmp_path / "test.en", TEXTS["en"])
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="--lang is missing"):
        find_language([ref])


@pytest.mark.parametrize("content", ["{", "[" * 100_000])
def test_a_manifest_that_cannot_be_read_is_named(tmp_path, content):
    ref = write_lines(tmp_path / "test.en", TEXTS["en"])
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="manifest.json: not readable JSON .* or move it away"):
        find_language([ref])


def test_a_language_without_a_stemmer_has_exact_matches(files, score):
    printed = score("--hyp", files[0], "--ref", files[1], lang="cs")[1]
    assert "exact, no stemmer for cs" in printed


@pytest.mark.realdata
def test_real_english_against_itself_has_bleu_100(real_data, tmp_path, score):
    """The reproduction of the defect: with German rules this was 92.12."""
    with gzip.open(real_data / "mt" / "iwslt14" / "test.en.gz", "rt", encoding="utf-8") as stream:
        tokens = stream.read().splitlines()[:500]
    ref, out = tmp_path / "test.en", tmp_path / "scores.json"
    restore = restorer("none", "moses", "en")
    write_lines(ref, [restore(line) for line in tokens])
    hyp = write_lines(tmp_path / "hyp", tokens)
    options = ["--hyp_tokenization", "moses", "--json", out]
    status, _, error = score("--hyp", hyp, "--ref", ref, *options, lang="en")
    assert (status, error) == (0, "")
    assert read_report(out)["systems"][0]["scores"]["bleu"] == pytest.approx(100)
