"""Scores, texts and archives of a test set: what is read, what is missing, what does not fit."""

from __future__ import annotations

import json
import shutil

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.sweep.folder import read_sweep
from onmt_evsoftmax.sweep.testset import read_test_set

from .sweeps import (
    NASTY,
    call,
    hypothesis_lines,
    reference_lines,
    source_lines,
    write_attention,
    write_settings,
)


def read(folder, test="test_one", **options):
    return read_test_set(read_sweep(folder), test, **options)


def test_a_complete_sweep(sweep):
    test = read(sweep)
    assert test.missing == [] and test.size == 12 and test.seed == 1
    assert test.references == reference_lines("test_one")
    assert test.sources[0] == source_lines("test_one")[0].replace("@@ ", "")
    for name, shown in test.shown.items():
        assert shown.hypotheses == hypothesis_lines("test_one", name, 1)
        scores = json.loads((sweep / f"{name}.1" / "test_one.json").read_text())["systems"][0]["sentence_scores"]
        assert list(shown.bleu) == scores["bleu"]
    assert test.comparison == json.loads((sweep / "test_one.json").read_text())
    assert read(sweep, seed=2).shown["evsoftmax"].hypotheses == hypothesis_lines("test_one", "evsoftmax", 2)


def test_the_shown_seed_is_the_one_with_most_archives(own_sweep):
    (own_sweep / "softmax.1" / "test_one.npz").unlink()
    write_settings(own_sweep, keep_archives=[2])
    test = read(own_sweep)
    assert test.seed == 2 and len(test.models) == 3 and test.missing == []
    write_settings(own_sweep)
    test = read(own_sweep, seed=1)
    assert list(test.models) == ["posthoc_evidential", "evsoftmax"]
    (part,) = test.missing
    assert "softmax.1 has no attention archive" in part.text and part.command.startswith("onmt_evsoftmax attend")


def test_without_a_stored_comparison_it_is_computed(own_sweep):
    stored = json.loads((own_sweep / "test_one.json").read_text())
    (own_sweep / "test_one.json").unlink()
    computed = read(own_sweep).comparison
    assert computed["functions"] == json.loads(
        json.dumps(
            {
                name: {**summary, "runs": computed["functions"][name]["runs"]}
                for name, summary in stored["functions"].items()
            }
        )
    )
    assert {
        name: {metric: found["difference"] for metric, found in metrics.items()}
        for name, metrics in computed["differences"].items()
    } == {
        name: {metric: found["difference"] for metric, found in metrics.items()}
        for name, metrics in stored["differences"].items()
    }


def test_a_comparison_of_other_runs_is_computed_anew(own_sweep):
    shutil.rmtree(own_sweep / "evsoftmax.2")
    comparison = read(own_sweep).comparison
    assert comparison["functions"]["evsoftmax"]["seeds"] == [1]
    assert comparison["differences"]["softmax"]["bleu"]["seeds"] == [1]
    assert any("computed anew" in note for note in comparison["notes"])


def test_a_comparison_of_older_scores_is_computed_anew(own_sweep):
    path = own_sweep / "test_one.json"
    stored = json.loads(path.read_text())
    stored["functions"]["softmax"]["scores"]["bleu"]["values"][0] += 1
    path.write_text(json.dumps(stored))
    values = read(own_sweep).comparison["functions"]["softmax"]["scores"]["bleu"]["values"]
    assert values[0] == stored["functions"]["softmax"]["scores"]["bleu"]["values"][0] - 1


def test_a_function_taken_out_of_the_settings_leaves_the_table(own_sweep):
    """As `compare` has it, which the sweep calls with the functions of the settings."""
    write_settings(own_sweep, functions=["softmax", "evsoftmax"])
    runs = ("softmax.1", "softmax.2", "evsoftmax.1", "evsoftmax.2")
    scores = [own_sweep / run / "test_one.json" for run in runs]
    assert call("compare", *scores, "--samples", 50, "--trials", 100, "--out", own_sweep / "test_one") == 0
    test = read(own_sweep)
    assert test.comparison == json.loads((own_sweep / "test_one.json").read_text())
    assert list(test.groups) == list(test.shown) == ["softmax", "evsoftmax"]


def test_stray_files_change_nothing(sweep, own_sweep):
    shutil.copy(own_sweep / "evsoftmax.1" / "test_one.hyp", own_sweep / "evsoftmax.1" / "beam1.hyp")
    (own_sweep / "evsoftmax.1" / "notes.json").write_text("[]")
    (own_sweep / "evsoftmax.01").mkdir()
    assert read_sweep(own_sweep).tests == read_sweep(sweep).tests
    assert read(own_sweep).comparison == read(sweep).comparison


def test_a_file_of_the_sweep_where_a_comparison_belongs_is_one_clear_line(own_sweep):
    """A test set called like a file of the folder."""
    (own_sweep / "settings.yaml").unlink()
    for path in own_sweep.glob("*.*/test_one.*"):
        path.rename(path.with_name(f"versions{path.suffix}"))
    with pytest.raises(InputError, match="versions.json: not a comparison.*another name") as error:
        read(own_sweep, "versions")
    assert "\n" not in str(error.value)


