import json

import pytest

from onmt_evsoftmax.evaluation.chrf import score_chrf

from .testset import HYPOTHESES, REFERENCES, python, write_lines


@pytest.mark.parametrize("lowercase", [False, True])
def test_equals_the_sacrebleu_command(files, lowercase):
    hyp, ref = files
    options = ["-w", "10", *(["--chrf-lowercase"] if lowercase else [])]
    printed = python("-m", "sacrebleu", ref, "-i", hyp, "-m", "chrf", "--format", "json", *options)
    expected = json.loads(printed.stdout)
    ours = score_chrf(HYPOTHESES, REFERENCES, lowercase=lowercase)
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8)
    assert ours.signature == expected["signature"]


def test_a_perfect_hypothesis_has_100():
    score = score_chrf(REFERENCES, REFERENCES)
    assert [score.corpus, *score.sentences] == pytest.approx([100] * (1 + len(REFERENCES)))


def test_empty_lines_score_zero():
    score = score_chrf(["", "", "drei Wörter"], ["ein Wort", "", ""])
    assert score.corpus == 0
    assert score.sentences == [0, 0, 0]


def test_several_references_equal_the_sacrebleu_command(tmp_path, files):
    hyp, ref = files
    lines = ["Das Haus am Fluss ist groß.", *HYPOTHESES[2:], "Es schneit."]
    other = write_lines(tmp_path / "other.de", lines)
    options = ["-w", "10", "-m", "chrf"]
    printed = python("-m", "sacrebleu", ref, other, "-i", hyp, "--format", "json", *options)
    expected = json.loads(printed.stdout)
    ours = score_chrf(HYPOTHESES, REFERENCES, further=[lines])
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8)
    assert ours.signature == expected["signature"] and "nrefs:2" in ours.signature
    assert ours.corpus != score_chrf(HYPOTHESES, REFERENCES).corpus
    assert len(ours.sentences) == len(ours.details["sentence_statistics"]) == len(HYPOTHESES)
