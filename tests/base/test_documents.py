"""JSON and YAML of unknown origin: plain values, or one line that names the file."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.base.documents import check_keys, check_type, parse_json, read_json, read_yaml, write_json
from onmt_evsoftmax.base.errors import InputError


def refused(reader, path, text, message):
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    with pytest.raises(InputError, match=message) as caught:
        reader(path, "make it again")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", r"not readable JSON \(Expecting value.*make it again"),
        ("[1, 2", "not readable JSON"),
        ("[" * 200_000, "nested too deeply"),
        ('{"a":' * 200_000, "nested too deeply"),
        ('{"a": NaN}', "NaN is no number of JSON"),
        ("[-Infinity]", "-Infinity is no number"),
        ("1e999", "the number 1e999 is too large"),
        ("1" * 5000, "not readable JSON"),
        ('["\\ud800"]', "half of a surrogate pair"),
        (b'["\xff"]', r"not UTF-8 \(byte 2\); make it again"),
    ],
)
def test_json_that_is_refused(tmp_path, text, message):
    refused(read_json, tmp_path / "a.json", text, message)


@pytest.mark.parametrize(
    "text, message",
    [
        ("a: [1", "not readable YAML"),
        ("[" * 3000 + "]" * 3000, "nested too deeply"),
        ("&a [1, *a]", "holds itself"),
        ("a: &b {c: {d: *b}}", "holds itself"),
        ("!!bool x", r"not readable YAML \('x'\)"),
        ("!!timestamp x", "not readable YAML"),
        ("!!float ''", "not readable YAML"),
        ("2020-99-99", "month must be in"),
        ("!!python/object/apply:os.system [touch owned]", "could not determine a constructor"),
        (b"\xff\xff", "not UTF-8"),
    ],
)
def test_yaml_that_is_refused(tmp_path, text, message):
    refused(read_yaml, tmp_path / "a.yaml", text, message)
    assert not (tmp_path / "owned").exists()


def test_good_documents(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1, 2.5, "\\ud83d\\ude00 \\\\ud800"], "b": null}', encoding="utf-8")
    assert read_json(tmp_path / "a.json", "") == {"a": [1, 2.5, "\U0001f600 \\ud800"], "b": None}
    assert str(parse_json("[NaN, 1e999]", "", "", finite=False)) == "[nan, inf]"
    (tmp_path / "a.yaml").write_text("a: &x [1, 2]\nb: *x\n")
    assert read_yaml(tmp_path / "a.yaml", "") == {"a": [1, 2], "b": [1, 2]}


def test_many_names_for_one_value_take_no_time(tmp_path):
    """A list of ten of a list of ten of ..., twenty deep, is short and has 1e20 entries."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 21))]
    (tmp_path / "a.yaml").write_text("\n".join(lines))
    assert len(read_yaml(tmp_path / "a.yaml", "")) == 21


def test_files_that_cannot_be_read(tmp_path):
    for reader in (read_json, read_yaml):
        with pytest.raises(InputError, match="absent: no such file"):
            reader(tmp_path / "absent", "")
        with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
            reader(tmp_path, "")


def test_numbers_are_written_as_people_write_them(tmp_path):
    (tmp_path / "a.yaml").write_text("{a: 1e-3, b: -2.5E3, c: '1e3', d: 1e}")
    assert read_yaml(tmp_path / "a.yaml", "") == {"a": 1e-3, "b": -2500.0, "c": "1e3", "d": "1e"}


def test_a_key_that_is_there_twice_is_refused_and_a_merged_one_is_not(tmp_path):
    (tmp_path / "a.yaml").write_text("a: {b: 1, c: 2, b: 3}")
    with pytest.raises(InputError, match="a.yaml: not readable YAML .the key b is there twice"):
        read_yaml(tmp_path / "a.yaml", "")
    (tmp_path / "a.yaml").write_text("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}")
    assert read_yaml(tmp_path / "a.yaml", "")["d"] == {"b": 3, "c": 2}


def test_written_json_is_read_back(tmp_path):
    write_json(tmp_path / "new" / "a.json", {"a": [1, 0.5, None]})
    assert read_json(tmp_path / "new" / "a.json", "") == {"a": [1, 0.5, None]}


def test_an_unknown_key_comes_with_the_one_that_was_meant():
    check_keys({"rate": 1}, {"rate": 0, "epochs": 0}, "f.yaml")
    for document, message in (
        ({"epoch": 1}, "f.yaml: unknown key model.epoch; did you mean model.epochs?"),
        ({7: 1}, "f.yaml: unknown key model.7; known: rate, epochs"),
        ([1], "f.yaml: model must hold keys and values, found [1]"),
    ):
        with pytest.raises(InputError) as error:
            check_keys(document, ("rate", "epochs"), "f.yaml", "model.")
        assert str(error.value) == message


def test_a_value_of_another_type_is_named():
    assert check_type(3, float, "rate") == 3.0 and type(check_type(3, float, "rate")) is float
    for value, kind in ((True, int), (1.5, int), ("1", float), (None, str), ((), list)):
        with pytest.raises(InputError, match="f.yaml: rate must be .*, found "):
            check_type(value, kind, "f.yaml: rate")
