import nltk
import pytest

from onmt_evsoftmax.evaluation.languages import STEMMERS
from onmt_evsoftmax.evaluation.meteor import score_meteor
from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.words import words_and_marks

from .testset import HYPOTHESES, REFERENCES


def meteor(hyp, ref, lang="de"):
    return score_meteor(Texts([hyp], [ref], lang)).corpus


def by_definition(matches, chunks, hyp_length, ref_length):
    precision, recall = matches / hyp_length, matches / ref_length
    f_mean = precision * recall / (0.9 * precision + 0.1 * recall)
    return 100 * f_mean * (1 - 0.5 * (chunks / matches) ** 3)


@pytest.mark.parametrize("form", ["Haus", "Hauses", "Häusern"])
def test_german_forms_of_a_stem_match(form):
    hyp = f"die alten {form} am See"
    assert meteor(hyp, "die alten Häuser am See") == meteor(hyp, hyp) == by_definition(5, 1, 5, 5)
    assert meteor(hyp, "die alten Hütten am See") == pytest.approx(by_definition(4, 2, 5, 5))


def test_the_stemmer_is_that_of_the_language():
    assert meteor("Haus", "Häuser", lang="en") == 0 < meteor("Haus", "Häuser", lang="de")
    assert meteor("walking", "walked", lang="de") == 0 < meteor("walking", "walked", lang="en")


def test_synonyms_do_not_match():
    assert meteor("car", "automobile", lang="en") == 0


def test_chunks_and_lengths_follow_the_definition():
    turned = meteor("über den See fährt er", "er fährt über den See")
    assert turned == pytest.approx(by_definition(5, 3, 5, 5))
    assert meteor("er fährt", "er fährt über den See") == pytest.approx(by_definition(2, 1, 2, 5))


def test_a_perfect_hypothesis_is_a_little_below_100():
    score = score_meteor(Texts(REFERENCES, REFERENCES, "de"))
    expected = [100 * (1 - 0.5 / len(words_and_marks(line)) ** 3) for line in REFERENCES]
    assert score.sentences == pytest.approx(expected)
    assert score.corpus == pytest.approx(sum(expected) / len(expected))


def test_case_does_not_matter_and_marks_do():
    assert meteor("EIN HUND", "ein Hund") == meteor("ein Hund", "ein Hund")
    assert meteor("ein Hund?", "ein Hund!") < meteor("ein Hund!", "ein Hund!")


def test_empty_lines_score_zero():
    assert score_meteor(Texts(["", "", "drei Wörter"], ["ein Wort", "", ""], "de")).sentences == [0, 0, 0]


def test_no_data_of_nltk_is_needed(monkeypatch):
    def refuse(*arguments, **options):
        raise LookupError("looked for a download")

    monkeypatch.setattr(nltk.data, "find", refuse)
    monkeypatch.setattr(nltk.data, "load", refuse)
    assert score_meteor(Texts(HYPOTHESES, REFERENCES, "de")).corpus > 0


def test_the_variant_is_named():
    signature = score_meteor(Texts(["Hund"], ["Hunde"], "de")).signature
    assert signature.startswith(f"nltk {nltk.__version__}, exact+stem:german, no synonyms, ")
    assert "alpha 0.9 beta 3 gamma 0.5" in signature
    assert "stem:english" in score_meteor(Texts(["dog"], ["dogs"], "en")).signature


@pytest.mark.parametrize("lang", sorted(STEMMERS))
def test_every_language_has_its_stemmer(lang):
    assert 0 < meteor("ein Satz", "ein Satz", lang=lang) < 100


def test_a_language_without_a_stemmer_has_exact_matches_alone_and_says_so():
    assert meteor("psi", "pes", lang="cs") == 0 < meteor("psi", "psi", lang="cs")
    assert "exact, no stemmer for cs, no synonyms" in score_meteor(Texts(["pes"], ["pes"], "cs")).signature


def test_of_several_references_the_best_of_each_sentence_counts():
    others = [f"{line} Und mehr." for line in HYPOTHESES]
    both = score_meteor(Texts(HYPOTHESES, REFERENCES, "de", further=[others]))
    alone = [score_meteor(Texts(HYPOTHESES, texts, "de")).sentences for texts in (REFERENCES, others)]
    assert both.sentences == [max(pair) for pair in zip(*alone)]
    assert both.signature.endswith(", best of 2 references")
