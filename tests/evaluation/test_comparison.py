"""`compare` as a user types it: three functions by three seeds, four files, one line per error."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest

from onmt_evsoftmax import cli
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.attended import MEASURES
from onmt_evsoftmax.evaluation.attended_seeds import pool_attended
from onmt_evsoftmax.evaluation.comparison import mark
from onmt_evsoftmax.evaluation.comparison_file import read_comparison
from onmt_evsoftmax.evaluation.comparison_table import escape_latex, to_csv, to_latex, to_markdown
from onmt_evsoftmax.evaluation.metrics import METRICS
from onmt_evsoftmax.evaluation.report import read_report
from onmt_evsoftmax.evaluation.runs import Run
from onmt_evsoftmax.evaluation.significance import Resampling, mean_significance

from .archives import HEADS, LAYERS
from .mutations import mutations
from .runs_on_disk import ERRORS, SEEDS, all_runs, score_run, translate
from .testset import ROOT, python

PRINTED = {name: row.printed_name for name, row in METRICS.items() if row.default}
FAST = ("--samples", "200", "--trials", "400")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """(function, seed) -> JSON of scores; the folder's name needs escaping."""
    return all_runs(tmp_path_factory.mktemp("50%_a&b"))


@pytest.fixture(scope="module")
def compared(runs, tmp_path_factory):
    """Output of the real command, and the prefix of its files."""
    prefix = tmp_path_factory.mktemp("out") / "new" / "table4.test"
    result = python("-m", "onmt_evsoftmax", "compare", *runs.values(), "--out", prefix, *FAST)
    assert result.stderr == ""
    return result.stdout, prefix


@pytest.fixture()
def compare(capsys):
    """Run ``compare`` in this process: (exit status, standard output, standard error)."""

    def run(*arguments):
        capsys.readouterr()  # what `score` said before
        status = cli.main(["compare", *FAST, *map(str, arguments)])
        return (status, *capsys.readouterr())

    return run


def read(prefix, suffix):
    return prefix.with_name(f"{prefix.name}.{suffix}").read_text(encoding="utf-8")


def systems(runs, function):
    return [read_report(runs[function, seed])["systems"][0] for seed in SEEDS]


