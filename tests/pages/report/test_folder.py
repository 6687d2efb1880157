"""Finding the runs of a sweep, and refusing what is none."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.base.catalogue import SPARE_LINES
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.sweep.folder import read_sweep
from onmt_evsoftmax.sweep.missing import missing_files, missing_parts

from .sweeps import SEEDS, TESTS, settings_of, write_settings


def test_runs_are_in_the_order_of_the_tables(sweep):
    found = read_sweep(sweep)
    assert found.functions == ["softmax", "posthoc_evidential", "evsoftmax"]
    assert [run.seed for run in found.runs if run.function == "softmax"] == list(SEEDS)
    assert found.tests == list(TESTS)
    assert found.versions["torch"] == "2.13.0" and missing_files(found) == []


def test_seeds_are_sorted_as_numbers(tmp_path):
    for name in ("evsoftmax.10", "evsoftmax.2", "logs", "evsoftmax.old", "unknown.1"):
        (tmp_path / name).mkdir()
    assert [run.path.name for run in read_sweep(tmp_path).runs] == ["evsoftmax.2", "evsoftmax.10"]


def test_a_function_that_is_not_registered_any_more_is_a_run(tmp_path):
    for name in ("evsoftmax.1", "gone.1", "away.1", "no_run.1"):
        (tmp_path / name).mkdir()
    (tmp_path / "gone.1" / "train.log").touch()
    (tmp_path / "away.1" / "test.hyp").touch()
    found = read_sweep(tmp_path)
    assert found.functions == ["away", "gone", "evsoftmax"]
    away, gone, evsoftmax = found.described.values()
    assert (gone.printed_name, gone.is_trained, evsoftmax.printed_name) == ("gone", True, "ev-softmax")
    assert {away.line, gone.line} < set(SPARE_LINES) and away.line != gone.line
    for run in found.runs:
        missing_parts(found, run, "test", 1)


def test_no_folder_and_no_sweep(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        read_sweep(tmp_path / "missing")
    with pytest.raises(InputError, match="holds no run.*evsoftmax.1"):
        read_sweep(tmp_path)


@pytest.mark.parametrize(
    "name, content",
    [
        ("versions.json", b"{"),
        ("versions.json", b"[1]"),
        ("settings.yaml", b"a: [1"),
        ("settings.yaml", b"\xff\xfe\xff"),
    ],
)
def test_damaged_settings_and_versions_are_named(own_sweep, name, content):
    (own_sweep / name).write_bytes(content)
    with pytest.raises(InputError, match=name) as error:
        read_sweep(own_sweep)
    assert "\n" not in str(error.value)


def test_settings_and_versions_may_be_missing(own_sweep):
    for name in ("settings.yaml", "versions.json"):
        (own_sweep / name).unlink()
    found = read_sweep(own_sweep)
    assert found.settings is None and found.versions is None
    assert [part.text.split()[0] for part in missing_files(found)] == ["settings.yaml", "versions.json"]


@pytest.mark.parametrize(
    "key, value",
    [
        ("functions", ["softmax", "../unknown"]),
        ("functions", "softmax"),
        ("seeds", [1, "two"]),
        ("seeds", []),
        ("tests", []),
        ("tests", [{"name": "test_one", "src": "a.en"}]),
        ("tests", [{"name": "../one", "src": "a.en", "reference": "a.de"}]),
        ("tests", ["test_one"]),
        ("out", None),
        ("attend", "yes"),
        ("keep_archives", 1),
        ("translate", [5]),
    ],
)
def test_odd_settings_count_as_none_and_are_noted(own_sweep, key, value):
    write_settings(own_sweep, **{key: value})
    found = read_sweep(own_sweep)
    assert found.plan is None and len(found.runs) == 6 and found.tests == list(TESTS)
    (part,) = missing_files(found)
    assert part.text.startswith("settings.yaml: ") and key in part.text and "shows whatever" in part.text


@pytest.mark.parametrize("text", ["", "- softmax\n", "functions: [softmax]\n"])
def test_settings_without_the_keys_of_a_sweep(own_sweep, text):
    (own_sweep / "settings.yaml").write_text(text)
    found = read_sweep(own_sweep)
    assert found.plan is None and len(missing_files(found)) == 1 and found.settings == text


def test_only_what_the_settings_ask_for_counts(own_sweep):
    write_settings(
        own_sweep,
        functions=["softmax", "evsoftmax"],
        seeds=[2],
        keep_archives=[2],
        tests=settings_of(own_sweep)["tests"][:1],
    )
    found = read_sweep(own_sweep)
    assert [run.path.name for run in found.runs] == ["softmax.2", "evsoftmax.2"]
    assert found.tests == ["test_one"] and missing_files(found) == []
