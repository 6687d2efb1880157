"""The table of metrics: a metric is one file and one row, and a file of scores says which it holds."""

from __future__ import annotations

import csv
import json

import pytest

from onmt_evsoftmax import cli
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.comparison_file import read_comparison
from onmt_evsoftmax.evaluation.comparison_table import to_csv, to_latex, to_markdown
from onmt_evsoftmax.evaluation.metric import MetricScore, Texts
from onmt_evsoftmax.evaluation.metrics import METRICS, Metric
from onmt_evsoftmax.evaluation.report import read_report
from onmt_evsoftmax.evaluation.runs import read_runs

from .runs_on_disk import score_run, translate
from .testset import HYPOTHESES, REFERENCES, write_lines

TINY = '''
from onmt_evsoftmax.evaluation.metric import MetricScore

def score_wrong(texts):
    """Wrong words per line."""
    pairs = zip(texts.hypotheses, texts.references)
    wrong = [sum(a != b for a, b in zip(hyp.split(), ref.split())) for hyp, ref in pairs]
    return MetricScore(sum(wrong) / len(wrong), wrong, "wrong words, mean over sentences")
'''


@pytest.fixture()
def tiny(tmp_path, monkeypatch):
    """A metric as somebody would add it: one file, one row."""
    (tmp_path / "tiny_metric.py").write_text(TINY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(METRICS, "wrong", Metric("Wrong", "tiny_metric.score_wrong", higher_is_better=False))


def sweep(folder, *options):
    """A folder of scored runs, in one of which every second word is wrong."""
    paths = []
    for function, errors in (("softmax", 0.5), ("evsoftmax", 0.1)):
        lines = translate(function, errors)
        path = score_run(folder, function, 1, lines, *options, attention=False)
        run = folder / f"{function}.1"
        run.mkdir()
        paths.append(path.replace(run / "test.json"))
        write_lines(run / "test.hyp", lines)
    return paths


def compare(folder, paths, *options):
    fast = ["--samples", "50", "--trials", "200", "--out", folder / "test", *options]
    return cli.main([str(word) for word in ("compare", *paths, *fast)])


def suffixed(folder, suffix):
    return (folder / f"test.{suffix}").read_text(encoding="utf-8")


def test_a_new_metric_is_in_every_table_and_its_direction_is_kept(tiny, tmp_path, capsys):
    paths = sweep(tmp_path)
    printed = capsys.readouterr().out
    score = read_report(paths[0])["systems"][0]["scores"]["wrong"]
    assert "Wrong ↓" in printed and f"{score:.2f}" in printed and "↓: lower is better." in printed
    assert "Wrong (wrong words, mean over sentences)" in printed

    assert compare(tmp_path, paths) == 0
    comparison = json.loads(suffixed(tmp_path, "json"))
    found = comparison["differences"]["softmax"]["wrong"]
    assert found["difference"] > 0 and found["mark"] == "**"  # more wrong words: ev-softmax is better
    markdown, latex = suffixed(tmp_path, "md"), suffixed(tmp_path, "tex")
    assert rf"| Wrong ↓ | {score:.2f}\*\* |" in markdown and "↓: lower is better." in markdown
    assert rf"Wrong $\downarrow$ & ${score:.2f}^{{**}}$ &" in latex and latex.isascii()
    rows = list(csv.DictReader(suffixed(tmp_path, "csv").splitlines()))
    assert [row["mark"] for row in rows if row["measure"] == "wrong"] == ["**", ""]

    assert cli.main(["report", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f'<th scope="row">Wrong ↓</th><td>{score:.2f}<sup>**</sup></td>' in page
    assert "<td>Wrong ↓</td>" in page and "<li>↓: lower is better.</li>" in page


@pytest.mark.parametrize("name", METRICS)
def test_every_row_holds_what_its_file_does(name):
    row = METRICS[name]
    score = row.score(Texts(HYPOTHESES, REFERENCES, "de"))
    assert isinstance(score, MetricScore) and all(row.bounds[0] <= one <= row.bounds[1] for one in score.sentences)
    rows = score.details.get("sentence_statistics")
    assert (rows is not None) == (row.corpus is not None) == (row.statistics > 0)
    if rows:
        assert {len(counts) for counts in rows} == {row.statistics}
        assert row.corpus_score()([sum(column) for column in zip(*rows)]) == pytest.approx(score.corpus)
    worse = row.score(Texts(["x"] * len(REFERENCES), REFERENCES, "de"))
    assert (worse.corpus < score.corpus) == row.higher_is_better


def test_the_user_chooses(tmp_path, files, score, capsys):
    out = tmp_path / "scores.json"
    chosen = ["--metrics", "ter", "bleu", "--metrics", "chrfpp"]
    status, printed, _ = score("--hyp", files[0], "--ref", files[1], *chosen, "--json", out)
    report = read_report(out)
    assert status == 0 and list(report["systems"][0]["scores"]) == ["bleu", "chrfpp", "ter"]
    assert "TER ↓" in printed and "chrF++" in printed and "METEOR" not in printed
    assert "tok:tercom" in report["signatures"]["ter"] and "nc:6|nw:2" in report["signatures"]["chrfpp"]
    with pytest.raises(SystemExit):
        score("--hyp", files[0], "--ref", files[1], "--metrics", "rouge")
    assert "invalid choice: 'rouge'" in capsys.readouterr().err


def test_all_metrics_fit_into_a_narrow_terminal(files, score, monkeypatch):
    monkeypatch.setattr("onmt_evsoftmax.evaluation.command.PIPE_WIDTH", 40)
    status, printed, _ = score("--hyp", files[0], "--ref", files[1], "--metrics", *METRICS)
    head = printed.split("hypotheses:")[0]
    assert status == 0 and "…" not in head and max(map(len, head.splitlines())) <= 40
    for row in METRICS.values():
        assert row.printed_name.split("-")[0] in head
    assert head.count("system") == 2  # two tables


def test_a_metric_that_needs_the_source_asks_for_it(tiny, tmp_path, files, score, monkeypatch):
    monkeypatch.setitem(METRICS, "wrong", Metric("Wrong", "tiny_metric.score_wrong", needs_source=True))
    arguments = ["--hyp", files[0], "--ref", files[1], "--metrics", "wrong"]
    status, _, error = score(*arguments)
    assert status == 2 and f"{files[0]}: Wrong needs the source; give it with --src FILE" in error
    assert score(*arguments, "--src", write_lines(tmp_path / "src", REFERENCES))[0] == 0


def test_a_line_too_long_for_ter_names_the_file(tmp_path, score):
    hyp = write_lines(tmp_path / "hyp", ["der " * 600])
    status, _, error = score("--hyp", hyp, "--ref", hyp, "--metrics", "ter")
    assert status == 2 and error.count("\n") == 1 and f"{hyp}: line 1: 600 words against 600" in error


def test_runs_with_other_metrics_are_compared_in_what_they_share(tmp_path, capsys):
    """Scores of versions that knew fewer metrics, or of a user who chose more."""
    fewer = score_run(tmp_path, "softmax", 1, translate(1, 0.5), attention=False)
    more = score_run(tmp_path, "evsoftmax", 1, translate(2, 0.1), "--metrics", "bleu", "meteor", "ter", attention=False)
    for paths in ((fewer, more), (more, fewer)):
        assert compare(tmp_path, paths) == 0
        comparison = read_comparison(tmp_path / "test.json")
        assert list(comparison["functions"]["softmax"]["scores"]) == ["bleu", "meteor"]
        assert list(comparison["differences"]["softmax"]) == ["bleu", "meteor"]
        assert f"TER is left out: not in {fewer}; see onmt_evsoftmax score --metrics" in comparison["notes"]
        assert f"chrF is left out: not in {more}; see onmt_evsoftmax score --metrics" in comparison["notes"]
        assert "| BLEU |" in capsys.readouterr().out
    other = score_run(tmp_path, "sparsemax", 1, translate(3, 0.1), "--metrics", "rouge1", attention=False)
    assert compare(tmp_path, (more, other)) == 2
    assert f"{more}, {other}: share no metric that this version knows" in capsys.readouterr().err


def test_a_page_of_a_sweep_without_bleu(tmp_path):
    sweep(tmp_path, "--metrics", "ter")
    assert cli.main(["report", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "TER ↓" in page and "have no seed in common that is scored with BLEU (yet)." in page


def of_a_later_version(path):
    """A file of scores with a metric that nobody here knows, and that may be negative."""
    report = json.loads(path.read_text(encoding="utf-8"))
    report["signatures"]["later"] = "later 1.0"
    for system in report["systems"]:
        system["scores"]["later"] = -0.5
        system["sentence_scores"]["later"] = [-0.5] * report["reference"]["lines"]
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def test_an_unknown_metric_is_left_out_and_named(tmp_path):
    paths = [of_a_later_version(path) for path in sweep(tmp_path)]
    runs, common = read_runs(list(map(str, paths)))
    assert runs[0].scores["later"] == -0.5 and "later" not in common["signatures"]
    assert common["notes"] == ["later is left out: this version of onmt_evsoftmax does not know it"]
    assert compare(tmp_path, paths) == 0
    assert "later is left out" in suffixed(tmp_path, "md") and "| later |" not in suffixed(tmp_path, "md")


def test_an_unknown_metric_of_a_comparison_is_shown(tmp_path):
    paths = sweep(tmp_path)
    assert compare(tmp_path, paths) == 0
    path = tmp_path / "test.json"
    comparison = json.loads(path.read_text(encoding="utf-8"))
    comparison["signatures"]["later"] = "later 1.0"
    for summary in comparison["functions"].values():
        summary["scores"]["later"] = {"mean": -0.5, "standard_error": None, "values": [-0.5]}
    comparison["differences"]["softmax"]["later"] = {**comparison["differences"]["softmax"]["bleu"], "mark": "*"}
    path.write_text(json.dumps(comparison), encoding="utf-8")
    read = read_comparison(path)
    assert r"| later | -0.50\* | -0.50 |" in to_markdown(read) and "later: later 1.0." in to_markdown(read)
    assert "later & $-0.50^{*}$ &" in to_latex(read) and ",later,,,," in to_csv(read)
    assert cli.main(["report", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<th scope="row">later</th><td>-0.50<sup>*</sup></td>' in page


@pytest.mark.parametrize(
    "edit, message",
    [
        (lambda report, system: report["signatures"].pop("chrf"), "scores has 'chrf', which has no signature"),
        (lambda report, system: system["scores"].pop("chrf"), "scores lacks 'chrf'"),
        (lambda report, system: system["sentence_scores"].pop("later"), "sentence_scores lacks 'later'"),
        (lambda report, system: system["scores"].update(later=float("nan")), "later is nan, expected a number"),
        (lambda report, system: system["scores"].update(ter=-1), "TER is -1, expected a number from 0"),
        (lambda report, system: report.update(signatures={"attended": ""}), "expected the signature of a metric"),
    ],
)
def test_damage_is_refused_still(tmp_path, edit, message):
    options = ("--metrics", "chrf", "ter", "bleu")
    path = of_a_later_version(score_run(tmp_path, "softmax", 1, translate(1, 0.5), *options, attention=False))
    assert read_report(path)
    report = json.loads(path.read_text(encoding="utf-8"))
    edit(report, report["systems"][0])
    path.write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(InputError, match=f"damaged scores: .*{message}"):
        read_report(path)
