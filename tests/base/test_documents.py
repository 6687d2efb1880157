"""JSON and YAML of unknown origin: plain values, or one line that names the file."""

from __future__ import annotations

import pytest
import yaml

from onmt_evsoftmax.base.documents import parse_json, read_json, read_yaml
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


def test_the_loader_is_the_one_that_was_asked_for(tmp_path):
    class Loader(yaml.SafeLoader):
        """Has a tag of its own."""

    Loader.add_constructor("!own", lambda loader, node: "own")
    (tmp_path / "a.yaml").write_text("!own x")
    assert read_yaml(tmp_path / "a.yaml", "", Loader) == "own"
