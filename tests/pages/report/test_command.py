"""``onmt_evsoftmax report`` as a user types it: what the page holds, its size, its bytes, its errors."""

from __future__ import annotations

import html
import json
import re
import shutil

import numpy as np
import pytest

from onmt_evsoftmax.cli import main
from onmt_evsoftmax.pages.report.page import Limits, write_page
from onmt_evsoftmax.sweep.folder import read_sweep
from onmt_evsoftmax.sweep.testset import read_test_set

from .sweeps import NASTY, TESTS


def report(folder, *options):
    return main(["report", str(folder), *map(str, options)])


def embedded(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def section(page, name):
    return re.search(rf'<section id="{name}".*?</section>', page, re.S)[0]


@pytest.fixture(scope="module")
def page(sweep, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "report.html"
    assert report(sweep, "--out", out) == 0
    return out.read_text(encoding="utf-8")


def test_the_table_is_that_of_the_comparison(sweep, page):
    scores = html.unescape(re.sub("<[^>]+>", " ", section(page, "scores")))
    for test in TESTS:
        comparison = json.loads((sweep / f"{test}.json").read_text())
        for summary in comparison["functions"].values():
            bleu = summary["scores"]["bleu"]
            assert f"{bleu['mean']:.2f} ± {bleu['standard_error']:.2f}" in " ".join(scores.split())
    assert "* and **: ev-softmax is better with p < 0.05" in scores


def test_marks_and_means_come_out_of_the_file(own_sweep, tmp_path):
    path = own_sweep / "test_one.json"
    comparison = json.loads(path.read_text())
    comparison["functions"]["softmax"]["scores"]["bleu"].update(mean=12.345678, standard_error=None)
    comparison["differences"]["softmax"]["bleu"]["mark"] = "**"
    path.write_text(json.dumps(comparison))
    assert report(own_sweep) == 0
    table = section((own_sweep / "report.html").read_text(encoding="utf-8"), "scores")
    assert "<td>12.35<sup>**</sup></td>" in table


def test_nothing_is_loaded_and_the_same_folder_gives_the_same_bytes(sweep, page, tmp_path):
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!data:|#)[^"'\s]""", re.sub("<dd>.*?</dd>", "", page))
    assert "@import" not in page and "url(" not in page
    assert report(sweep, "--out", tmp_path / "again.html") == 0
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_text_of_corpora_is_escaped(page):
    data = embedded(page)
    assert data["tests"][0]["sentences"][2]["reference"] == NASTY
    assert page.count("<script>window.owned") == 0
    assert page.count("</script>") == page.count("<script")
    assert "# &lt;b&gt;" in page and "&lt;i&gt;" in page


def test_megabytes_limit_the_page_and_the_best_and_worst_go_in_first(sweep, tmp_path, capsys):
    out = tmp_path / "report.html"
    ends = []
    for megabytes in (0.001, 25):
        assert report(sweep, "--out", out, "--megabytes", megabytes, "--examples", 2) == 0
        ends.append(out.stat().st_size / 1e6)
    capsys.readouterr()
    sizes = []
    for megabytes in (0.001, *np.quantile(ends, (0.3, 0.6, 0.85)), 25):
        assert report(sweep, "--out", out, "--megabytes", megabytes, "--examples", 2) == 0
        page = out.read_text(encoding="utf-8")
        tests = embedded(page)["tests"]
        numbers = [sentence["number"] for sentence in tests[0]["sentences"]]
        sizes.append(len(numbers))
        assert numbers == sorted(numbers)
        if numbers:
            assert out.stat().st_size <= megabytes * 1e6
        assert f"{len(numbers)} of 12 sentences of test_one" in capsys.readouterr().out
        examples = re.findall(r"<span>sentence (\d+)</span>", section(page, "sentences"))[:4]
        opened = re.findall(r'data-test="test_one" data-sentence="(\d+)">Show', page)
        assert set(opened) == {number for number in examples if int(number) in numbers}
        if len(numbers) > 4:
            assert set(examples) <= set(map(str, numbers))
        assert ("onmt_evsoftmax heatmap" in page) == (len(numbers) < 12)
    assert sizes == sorted(sizes) and sizes[0] == 0 and sizes[-1] == 12 and len(set(sizes)) >= 4


def test_sentences_limit_each_test_set(sweep, tmp_path):
    assert report(sweep, "--out", tmp_path / "page.html", "--sentences", 3) == 0
    tests = embedded((tmp_path / "page.html").read_text(encoding="utf-8"))["tests"]
    assert [len(test["sentences"]) for test in tests] == [3, 3]


def test_without_archives_logs_settings_and_scores_the_page_says_what_is_missing(own_sweep):
    for path in [
        *own_sweep.rglob("*.npz"),
        *own_sweep.rglob("*.log"),
        *own_sweep.rglob("*.json"),
        own_sweep / "settings.yaml",
    ]:
        path.unlink()
    assert report(own_sweep) == 0
    page = (own_sweep / "report.html").read_text(encoding="utf-8")
    scores = html.unescape(section(page, "scores"))
    assert "No run is scored on this test set yet." in scores
    for command in (
        "onmt_evsoftmax attend --model",
        "onmt_evsoftmax score --hyp",
        "onmt_evsoftmax sweep configs/sweeps/NAME.yaml",
    ):
        assert command in scores
    assert "--self_attn_function posthoc_evidential" in scores
    assert "no attention archive of seed 1" in section(page, "viewer")


def test_an_empty_run_is_a_page_too(tmp_path):
    (tmp_path / "evsoftmax.1").mkdir()
    assert report(tmp_path) == 0
    assert "No test set is translated (yet)." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_killed_run_leaves_the_old_page(own_sweep, monkeypatch):
    sweep = read_sweep(own_sweep)
    (own_sweep / "report.html").write_text("old")
    tests = [read_test_set(sweep, name) for name in sweep.tests]

    def stop(_text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_page(sweep, tests, own_sweep / "report.html", Limits(), stop)
    assert (own_sweep / "report.html").read_text() == "old"


@pytest.mark.parametrize(
    "options, message",
    [
        (["--seed", 9], "--seed 9: .* holds no run"),
        (["--megabytes", 0], "--megabytes 0.0: expected"),
        (["--megabytes", "nan"], "--megabytes nan: expected"),
        (["--sentences", -1], "--sentences -1: expected"),
        (["--out", "FOLDER/settings.yaml/page.html"], "page.html: cannot be written"),
    ],
)
def test_bad_options_are_one_line(sweep, capsys, options, message):
    options = [str(option).replace("FOLDER", str(sweep)) for option in options]
    assert report(sweep, *options) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and re.search(message, error)


def test_bad_folders_are_one_line(own_sweep, tmp_path, capsys):
    log = own_sweep / "softmax.1" / "train.log"
    archive = own_sweep / "evsoftmax.1" / "test_one.npz"
    shutil.copy(own_sweep / "evsoftmax.2" / "test_one.npz", archive)
    for folder, message in (
        (tmp_path / "none", "no such folder"),
        (log.parent, "holds no run"),
        (own_sweep, "test_one.npz: sentence"),
    ):
        assert report(folder) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and message in error
