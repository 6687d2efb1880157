"""The benchmark of stacked seeds, at its smallest."""

import json

from scripts.benchmarks import stacked_seeds


def test_both_ways_are_timed_for_every_mapping(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(stacked_seeds, "SIZES", {"small": (64, ["small"])})
    stacked_seeds.main(["--seeds", "2", "--rounds", "3", "--out", str(tmp_path)])
    rows = json.loads((tmp_path / "stacked_seeds.json").read_text())
    assert [row["method"] for row in rows] == ["softmax", "sparsemax", "entmax15", "evsoftmax"]
    assert all(row["stacked"] > 0 and row["one by one"] > 0 for row in rows)
    assert capsys.readouterr().out == (tmp_path / "stacked_seeds.md").read_text()