def test_means_and_standard_errors(runs, compared):
    functions = json.loads(read(compared[1], "json"))["functions"]
    assert list(functions) == ["softmax", "sparsemax", "evsoftmax"]
    for name, summary in functions.items():
        assert summary["seeds"] == list(SEEDS)
        for metric in PRINTED:
            values = np.array([system["scores"][metric] for system in systems(runs, name)])
            found = summary["scores"][metric]
            assert found["mean"] == pytest.approx(values.mean())
            assert found["standard_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(3))


def test_only_the_worse_function_is_marked(compared):
    differences = json.loads(read(compared[1], "json"))["differences"]
    assert set(differences) == {"softmax", "sparsemax"}
    for metric in PRINTED:
        worse, alike = differences["sparsemax"][metric], differences["softmax"][metric]
        assert worse["mark"] in ("*", "**") and worse["difference"] < 0 and worse["p"]["randomisation"] < 0.01
        assert worse["interval"][0] < worse["difference"] < worse["interval"][1] < 0
        assert alike["mark"] == "" and alike["interval"][0] < 0 < alike["interval"][1]
        assert worse["p"]["seeds"] < 0.05 < alike["p"]["seeds"]
        assert worse["test"] == alike["test"] == "joint"
        for one in (worse, alike):
            assert one["mark"] == mark(one["difference"], one["p"]["joint"])
            assert one["p"]["joint"] >= one["p"]["seeds"]


def test_seeds_that_disagree_are_not_marked(tmp_path, compare):
    """Over sentences one good seed of two is enough: p = 0.0025, the least that 400 trials can give."""
    lines = {seed: translate(seed, 0.5) for seed in (1, 2)}
    paths = [score_run(tmp_path, "evsoftmax", seed, lines[seed], attention=False) for seed in lines]
    paths += [
        score_run(tmp_path, "softmax", seed, translate(seed, errors), attention=False)
        for seed, errors in ((3, 0.1), (4, 0.48))
    ]
    labels = [*paths[:2], f"softmax:1={paths[2]}", f"softmax:2={paths[3]}"]
    status, printed, _ = compare(*labels, "--out", tmp_path / "t")
    found = json.loads(read(tmp_path / "t", "json"))["differences"]["softmax"]
    for metric in PRINTED:
        assert found[metric]["p"]["randomisation"] < 0.01 and found[metric]["p"]["seeds"] > 0.05
        assert found[metric]["mark"] == ""
    assert status == 0 and "The marks are those of one test, joint: over seeds and sentences" in printed
    printed = compare(*labels, "--test", "randomisation")[1]
    assert "†† |" in printed and "Seeds are not tested: others may give other marks." in printed


def test_a_sentence_brings_all_of_its_seeds(runs, compared):
    found = json.loads(read(compared[1], "json"))["differences"]["sparsemax"]["meteor"]
    scores = {
        name: np.mean([one["sentence_scores"]["meteor"] for one in systems(runs, name)], axis=0) for name in ERRORS
    }
    expected = mean_significance(scores["sparsemax"] - scores["evsoftmax"], Resampling(200, 400))
    assert found["difference"] == pytest.approx(expected.difference)
    assert found["interval"] == pytest.approx(expected.interval)
    assert found["p"]["randomisation"] == pytest.approx(expected.p_randomisation)


def test_attention_over_seeds_per_layer_and_head(runs, compared):
    pooled = json.loads(read(compared[1], "json"))["functions"]["softmax"]["attended"]
    attended = [system["attended"] for system in systems(runs, "softmax")]
    tokens = [one["target_tokens"] for one in attended]
    squares = [one["words"]["std"] ** 2 + one["words"]["mean"] ** 2 for one in attended]
    mean = np.average([one["words"]["mean"] for one in attended], weights=tokens)
    assert pooled["words"]["mean"] == pytest.approx(mean)
    assert pooled["words"]["std"] == pytest.approx(np.sqrt(np.average(squares, weights=tokens) - mean**2))
    for kind in ("encoder", "decoder", "cross"):
        for measure in ("positions", "words", "share", "entropy"):
            tables = np.array([one["kinds"][kind][measure] for one in attended])
            found = pooled["kinds"][kind][measure]
            assert np.shape(found["mean"]) == (LAYERS, HEADS)
            assert found["mean"] == [pytest.approx(row) for row in tables.mean(0)]
            assert found["standard_error"] == [pytest.approx(row) for row in tables.std(0, ddof=1) / np.sqrt(3)]
    last_layer = pooled["kinds"]["cross"]["entropy"]["mean"][-1]
    assert pooled["entropy"]["mean"] == pytest.approx(np.mean(last_layer))


def test_each_kind_of_attention_is_that_of_the_seeds_that_have_it():
    """A sweep scores most seeds with cross-attention alone: whole archives are large."""

    def run(seed, *kinds):
        tables = {measure: [[float(seed)]] for measure in MEASURES}
        headline = {"mean": 1.0, "std": 0.0}
        attended = {
            "target_tokens": 5,
            "words": headline,
            "positions": headline,
            "kinds": dict.fromkeys(kinds, tables),
        }
        return Run(f"{seed}.json", "softmax", "softmax", seed, {}, {}, {}, attended, "")

    pooled = pool_attended([run(1, "encoder", "cross"), run(2, "cross"), run(6, "cross")])
    assert pooled["kinds"]["encoder"]["runs"] == 1 and pooled["kinds"]["cross"]["runs"] == 3
    assert pooled["kinds"]["encoder"]["words"] == {"mean": [[1.0]], "standard_error": None}
    assert pooled["kinds"]["cross"]["words"]["mean"] == [[3.0]]
    assert "decoder" not in pooled["kinds"]


def test_markdown_is_printed_and_written(compared):
    printed, prefix = compared
    markdown, comparison = read(prefix, "md"), json.loads(read(prefix, "json"))
    assert printed.startswith(markdown) and f"{prefix}.tex" in printed
    bleu = comparison["functions"]["sparsemax"]["scores"]["bleu"]
    lines = markdown.splitlines()
    assert lines[0] == "|  | softmax | sparsemax | ev-softmax |"
    assert lines[2].startswith("| BLEU | ")
    stars = comparison["differences"]["sparsemax"]["bleu"]["mark"].replace("*", r"\*")
    assert f"| {bleu['mean']:.2f} ± {bleu['standard_error']:.2f}{stars} |" in lines[2] and stars
    words = comparison["functions"]["evsoftmax"]["attended"]["words"]
    assert lines[8].startswith("| attended words per head |")
    assert lines[8].endswith(f"| {words['mean']:.2f} ± {words['std']:.2f} |")
    union = comparison["functions"]["evsoftmax"]["attended"]["words_any_head"]
    assert lines[9].startswith("| attended words, any head |") and words["mean"] < union["mean"]
    assert lines[9].endswith(f"| {union['mean']:.2f} ± {union['std']:.2f} |")
    assert "| seeds | 1, 2, 3 | 1, 2, 3 | 1, 2, 3 |" in lines
    assert comparison["signatures"]["rougeL"].replace("_", r"\_") in markdown
    assert "random seed 12345" in markdown and "40 sentences against" in markdown
    widths = {line.count("|") - line.count(r"\|") for line in lines[:14] if line}
    assert widths == {5}


def test_latex_is_well_formed(compared):
    latex = read(compared[1], "tex")
    plain = re.sub(r"\\[\\{}&%$#_]", "", latex)  # what is left are the commands
    assert plain.count("{") == plain.count("}") and plain.count("$") % 2 == 0
    assert not re.search(r"[%#_]", plain) and latex.isascii()
    for environment in ("table", "tabular"):
        assert latex.count(rf"\begin{{{environment}}}") == latex.count(rf"\end{{{environment}}}") == 1
    body = latex.split(r"\toprule")[1].split(r"\bottomrule")[0]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 1 + len(PRINTED) + 5
    assert all(re.sub(r"\\&", "", row).count("&") == 3 for row in rows)
    assert re.search(r"BLEU & \$[\d.]+ \\pm [\d.]+\$ & \$[\d.]+ \\pm [\d.]+\^\{\*+\}\$ &", body)
    assert r"\begin{tabular}{lccc}" in latex and "50\\%\\_a\\&b" in latex


def test_latex_escapes_everything_special():
    assert escape_latex(r"\_{}") == r"\textbackslash{}\_\{\}"
    assert escape_latex("a_b & 5 % #1 ~^ $") == r"a\_b \& 5 \% \#1 \textasciitilde{}\textasciicircum{} \$"


def test_csv_has_a_row_for_every_figure(compared):
    comparison = json.loads(read(compared[1], "json"))
    rows = list(csv.DictReader(read(compared[1], "csv").splitlines()))
    per_function = len(PRINTED) + 5 + 3 * 4 * LAYERS * HEADS
    assert len(rows) == 3 * per_function
    row = next(row for row in rows if (row["function"], row["measure"]) == ("sparsemax", "bleu"))
    found = comparison["differences"]["sparsemax"]["bleu"]
    assert float(row["difference"]) == found["difference"] and row["mark"] == found["mark"]
    assert float(row["p_joint"]) == found["p"]["joint"]
    assert float(row["p_bootstrap"]) == found["p"]["bootstrap"] and row["runs"] == "3"
    where = ("function", "measure", "kind", "layer", "head")
    (cell,) = (row for row in rows if [row[key] for key in where] == ["softmax", "entropy", "decoder", "1", "2"])
    entropy = comparison["functions"]["softmax"]["attended"]["kinds"]["decoder"]["entropy"]
    assert float(cell["mean"]) == entropy["mean"][1][2]
    assert float(cell["standard_error"]) == entropy["standard_error"][1][2]


def test_the_same_command_gives_the_same_files(runs, compared, compare, tmp_path, monkeypatch):
    prefix = tmp_path / "again"
    assert compare(*runs.values(), "--out", prefix)[0] == 0
    for suffix in ("md", "tex", "csv", "json"):
        assert read(prefix, suffix) == read(compared[1], suffix)
    monkeypatch.setenv("SACREBLEU_SEED", "5")
    assert "random seed 5" in compare(*runs.values())[1]


def test_against_another_function(runs, compare, tmp_path):
    prefix = tmp_path / "t"
    assert compare(*runs.values(), "--against", "sparsemax", "--out", prefix)[0] == 0
    comparison = json.loads(read(prefix, "json"))
    assert list(comparison["functions"])[-1] == "sparsemax"
    better = comparison["differences"]["evsoftmax"]["bleu"]
    assert better["difference"] > 0 and set(better["mark"]) == {"†"}
    assert r"^{\dagger" in read(prefix, "tex") and "joint" in read(prefix, "tex")


def test_identical_systems_are_not_different(runs, compare, tmp_path):
    prefix = tmp_path / "t"
    copies = [f"softmax:{seed}={runs['evsoftmax', seed]}" for seed in SEEDS]
    originals = [runs["evsoftmax", seed] for seed in SEEDS]
    status, printed, _ = compare(*copies, *originals, "--out", prefix)
    found = json.loads(read(prefix, "json"))["differences"]["softmax"]
    assert status == 0 and r"\*\* |" not in printed
    for metric in PRINTED:
        assert set(found[metric]["p"].values()) == {1.0} and found[metric]["mark"] == ""
        assert found[metric]["difference"] == 0 and found[metric]["interval"] == [0, 0]


def test_one_seed_has_no_standard_error(runs, compare, tmp_path):
    prefix = tmp_path / "t"
    status, printed, _ = compare(runs["softmax", 1], runs["evsoftmax", 1], "--out", prefix)
    comparison = json.loads(read(prefix, "json"))
    bleu = next(line for line in printed.splitlines() if line.startswith("| BLEU"))
    assert status == 0 and re.fullmatch(r"\| BLEU( \| \d+\.\d\d){2} \|", bleu)
    assert comparison["functions"]["softmax"]["scores"]["bleu"]["standard_error"] is None
    assert comparison["differences"]["softmax"]["bleu"]["p"]["seeds"] is None
    assert comparison["differences"]["softmax"]["bleu"]["p"]["randomisation"] > 0.05
    assert comparison["differences"]["softmax"]["bleu"]["test"] == "randomisation"
    assert "those of one test, randomisation" in printed
    assert "Seeds are not tested, for there is one: others may give other marks." in printed
    assert compare(runs["softmax", 1], "--against", "softmax")[0] == 0  # a table of one column


def test_the_marks_can_follow_another_test(runs, compare, tmp_path):
    prefix = tmp_path / "t"
    names = [runs[function, 1] for function in ("sparsemax", "evsoftmax")]
    assert compare(*names, "--test", "seeds", "--out", prefix)[0] == 0
    assert json.loads(read(prefix, "json"))["differences"]["sparsemax"]["bleu"]["mark"] == ""
    assert compare(*names, "--test", "bootstrap", "--out", prefix)[0] == 0
    assert json.loads(read(prefix, "json"))["differences"]["sparsemax"]["bleu"]["mark"] == "**"


@pytest.mark.parametrize(
    "difference, p, expected",
    [(-1, 0.05, ""), (-1, 0.049, "*"), (-1, 0.009, "**"), (1, 0.02, "†"), (1, 0.001, "††"), (-1, None, "")],
)
def test_marks(difference, p, expected):
    assert mark(difference, p) == expected


def test_missing_seeds(runs, compare):
    some = [path for run, path in runs.items() if run != ("softmax", 2)]
    status, printed, error = compare(*some)
    assert (status, printed) == (2, "")
    assert error.count("\n") == 1
    partner = f"'evsoftmax.2' in {runs['evsoftmax', 2]}"
    assert f"softmax has no run with seed 2, but evsoftmax has: {partner}" in error
    status, printed, _ = compare(*some, "--missing_seeds")
    assert status == 0 and "| seeds | 1, 3 | 1, 2, 3 | 1, 2, 3 |" in printed


def test_old_scores_without_chrf_statistics_are_compared_in_the_rest(runs, compare, tmp_path):
    old = json.loads(runs["softmax", 1].read_text(encoding="utf-8"))
    del old["systems"][0]["details"]["chrf"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old), encoding="utf-8")
    status, printed, _ = compare(path, runs["evsoftmax", 1], "--out", tmp_path / "t")
    found = json.loads(read(tmp_path / "t", "json"))["differences"]["softmax"]
    assert status == 0 and f"chrF is not tested: {path} lack" in printed.replace("\\_", "_")
    assert found["chrf"]["p"]["randomisation"] is None and found["bleu"]["p"]["randomisation"] is not None
    assert found["chrf"]["difference"] != 0


