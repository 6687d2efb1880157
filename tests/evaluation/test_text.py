import gzip

import pytest
from sacremoses import MosesTokenizer

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.text import check_aligned, load_text, restorer

from .testset import REFERENCES, bpe, write_lines


def test_pieces_of_moses_tokens_become_the_text_again():
    tokenizer = MosesTokenizer("de")
    restore = restorer("bpe", "moses", "de")
    for sentence in REFERENCES:
        assert restore(bpe(tokenizer.tokenize(sentence))) == sentence


def test_merging_alone_keeps_the_tokens():
    assert restorer("bpe", "none", "de")("Haus@@ boot &quot; .") == "Hausboot &quot; ."


def test_sentencepiece_pieces_of_raw_text():
    assert restorer("sentencepiece", "none", "de")("▁Haus boot , ▁ grün .") == "Hausboot, grün."


def test_no_form_leaves_the_line_as_it_is():
    assert restorer("none", "none", "de")(" zwei  Wörter@@ ") == " zwei  Wörter@@ "


@pytest.mark.parametrize("form", [("bpe", "moses"), ("sentencepiece", "none"), ("none", "moses")])
@pytest.mark.parametrize("line", ["", "   "])
def test_empty_lines_stay_empty(form, line):
    assert restorer(*form, "de")(line) == ""


def test_a_hypothesis_cut_off_within_a_word_keeps_what_there_is():
    assert restorer("bpe", "moses", "de")("Ein Dampf@@") == "Ein Dampf"


def test_lone_marks_make_no_empty_words():
    assert restorer("bpe", "none", "de")("a @@") == "a"
    assert restorer("sentencepiece", "none", "de")("▁a ▁ ▁b") == "a b"


@pytest.mark.parametrize("form", [("wordpiece", "none"), ("none", "spacy")])
def test_unknown_forms_list_the_known_ones(form):
    with pytest.raises(InputError, match="moses|bpe"):
        restorer(*form, "de")("ein Wort")


def test_gzip_and_unicode_line_separators(tmp_path):
    path = tmp_path / "a.de.gz"
    path.write_bytes(gzip.compress("eins\u2028zwei\r\ndrei\n".encode()))
    assert load_text(path).sentences == ["eins\u2028zwei", "drei"]


def test_forgotten_segmentation_and_escapes_are_noted(tmp_path):
    path = write_lines(tmp_path / "hyp.de", ["Dampf@@ schiff &quot; a", "b@@ c", "d"])
    forgotten = load_text(path).notes
    assert [("2 line" in note, "1 line" in note) for note in forgotten] == [(True, False), (False, True)]
    assert "segmentation" in forgotten[0] and "tokenization" in forgotten[1]
    assert load_text(path, segmentation="bpe", tokenization="moses", lang="de").notes == []


def test_moses_without_a_language_is_refused():
    with pytest.raises(InputError, match="the rules of a language; say which one"):
        restorer("none", "moses")
    assert restorer("bpe", "none")("Ein Dampf@@ schiff") == "Ein Dampfschiff"


def test_a_clean_file_has_no_notes(tmp_path):
    assert load_text(write_lines(tmp_path / "ref.de", REFERENCES)).notes == []


def test_files_of_different_length_are_named_with_their_counts(tmp_path):
    files = [load_text(write_lines(tmp_path / f"{n}.de", ["x"] * n)) for n in (3, 2, 3)]
    with pytest.raises(InputError, match=r"3\.de has 3, .*2\.de has 2"):
        check_aligned(files)
    check_aligned([files[0], files[2]])


def test_an_empty_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"leer\.de: has no lines"):
        load_text(write_lines(tmp_path / "leer.de", []))
