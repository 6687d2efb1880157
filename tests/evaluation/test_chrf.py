import json

import pytest

from onmt_evsoftmax.evaluation.chrf import score_chrf

from .testset import HYPOTHESES, REFERENCES, python


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
