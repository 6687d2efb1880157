import random

import pytest

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.system import check_archive_fits, score_texts, system_names
from onmt_evsoftmax.evaluation.text import load_text

from .archives import archive_file, sentence
from .testset import HYPOTHESES, REFERENCES, write_lines

METRICS = ["bleu", "chrf", "rouge1", "rouge2", "rougeL", "meteor"]


def test_every_metric_scores_the_file_and_each_line():
    scores = score_texts(Texts(HYPOTHESES, REFERENCES, "de"))
    assert list(scores) == METRICS
    for score in scores.values():
        assert 0 < score.corpus < 100
        assert len(score.sentences) == len(HYPOTHESES)
        assert score.sentences[-1] == 0  # the empty hypothesis
        assert score.sentences[3] == max(score.sentences)  # the perfect one


def test_the_order_of_sentences_does_not_matter():
    order = random.Random(1).sample(range(len(HYPOTHESES)), len(HYPOTHESES))
    there = score_texts(Texts(HYPOTHESES, REFERENCES, "de"))
    shuffled = score_texts(Texts([HYPOTHESES[i] for i in order], [REFERENCES[i] for i in order], "de"))
    for metric in METRICS:
        assert shuffled[metric].corpus == there[metric].corpus
        assert shuffled[metric].sentences == [there[metric].sentences[i] for i in order]


def test_pairing_does_matter():
    rotated = score_texts(Texts(HYPOTHESES[1:] + HYPOTHESES[:1], REFERENCES, "de"))
    for metric, score in score_texts(Texts(HYPOTHESES, REFERENCES, "de")).items():
        assert rotated[metric].corpus < score.corpus


def test_lowercase_reaches_bleu_and_chrf():
    upper = [line.upper() for line in HYPOTHESES]
    cased, uncased = (score_texts(Texts(upper, REFERENCES, "de", lowercase=lower)) for lower in (False, True))
    for metric in METRICS:
        assert (cased[metric].corpus < uncased[metric].corpus) == (metric in ("bleu", "chrf"))


def test_the_language_reaches_the_stemmer():
    pair = ["er walking"], ["er walked"]
    german, english = (score_texts(Texts(*pair, lang))["meteor"].corpus for lang in ("de", "en"))
    assert german < english


def test_nothing_but_empty_lines():
    for score in score_texts(Texts(["", ""], ["", ""], "de")).values():
        assert [score.corpus, *score.sentences] == [0, 0, 0]


def test_names_of_rows():
    assert system_names(["a/softmax.de", "b/evsoftmax.de"], None) == ["softmax", "evsoftmax"]
    assert system_names(["a/pred.txt", "b/pred.txt"], None) == ["a/pred.txt", "b/pred.txt"]
    assert system_names(["a/pred.txt", "b/pred.txt"], ["x", "y"]) == ["x", "y"]


@pytest.mark.parametrize("names, message", [(["x"], "1 names for 2"), (["x", "x"], "two systems are called 'x'")])
def test_names_that_do_not_fit(names, message):
    with pytest.raises(InputError, match=message):
        system_names(["a", "b"], names)


@pytest.fixture()
def pair(tmp_path):
    """An archive of two sentences, and its hypotheses and sources as files."""
    sentences = [sentence(["the", "bo@@", "at"], ["das", "Bo@@", "ot"]), sentence(["no", "<unk>"], [])]
    archive = archive_file(tmp_path / "a.npz", sentences)
    hyp = write_lines(tmp_path / "hyp.bpe", ["das Bo@@ ot", ""])
    src = write_lines(tmp_path / "src.bpe", ["the bo@@ at", "no ñu"])
    return AttentionArchive(archive), load_text(hyp, segmentation="bpe"), load_text(src)


def test_an_archive_fits_its_own_files(pair):
    archive, hyp, src = pair
    check_archive_fits(archive, hyp, "bpe", src)


@pytest.mark.parametrize("lines", [["das Bo@@ at", ""], ["das Bo@@", ""], ["das Bo@@ ot da", ""], ["", "das Bo@@ ot"]])
def test_other_hypotheses_are_refused(tmp_path, pair, lines):
    other = load_text(write_lines(tmp_path / "other.bpe", lines))
    with pytest.raises(InputError, match=r"a\.npz: sentence 0 is not line 1 of .*other\.bpe"):
        check_archive_fits(pair[0], other, "bpe")


def test_other_sources_are_refused(tmp_path, pair):
    other = load_text(write_lines(tmp_path / "other.src", ["the bo@@ at", "yes"]))
    with pytest.raises(InputError, match=r"sentence 1 is not line 2 of .*other\.src"):
        check_archive_fits(pair[0], pair[1], "bpe", other)


def test_hypotheses_without_their_pieces_are_checked_by_number(tmp_path, pair):
    merged = load_text(write_lines(tmp_path / "merged.de", ["das Boot", ""]))
    check_archive_fits(pair[0], merged, "none")
    longer = load_text(write_lines(tmp_path / "longer.de", ["das Boot", "", "mehr"]))
    with pytest.raises(InputError, match=r"a\.npz holds 2 sentences but .*longer\.de has 3 lines"):
        check_archive_fits(pair[0], longer, "none")
