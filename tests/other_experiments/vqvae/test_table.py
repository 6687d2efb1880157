"""Table 3 of finished runs: means, errors, K during training, what is left out."""

import json

import pytest
import yaml

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.plots import METHODS, PRINTED
from other_experiments.vqvae import table
from other_experiments.vqvae.runs import codes, grouped, unfinished

from .conftest import support_of


def cells(text, heading, *keys):
    """Column -> cell, of the line that begins with these keys in the table under a heading."""
    lines = text.partition(f"## {heading}\n")[2].partition("## ")[0].strip().splitlines()
    header, _, *rows = ([cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line[:1] == "|")
    (row,) = (row for row in rows if tuple(row[: len(keys)]) == keys)
    return dict(zip(header, row))


@pytest.fixture
def text(runs):
    return table.markdown(grouped(runs), codes(runs), unfinished(runs))


def test_accuracies_are_means_with_errors_over_seeds_and_images(text):
    row = cells(text, "Accuracy of the judge", "live", "ev-softmax")
    # seeds 1 and 2: 22 and 24 %, so 1 is the standard error; of 400 images each: sqrt(.22 .78 / 400) and so on
    assert row["top-5 %"] == "23.0 ± 1.0"
    assert "| 23.0 ± 1.0 | 1.5 | 43.6 ± 0.3 |" in text
    assert row["K"] == "14.0 ± 0.0" and row["seeds"] == "2"
    real = cells(text, "Accuracy of the judge", "collapsed", "real test images")
    assert (real["seeds"], real["top-5 %"]) == ("1", "45.0")
    assert cells(text, "Accuracy of the judge", "live", "their reconstructions")["top-5 %"] == "30.0 ± 0.0"


def test_every_method_stands_beside_the_papers_in_its_order(text):
    assert list(table.PAPER) == list(METHODS)
    printed = [PRINTED[method] for method in METHODS]
    for codebook in ("live", "collapsed"):
        rows = [line.split(" | ")[1] for line in text.splitlines() if line.startswith(f"| {codebook} | ")]
        assert [row for row in rows if row in printed] == printed * 3  # accuracy, support, bits


def test_digits_do_not_stand_beside_the_papers_images(runs):
    for file in runs.glob("*/*/config.yaml"):
        file.write_text(file.read_text().replace("tinyimagenet", "digits"))
    assert "43.6" not in table.markdown(grouped(runs), codes(runs))


def test_support_is_shown_over_the_training(text):
    row = cells(text, "Support", "collapsed", "ev-softmax")
    for step in (0, 10, 100):
        assert row[f"K, step {step}"] == f"{support_of('evsoftmax', 6, step):.1f} ± 0.0"
    assert row["K, step 1000"] == "" and row["last"] == f"{support_of('evsoftmax', 6, 800):.1f} ± 0.0"
    assert row["codes in use"] == "6 ± 0" and row["outside %"] == "1.23 ± 0.00" and row["died"] == "0 of 2"
    assert cells(text, "Support", "live", "sparsemax")["died"] == "1 of 2"
    assert cells(text, "Bits per code", "live", "softmax")["own"] == "5.450 ± 0.050"


def test_autoencoders_without_priors_have_a_row_and_unfinished_runs_are_named(text, runs):
    assert cells(text, "Codebooks", "kmeans")["codes in use"] == "12"
    assert cells(text, "Codebooks", "live")["seeds"] == "3"
    assert f"{runs / 'live' / 'seed-3'}: not through" in text and "kmeans/seed-1: not" not in text


def test_tables_are_written_with_all_results(runs, tmp_path, capsys):
    table.main([str(runs), "--out", str(tmp_path / "table3")])
    assert (tmp_path / "table3.md").read_text() == capsys.readouterr().out
    report = json.loads((tmp_path / "table3.json").read_text())
    assert [(run["codebook"], run["seed"]) for run in report] == [
        ("collapsed", 1), ("collapsed", 2), ("live", 1), ("live", 2),
    ]  # fmt: skip
    assert report[0]["support"]["evsoftmax"][0]["K"] == 32


def test_runs_of_other_settings_are_refused(runs):
    file = runs / "live" / "seed-2" / "config.yaml"
    config = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**config, "prior": {"epochs": 5}}))
    with pytest.raises(InputError, match="live/seed-2: its prior differ"):
        grouped(runs)


@pytest.mark.parametrize("place", ["results.json", "priors/evsoftmax-lr0.001/log.jsonl", "codes/results.json"])
def test_damaged_results_are_named(runs, place):
    (runs / "live" / "seed-1" / place).write_text("{}\n")
    with pytest.raises(InputError, match="live"):
        table.main([str(runs)])


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(InputError, match="no run that is through"):
        table.main([str(tmp_path)])
