"""Subword models: pieces join to the words again, and learning is deterministic."""

from __future__ import annotations

import random

import pytest
import sentencepiece
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from subword_nmt import apply_bpe

from onmt_evsoftmax.archive.segmentation import merge
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.progress import Bar
from onmt_evsoftmax.data.corpus import subwords
from onmt_evsoftmax.data.corpus.normalization import normalizer
from onmt_evsoftmax.data.corpus.subwords import check_model, learn_bpe, learn_sentencepiece, segmenter
from onmt_evsoftmax.data.corpus.tokenization import tokenizer

BAR = Bar("learn")
SYLLABLES = ["schiff", "fahrt", "dampf", "haus", "tür", "garten", "s", "zaun", "boot", "wald"]


def text(seed: int = 0, lines: int = 150) -> list[str]:
    generator = random.Random(seed)

    def word():
        return "".join(generator.choices(SYLLABLES, k=generator.randint(1, 3)))

    return [" ".join(word() for _ in range(generator.randint(1, 9))) for _ in range(lines)]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    learn_bpe(text(), 40, folder / "bpe.codes", BAR)
    learn_sentencepiece(text(), 60, folder / "sentencepiece.model", BAR)
    return {"bpe": folder / "bpe.codes", "sentencepiece": folder / "sentencepiece.model"}


@pytest.mark.parametrize("method", ["bpe", "sentencepiece"])
def test_pieces_join_to_the_words(models, method):
    segment = segmenter(method, models[method])
    several = 0
    for line in text() + text(seed=1):
        pieces = segment(line).split()
        assert merge(pieces, method) == line.split()
        several += len(pieces) > len(line.split())
    assert several > 50


@pytest.mark.parametrize("method", ["bpe", "sentencepiece"])
@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_any_text_survives(models, method, raw):
    line = tokenizer("en", "none", False)(normalizer("en", False, "none")(raw))
    assert merge(segmenter_of(models, method)(line).split(), method) == line.split()


_loaded: dict = {}


def segmenter_of(models, method):
    """Loading a model for every example would take most of the time."""
    return _loaded.setdefault(models[method], segmenter(method, models[method]))


def test_bpe_merges_the_most_frequent_pair_first(tmp_path):
    assert learn_bpe(["ab ab ab xyab", "cd cd"], 2, tmp_path / "codes", BAR) == 2
    assert (tmp_path / "codes").read_text() == "#version: 0.2\na b</w>\nc d</w>\n"
    segment = segmenter("bpe", tmp_path / "codes")
    assert segment("ab xyab") == "ab x@@ y@@ ab"


def test_bpe_remembers_few_words_and_forgets_no_merge(models, monkeypatch):
    made = []

    class Watched(apply_bpe.BPE):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    unbounded = segmenter("bpe", models["bpe"])
    expected = [unbounded(line) for line in text(seed=1)]
    monkeypatch.setattr(subwords, "CACHED_WORDS", 20)
    monkeypatch.setattr(apply_bpe, "BPE", Watched)
    bounded, remembered = segmenter("bpe", models["bpe"]), []
    for line, pieces in zip(text(seed=1), expected):
        assert bounded(line) == pieces
        remembered.append(len(made[0].cache))
    assert max(remembered) <= 20 + 9  # and the words of one line
    assert remembered != sorted(remembered)


def test_bpe_stops_when_no_pair_is_left(tmp_path, capfd):
    assert learn_bpe(["ab ab"], 50, tmp_path / "codes", BAR) == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("lines", [["a b c", "a"], ["ab"], ["ab cd ef"]])
def test_nothing_to_merge(tmp_path, lines):
    with pytest.raises(InputError, match="no BPE to learn"):
        learn_bpe(lines, 10, tmp_path / "codes", BAR)
    assert not (tmp_path / "codes").exists()


def test_learning_reports_progress(tmp_path):
    class Seen(Bar):
        total, done = None, 0

        def start(self, total=None):
            self.total = total

        def advance(self, amount):
            self.done += amount

    seen = Seen("learn")
    assert learn_bpe(text(), 30, tmp_path / "codes", seen) == seen.total == 30
    assert seen.done == 30


def test_sentencepiece_is_deterministic(models, tmp_path):
    learn_sentencepiece(text(), 60, tmp_path / "again.model", BAR)
    assert (tmp_path / "again.model").read_bytes() == models["sentencepiece"].read_bytes()


@pytest.mark.parametrize("vocab_size", [5, 5000])
def test_impossible_size(tmp_path, vocab_size):
    with pytest.raises(InputError, match=f"segment.vocab_size {vocab_size}: SentencePiece cannot learn"):
        learn_sentencepiece(text(), vocab_size, tmp_path / "m", BAR)


def test_long_lines_are_learned_from(tmp_path):
    """SentencePiece skips lines of more than 4,192 bytes by default, without a word."""
    long = " ".join(["Übermut"] * 1000)
    learn_sentencepiece([long, *text()], 60, tmp_path / "m", BAR)
    assert "ÜÜ" not in segmenter("sentencepiece", tmp_path / "m")("ÜÜ").split()


def test_rare_characters_get_a_piece(tmp_path):
    """SentencePiece gives up the rarest 0.05 % of characters by default: ß would be unknown."""
    learn_sentencepiece([*text(lines=3000), "straße"], 60, tmp_path / "m", BAR)
    model = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "m"))
    assert model.piece_to_id("ß") != model.unk_id()


def test_learned_from_every_third_line_but_with_all_characters(tmp_path):
    lines = text(lines=600)
    learn_sentencepiece(lines[::3], 60, tmp_path / "part.model", BAR)
    lines[1] += " straße 漢"
    learn_sentencepiece(lines, 62, tmp_path / "third.model", BAR, every=3)
    part, third = (
        sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / f"{name}.model")) for name in ("part", "third")
    )
    assert all(third.piece_to_id(letter) != third.unk_id() for letter in "ß漢")
    pieces = [{m.id_to_piece(number) for number in range(m.get_piece_size())} for m in (part, third)]
    assert len(pieces[0] - pieces[1]) <= 1  # ß and 漢 are more


def test_none_leaves_words_alone():
    assert segmenter("none", "")("Dampfschiff fährt") == "Dampfschiff fährt"


@pytest.mark.parametrize("method, size", [("bpe", {"merges": 40}), ("sentencepiece", {"pieces": 60})])
def test_size_of_a_model(models, method, size):
    assert check_model(method, models[method]) == size


@pytest.mark.parametrize(
    "method, content",
    [
        ("bpe", b"no codes at all\n"),
        ("bpe", b"\xff\xfe"),
        ("sentencepiece", b"#version: 0.2\na b\n"),
        ("sentencepiece", b""),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, capfd, method, content):
    (tmp_path / "given").write_bytes(content)
    with pytest.raises(InputError, match="segment.model: .*given: no model of (subword-nmt|sente)") as error:
        check_model(method, tmp_path / "given")
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")
