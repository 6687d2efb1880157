"""Means and their errors, and tables as files."""

import json

from pytest import approx

from other_experiments.common.tables import mean_and_error, spread, standard_error, table, write_tables


def test_spread_is_the_sample_standard_deviation():
    assert spread([1.0, 3.0]) == "2.000 ± 1.414"
    assert spread([1.0], 1) == "1.0"


def test_the_error_of_a_mean_needs_two_values():
    assert standard_error([95.0, 96.0, 97.0]) == approx(1 / 3**0.5)
    assert standard_error([95.0]) is None
    assert mean_and_error([95.0, 96.0, 97.0]) == "96.00 ± 0.58"
    assert mean_and_error([95.0], 1) == "95.0"


def test_a_table_is_markdown_beside_json(tmp_path):
    text = table(("a", "b"), [(1, "x"), (2.5, "")])
    assert text == "| a | b |\n|---|---|\n| 1 | x |\n| 2.5 |  |\n"
    write_tables(tmp_path / "new" / "results", text, {"rows": [1]})
    assert (tmp_path / "new" / "results.md").read_text() == text
    assert json.loads((tmp_path / "new" / "results.json").read_text()) == {"rows": [1]}