def test_scores_without_the_union_over_heads_are_compared_in_the_rest(runs, compare, tmp_path):
    """As they were written before it was counted."""
    old = json.loads(runs["softmax", 1].read_text(encoding="utf-8"))
    for unit in ("words", "positions"):
        del old["systems"][0]["attended"][f"{unit}_any_head"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old), encoding="utf-8")
    status, printed, _ = compare(path, runs["evsoftmax", 1], "--out", tmp_path / "t")
    (line,) = (line for line in printed.splitlines() if line.startswith("| attended words, any head |"))
    assert status == 0 and re.fullmatch(r"\| attended words, any head \| - \| [\d.]+ ± [\d.]+ \|", line)
    assert "any head" not in compare(path, "--against", "softmax")[1].split("Attended:")[0]


def test_a_comparison_of_version_1_gets_the_joint_test(runs, compare, tmp_path):
    assert compare(*runs.values(), "--out", tmp_path / "t")[0] == 0
    path = tmp_path / "t.json"
    now = read_comparison(path)
    assert now == json.loads(path.read_text(encoding="utf-8"))
    old = json.loads(path.read_text(encoding="utf-8"))
    old.update(version=1, test="randomisation")
    del old["method"]["joint"]
    for metrics in old["differences"].values():
        for found in metrics.values():
            del found["p"]["joint"], found["test"]
            found["mark"] = "**"
    path.write_text(json.dumps(old), encoding="utf-8")
    upgraded = read_comparison(path)
    assert upgraded["notes"].pop().startswith("The marks were those of randomisation over sentences")
    assert upgraded["differences"] == now["differences"] and upgraded["method"] == now["method"]
    assert upgraded == now


