import io
import json

import pytest
from rich.console import Console

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import sha256
from onmt_evsoftmax.evaluation.attended import measure_attended
from onmt_evsoftmax.evaluation.languages import Language
from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.report import build_report, print_report, read_report, write_report
from onmt_evsoftmax.evaluation.system import System, score_texts
from onmt_evsoftmax.evaluation.text import load_text

from .archives import HEADS, LAYERS, archive_file, random_sentences
from .testset import HYPOTHESES, REFERENCES, write_lines

SETTINGS = {
    "lang": "de",
    "lowercase": False,
    "bleu_tokenize": "13a",
    "hyp_segmentation": "bpe",
    "hyp_tokenization": "moses",
    "ref_segmentation": "none",
    "ref_tokenization": "none",
}
GERMAN = Language("de", "--lang")


@pytest.fixture()
def report(tmp_path, files):
    hyp, ref = (load_text(path) for path in files)
    archive = AttentionArchive(archive_file(tmp_path / "a.npz", random_sentences(0, count=len(HYPOTHESES))))
    scores = score_texts(Texts(hyp.sentences, ref.sentences, "de"))
    system = System("ev-softmax [bold]", hyp, scores, archive, measure_attended(archive))
    return build_report([system], [ref], SETTINGS, GERMAN)


def printed(report, width=120):
    stream = io.StringIO()
    print_report(report, Console(file=stream, width=width))
    return stream.getvalue()


def test_json_round_trip(tmp_path, report):
    path = tmp_path / "new" / "scores.json"
    write_report(path, report)
    assert read_report(path) == report
    assert json.loads(path.read_text(encoding="utf-8")) == report


def test_json_holds_what_later_tests_need(report, files, tmp_path):
    (system,) = report["systems"]
    assert report["format"] == "onmt_evsoftmax.scores" and report["version"] == 1
    assert system["scores"].keys() == system["sentence_scores"].keys()
    assert set(system["scores"]) | {"attended"} == set(report["signatures"])
    assert all(len(scores) == len(HYPOTHESES) for scores in system["sentence_scores"].values())
    assert len(system["details"]["bleu"]["sentence_statistics"]) == len(HYPOTHESES)
    described = {"path": str(files[0]), "sha256": sha256(files[0]), "lines": len(HYPOTHESES)}
    assert system["hypothesis"] == described
    assert report["reference"]["sha256"] == sha256(files[1])
    assert system["attention"]["sha256"] == sha256(tmp_path / "a.npz")
    assert system["attention"]["functions"]["cross"] == "evsoftmax"
    assert len(system["attended"]["sentence_words"]) == len(HYPOTHESES)
    for kind in ("encoder", "decoder", "cross"):
        for name in ("positions", "words", "share", "entropy"):
            grid = system["attended"]["kinds"][kind][name]
            assert len(grid) == LAYERS and all(len(row) == HEADS for row in grid)
    assert {"onmt_evsoftmax", "sacrebleu", "rouge_score", "nltk", "sacremoses"} <= report["versions"].keys()


def test_the_table_has_the_scores_and_what_they_are(report):
    report["notes"] = ["about [red]this.de"]
    text = printed(report)
    (system,) = report["systems"]
    for score in system["scores"].values():
        assert f"{score:.2f}" in text
    words = system["attended"]["words"]
    assert f"{words['mean']:.2f} ± {words['std']:.2f}" in text
    union = [system["attended"][f"{unit}_any_head"] for unit in ("words", "positions")]
    figures = [f"{one['mean']:.2f} ± {one['std']:.2f}" for one in union]
    assert f"attended by any head, ev-softmax [bold]: {figures[0]} words, {figures[1]} positions" in text
    assert "counted in each head of the last decoder layer by itself, then averaged over its heads" in text
    assert f"BLEU ({report['signatures']['bleu']})" in text
    assert f"ROUGE-1, ROUGE-2, ROUGE-L ({report['signatures']['rougeL']})" in text
    assert f"METEOR ({report['signatures']['meteor']})" in text
    assert "hypotheses: scored after undoing bpe and moses\n" in text
    assert "reference: scored as in the file\n" in text
    assert "ev-softmax [bold]" in text and "note: about [red]this.de" in text


def test_no_number_is_cut_in_a_narrow_terminal(report):
    (system,) = report["systems"]
    system["scores"] = dict.fromkeys(system["scores"], 100.0)
    system["attended"]["words"] = {"mean": 12.34, "std": 11.53}
    text = printed(report, width=80)
    assert text.count("100.00") == len(system["scores"])
    for unit in ("words", "positions"):
        assert f"{system['attended'][unit]['mean']:.2f} ± {system['attended'][unit]['std']:.2f}" in text
    assert "…" not in text


def test_without_attention_there_are_no_such_columns(report):
    (system,) = report["systems"]
    system["attended"] = None
    assert "attended" not in printed(report)


def test_empty_lines_are_noted_once_per_file(files):
    hyp, ref = (load_text(path) for path in files)
    system = System("a", hyp, score_texts(Texts(hyp.sentences, ref.sentences, "de")))
    assert build_report([system, system], [ref], SETTINGS, GERMAN)["notes"] == [
        f"{files[0]}: 1 line(s) without text, which match nothing in any metric"
    ]


def test_notes_of_the_files_are_printed(tmp_path, files):
    hyp = load_text(write_lines(tmp_path / "pieces.de", ["Dampf@@ schiff"] * len(REFERENCES)))
    ref = load_text(files[1])
    system = System("a", hyp, score_texts(Texts(hyp.sentences, ref.sentences, "de")))
    report = build_report([system], [ref], SETTINGS, GERMAN)
    assert f"note: {hyp.path}: 5 line(s) hold subword marks" in printed(report)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"{", "not readable JSON"),
        (b"\xff{}", "not UTF-8"),
        (b"[]", "not scores of version 1"),
        (b'{"format": "onmt_evsoftmax.scores", "version": 2}', "not scores of version 1"),
        (b'{"format": "else", "version": 1}', "not scores of version 1"),
    ],
)
def test_files_that_are_no_report(tmp_path, content, message):
    path = tmp_path / "scores.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"scores\.json: {message}"):
        read_report(path)


def test_a_missing_report(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_report(tmp_path / "none.json")


def test_a_folder_in_the_way(tmp_path, report):
    with pytest.raises(InputError, match="is a folder; name the file to write"):
        write_report(tmp_path, report)
