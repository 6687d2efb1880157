import json

import numpy as np
import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.ter import LONGEST, corpus_ter, score_ter

from .testset import HYPOTHESES, REFERENCES, python, write_lines


@pytest.mark.parametrize("several", [False, True])
def test_equals_the_sacrebleu_command(tmp_path, files, several):
    hyp, ref = files
    others = ["Das Haus am Fluss ist groß.", *HYPOTHESES[2:], "Es schneit."] if several else None
    paths = [ref, write_lines(tmp_path / "other.de", others)] if others else [ref]
    printed = python("-m", "sacrebleu", *paths, "-i", hyp, "-m", "ter", "--format", "json", "-w", "10")
    expected = json.loads(printed.stdout)
    ours = score_ter(Texts(HYPOTHESES, REFERENCES, "de", further=[others] if others else ()))
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8)
    assert ours.signature == expected["signature"] and f"nrefs:{len(paths)}" in ours.signature


def test_edits_are_counted_in_words_and_a_shift_is_one():
    pairs = {"a b c d": 0, "a b c x": 1, "a b c": 1, "a b c d e": 1, "c d a b": 1, "": 4, "x y z w v": 5}
    for hypothesis, edits in pairs.items():
        score = score_ter(Texts([hypothesis], ["a b c d"], "de"))
        assert score.corpus == score.sentences[0] == 25 * edits
        assert score.details["sentence_statistics"] == [[edits, 4]]


def test_empty_references():
    assert score_ter(Texts(["", "drei Wörter hier"], ["", ""], "de")).sentences == [0, 100]


def test_statistics_of_any_sample_give_its_corpus_ter():
    statistics = np.array(score_ter(Texts(HYPOTHESES, REFERENCES, "de")).details["sentence_statistics"])
    sample = [4, 0, 0, 2]
    chosen = score_ter(Texts([HYPOTHESES[i] for i in sample], [REFERENCES[i] for i in sample], "de"))
    assert corpus_ter(statistics[sample].sum(axis=0)) == pytest.approx(chosen.corpus)


def test_a_line_that_would_take_hours_is_refused_and_a_looping_one_is_not():
    long = " ".join(["der"] * (LONGEST + 1))
    with pytest.raises(InputError, match=rf"line 2: {LONGEST + 1} words against {LONGEST + 1}; .*leave ter out"):
        score_ter(Texts(["a", long], ["a", long], "de"))
    assert score_ter(Texts([long], ["der See"], "de")).corpus == 50 * LONGEST  # one word is right