def test_mutated_comparisons_are_refused_or_printed(compared, tmp_path):
    """300 damaged files, of both versions: one clear line that names the file, or tables."""
    text, path, refused = read(compared[1], "json"), tmp_path / "mutated.json", 0
    old = text.replace('"version": 2', '"version": 1').replace('"test": "joint"', '"test": "randomisation"')
    for mutated in (*mutations(text, 200), *mutations(old, 100)):
        path.write_text(mutated, encoding="utf-8")
        try:
            comparison = read_comparison(path)
        except InputError as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error) and str(error).encode("utf-8")
        else:
            tables = to_markdown(comparison) + to_latex(comparison) + to_csv(comparison)
            assert tables.encode("utf-8")
    assert 150 < refused < 300


def test_without_attention_there_are_no_such_rows(tmp_path, compare):
    paths = [score_run(tmp_path, name, 1, translate(name, 0.2), attention=False) for name in ERRORS]
    status, printed, _ = compare(*paths)
    assert status == 0 and "attended words" not in printed


def test_errors_of_the_real_command_are_one_line(runs, tmp_path):
    missing = tmp_path / "none.json"
    result = python("-m", "onmt_evsoftmax", "compare", missing, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"onmt_evsoftmax compare: error: {missing}: no such file\n"


def test_errors_name_the_file_or_the_option(runs, compare, tmp_path):
    one = runs["softmax", 1]
    cases = {
        f"--against evsoftmax: no such function in {one}; known: softmax": (),
        f"softmax with seed 1 twice: 'softmax.1' in {one}": (one,),
        "--samples 0: expected a positive number": ("--against", "softmax", "--samples", "0"),
        "cannot be written": ("--against", "softmax", "--out", tmp_path / ("x" * 300)),
    }
    for message, arguments in cases.items():
        status, _, error = compare(one, *arguments)
        assert status == 2 and message in error and error.count("\n") == 1


def test_scores_that_say_nothing_new_still_read(runs):
    """The keys that `compare` asks `score` for are additions to version 1 of the JSON."""
    report = read_report(runs["softmax", 1])
    assert report["version"] == 1
    assert (report["systems"][0]["function"], report["systems"][0]["seed"]) == ("softmax", 1)


def test_the_writers_need_nothing_but_the_json(compared):
    comparison = json.loads(read(compared[1], "json"))
    assert to_markdown(comparison) == read(compared[1], "md")
    assert to_latex(comparison) == read(compared[1], "tex")


def test_torch_is_not_imported(runs):
    arguments = ["compare", str(runs["softmax", 1]), "--against", "softmax"]
    program = f"import sys; from onmt_evsoftmax.cli import main; main({arguments!r});"
    program += "print('torch' in sys.modules)"
    assert python("-c", program).stdout.endswith("\nFalse\n")


def test_score_wants_a_function_and_a_seed_for_each_file(tmp_path, capsys):
    out = score_run(tmp_path, None, 1, translate(1, 0.2), attention=False)
    assert read_report(out)["systems"][0]["seed"] is None
    hyp, ref = tmp_path / "None.1.hyp", tmp_path / "ref.de"
    assert cli.main(["score", "--hyp", str(hyp), "--ref", str(ref), "--seed", "1", "2"]) == 2
    assert "--seed: 2 for 1 hypothesis files; give one for each" in capsys.readouterr().err


@pytest.mark.parametrize(
    "page, sweep, test",
    [
        ("multi30k.md", "multi30k_ende_sweep", "test_2016_flickr"),
        ("multi30k.md", "multi30k_ende_sweep", "test_2017_flickr"),
        ("iwslt14.md", "iwslt14_small_ende_sweep", "test"),
    ],
)
def test_the_tables_of_the_docs_are_those_of_the_shipped_results(page, sweep, test):
    results = ROOT / "docs" / "results" / sweep
    counts = ("attended words per head", "attended positions per head")
    names = tuple(f"| {name} |" for name in (*PRINTED.values(), *counts))
    lines = results.joinpath(f"{test}.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith(names)]
    documented = results.with_name(page).read_text(encoding="utf-8").splitlines()
    assert len(rows) == 8 and set(rows) <= set(documented)
    scores = json.loads(results.joinpath(f"{test}.json").read_text(encoding="utf-8"))["functions"]
    for function, cell in zip(scores, rows[0].split("|")[2:-1]):
        assert re.match(r" ([\d.]+)", cell)[1] == f"{scores[function]['scores']['bleu']['mean']:.2f}"
