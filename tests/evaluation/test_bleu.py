import json
import random

import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from onmt_evsoftmax.evaluation.bleu import score_bleu
from onmt_evsoftmax.evaluation.metric import Texts

from .testset import HYPOTHESES, REFERENCES, python, write_lines


@pytest.mark.parametrize("tokenize", ["13a", "none", "intl"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_equals_the_sacrebleu_command(files, tokenize, lowercase):
    hyp, ref = files
    options = ["--tokenize", tokenize, "-w", "10", *(["-lc"] if lowercase else [])]
    printed = python("-m", "sacrebleu", ref, "-i", hyp, "-m", "bleu", "--format", "json", *options)
    expected = json.loads(printed.stdout)
    ours = score_bleu(Texts(HYPOTHESES, REFERENCES, "de", bleu_tokenize=tokenize, lowercase=lowercase))
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8)
    assert ours.signature == expected["signature"]


def test_a_perfect_hypothesis_has_100():
    score = score_bleu(Texts(REFERENCES, REFERENCES, "de"))
    assert score.corpus == pytest.approx(100)
    assert score.sentences == pytest.approx([100] * len(REFERENCES))


def test_lowercase_and_tokenizer_matter():
    upper = [line.upper() for line in HYPOTHESES]
    assert (
        score_bleu(Texts(upper, REFERENCES, "de")).corpus
        < 5
        < score_bleu(Texts(upper, REFERENCES, "de", lowercase=True)).corpus
    )
    spaced = [line.replace(".", " .") for line in HYPOTHESES]
    assert (
        score_bleu(Texts(spaced, REFERENCES, "de")).corpus
        > score_bleu(Texts(spaced, REFERENCES, "de", bleu_tokenize="none")).corpus
    )


def test_empty_lines_score_zero():
    score = score_bleu(Texts(["", "", "drei Wörter hier"], ["ein Wort", "", ""], "de"))
    assert score.corpus == 0
    assert score.sentences == [0, 0, 0]


def test_lines_empty_on_both_sides_change_nothing():
    extended = score_bleu(Texts([*HYPOTHESES, ""], [*REFERENCES, ""], "de"))
    assert extended.corpus == score_bleu(Texts(HYPOTHESES, REFERENCES, "de")).corpus


def test_statistics_of_any_sample_give_its_corpus_bleu():
    statistics = np.array(score_bleu(Texts(HYPOTHESES, REFERENCES, "de")).details["sentence_statistics"])
    sample = random.Random(0).choices(range(len(HYPOTHESES)), k=9)
    totals = statistics[sample].sum(axis=0).tolist()
    resampled = BLEU.compute_bleu(totals[2:6], totals[6:10], totals[0], totals[1], smooth_method="exp")
    chosen = score_bleu(Texts([HYPOTHESES[i] for i in sample], [REFERENCES[i] for i in sample], "de"))
    assert chosen.corpus == pytest.approx(resampled.score)
    assert 0 < chosen.corpus < 100


def test_short_sentences_are_scored_by_the_orders_that_they_have():
    assert score_bleu(Texts(["zwei Wörter"], ["zwei Wörter"], "de")).sentences == pytest.approx([100])


def test_tokenised_text_scored_as_such_gives_no_warning(caplog):
    lines = ["Ein Satz ."] * 100
    score_bleu(Texts(lines, lines, "de", bleu_tokenize="none"))
    assert caplog.messages == []
    score_bleu(Texts(lines, lines, "de"))
    assert any("tokenized" in message for message in caplog.messages)


def test_several_references_equal_the_sacrebleu_command(tmp_path, files):
    hyp, ref = files
    lines = ["Das Haus am Fluss ist groß.", *HYPOTHESES[2:], "Es schneit."]
    other = write_lines(tmp_path / "other.de", lines)
    options = ["-w", "10", "-m", "bleu"]
    printed = python("-m", "sacrebleu", ref, other, "-i", hyp, "--format", "json", *options)
    expected = json.loads(printed.stdout)
    ours = score_bleu(Texts(HYPOTHESES, REFERENCES, "de", further=[lines]))
    assert ours.corpus == pytest.approx(expected["score"], abs=1e-8)
    assert ours.signature == expected["signature"] and "nrefs:2" in ours.signature
    assert ours.corpus != score_bleu(Texts(HYPOTHESES, REFERENCES, "de")).corpus
    assert len(ours.sentences) == len(ours.details["sentence_statistics"]) == len(HYPOTHESES)