def test_functions_without_a_shared_seed_are_left_out_and_named(own_sweep):
    shutil.rmtree(own_sweep / "evsoftmax.2")
    shutil.rmtree(own_sweep / "softmax.1")
    comparison = read(own_sweep).comparison
    assert list(comparison["functions"]) == ["posthoc_evidential", "evsoftmax"]
    assert any(note.startswith("softmax is left out") for note in comparison["notes"])


def test_an_unfinished_sweep(own_sweep):
    for run in own_sweep.glob("*.*/"):
        if run.is_dir() and run.name.startswith("evsoftmax"):
            for file in run.glob("test_one.*"):
                file.unlink()
    (own_sweep / "softmax.1" / "test_one.json").unlink()
    (own_sweep / "test_one.json").unlink()
    test = read(own_sweep)
    texts = [part.text for part in test.missing]
    assert "evsoftmax.1 has not translated test_one (yet)." in texts
    assert "softmax.1 is not scored on test_one (yet)." in texts
    commands = {part.text: part.command for part in test.missing}
    assert "--function softmax --seed 1" in commands["softmax.1 is not scored on test_one (yet)."]
    assert test.comparison["against"] == "posthoc_evidential"  # ev-softmax has not run yet
    assert test.shown["softmax"].bleu is None and test.shown["softmax"].hypotheses


def test_nothing_is_scored_yet(own_sweep):
    for path in [*own_sweep.glob("*.*/*.json"), *own_sweep.glob("test_*.json")]:
        path.unlink()
    test = read(own_sweep)
    assert test.comparison is None and test.references is None and test.size == 12
    assert len(test.models) == 3


def test_the_reference_is_looked_for_above_the_sweep_and_must_be_the_same(own_sweep, monkeypatch, tmp_path):
    for path in own_sweep.glob("*.*/test_one.json"):
        report = json.loads(path.read_text())
        report["reference"]["path"] = "data/ref.de"
        path.write_text(json.dumps(report))
    (tmp_path / "data").mkdir()
    shutil.copy(own_sweep / "test_one.ref", tmp_path / "data" / "ref.de")
    assert read(own_sweep).references[2] == NASTY
    (tmp_path / "data" / "ref.de").write_text("changed\n")
    test = read(own_sweep)
    assert test.references is None and "has changed" in test.missing[0].text
    (tmp_path / "data" / "ref.de").unlink()
    assert "is not there" in read(own_sweep).missing[0].text


def damage(path, change):
    report = json.loads(path.read_text())
    change(report)
    path.write_text(json.dumps(report))


@pytest.mark.parametrize(
    "name, change, message",
    [
        (
            "evsoftmax.1/test_one.json",
            lambda r: r["systems"][0].update(function="softmax"),
            "scores of softmax, but lie in",
        ),
        ("evsoftmax.1/test_one.json", lambda r: r["systems"][0].update(seed=7), "scores of 7, but lie in"),
        ("evsoftmax.1/test_one.json", lambda r: r.update(systems=[]), "damaged scores"),
        ("evsoftmax.1/test_one.json", lambda r: r["systems"][0].pop("scores"), "damaged scores"),
        (
            "evsoftmax.1/test_one.json",
            lambda r: r["systems"][0]["hypothesis"].update(sha256="0"),
            "is not what .* scored",
        ),
        ("test_one.json", lambda r: r.update(version=0), "not a comparison"),
        ("test_one.json", lambda r: r.pop("differences"), "lacks differences"),
        ("test_one.json", lambda r: r["functions"]["softmax"].pop("seeds"), "test_one.json: damaged"),
    ],
)
def test_scores_that_do_not_belong_are_named(own_sweep, name, change, message):
    damage(own_sweep / name, change)
    with pytest.raises(InputError, match=message) as error:
        read(own_sweep)
    assert str(own_sweep) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["evsoftmax.1/test_one.json", "test_one.json", "evsoftmax.1/test_one.npz"])
def test_damaged_files_are_named(own_sweep, name):
    (own_sweep / name).write_bytes((own_sweep / name).read_bytes()[:100])
    with pytest.raises(InputError, match=name):
        read(own_sweep)


def test_the_archive_of_another_hypothesis_is_refused(own_sweep):
    run = own_sweep / "evsoftmax.1"
    other = hypothesis_lines("test_one", "softmax", 2)
    write_attention(run / "test_one.npz", "evsoftmax", source_lines("test_one"), other[:-1], 1)
    with pytest.raises(InputError, match="test_one.npz.*holds 11 sentences"):
        read(own_sweep)
    write_attention(run / "test_one.npz", "evsoftmax", source_lines("test_one"), other, 1)
    with pytest.raises(InputError, match="test_one.npz: sentence . is not line"):
        read(own_sweep)
