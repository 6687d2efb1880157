import json

import pytest

from onmt_evsoftmax.evaluation.chrf import score_chrf, score_chrfpp
from onmt_evsoftmax.evaluation.metric import Texts

from .testset import HYPOTHESES, REFERENCES, python, write_lines


@pytest.mark.parametrize("lowercase", [False, True])
def test_equals_the_sacrebleu_command(files, lowercase):
    hyp, ref = files
    options = ["-w", "10", *(["--chrf-lowercase"] if lowercase else [])]
    printed = python("-m", "sacrebleu", ref, "-i", hyp, "-m", "chrf", "--format", "json", *options)
    expected = json.loads(printed.stdout)
    ours = score_chrf(Texts(HYPOTHESES, REFERENCES, "de", lowercase=lowercase))
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8)
    assert ours.signature == expected["signature"]


def test_with_words_equals_the_sacrebleu_command(files):
    hyp, ref = files
    options = ["-w", "10", "--chrf-word-order", "2"]
    printed = python("-m", "sacrebleu", ref, "-i", hyp, "-m", "chrf", "--format", "json", *options)
    expected = json.loads(printed.stdout)
    ours = score_chrfpp(Texts(HYPOTHESES, REFERENCES, "de"))
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8) and ours.signature == expected["signature"]


def test_a_perfect_hypothesis_has_100():
    score = score_chrf(Texts(REFERENCES, REFERENCES, "de"))
    assert [score.corpus, *score.sentences] == pytest.approx([100] * (1 + len(REFERENCES)))


def test_empty_lines_score_zero():
    score = score_chrf(Texts(["", "", "drei Wörter"], ["ein Wort", "", ""], "de"))
    assert score.corpus == 0
    assert score.sentences == [0, 0, 0]


def test_several_references_equal_the_sacrebleu_command(tmp_path, files):
    hyp, ref = files
    lines = ["Das Haus am Fluss ist groß.", *HYPOTHESES[2:], "Es schneit."]
    other = write_lines(tmp_path / "other.de", lines)
    options = ["-w", "10", "-m", "chrf"]
    printed = python("-m", "sacrebleu", ref, other, "-i", hyp, "--format", "json", *options)
    expected = json.loads(printed.stdout)
    ours = score_chrf(Texts(HYPOTHESES, REFERENCES, "de", further=[lines]))
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8)
    assert ours.signature == expected["signature"] and "nrefs:2" in ours.signature
    assert ours.corpus != score_chrf(Texts(HYPOTHESES, REFERENCES, "de")).corpus
    assert len(ours.sentences) == len(ours.details["sentence_statistics"]) == len(HYPOTHESES)
