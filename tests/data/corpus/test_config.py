"""Every wrong config is refused with the key, the file and a way out."""

from __future__ import annotations

import pytest
import yaml

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.data.corpus.config import SourceFile, read_config

PAIR = {"src": "a.en", "tgt": "a.de"}
MINIMAL = {"name": "x", "src_lang": "en", "tgt_lang": "de", "data": {"train": PAIR}}


def written(tmp_path, document) -> str:
    path = tmp_path / "c.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return str(path)


def test_defaults(tmp_path):
    config = read_config(written(tmp_path, MINIMAL))
    assert config.folder.as_posix() == "data/prepared/x"
    assert config.data["train"].src == (SourceFile("a.en"),)
    assert config.segment.used == {"method": "bpe", "merges": 8000}


def test_nested_sections_are_read(tmp_path):
    sides = {"src": {"file": "a.en", "sha256": "0" * 64}, "tgt": "a.de"}
    changes = {"data": {"train": sides}, "filter": {"max_ratio": 3}, "segment": {"method": "none"}}
    config = read_config(written(tmp_path, {**MINIMAL, **changes}))
    assert config.data["train"].src[0].sha256 == "0" * 64
    assert config.filter.max_ratio == 3.0 and config.filter.max_length == 100
    assert config.segment.used == {"method": "none"}


def test_settings_leave_out_what_the_method_does_not_read(tmp_path):
    bpe = read_config(written(tmp_path, {**MINIMAL, "segment": {"method": "bpe", "vocab_size": 99}}))
    assert bpe.settings()["segment"] == {"method": "bpe", "merges": 8000}


def test_a_given_model_has_its_own_size(tmp_path):
    given = {"method": "sentencepiece", "model": "wmt.model"}
    config = read_config(written(tmp_path, {**MINIMAL, "segment": {**given, "vocab_size": 99}}))
    assert config.settings()["segment"] == given


def test_several_files_make_up_a_side(tmp_path):
    sides = {"src": ["a.en", {"file": "b.en", "sha256": "0" * 64}], "tgt": ["a.de", "b.de"]}
    config = read_config(written(tmp_path, {**MINIMAL, "data": {"train": sides}}))
    assert config.data["train"].src == (SourceFile("a.en"), SourceFile("b.en", "0" * 64))


def test_settings_leave_out_places(tmp_path):
    here = read_config(written(tmp_path, {**MINIMAL, "out": "here", "downloads": "here"}))
    there = read_config(written(tmp_path, {**MINIMAL, "out": "there", "downloads": "there"}))
    assert here.settings() == there.settings()


@pytest.mark.parametrize(
    "change, message",
    [
        ({"lower_case": True}, "unknown key lower_case; did you mean lowercase?"),
        ({"zzz": 1}, "unknown key zzz; known: name"),
        ({"filter": {"max_len": 5}}, "unknown key filter.max_len; did you mean filter.max_length?"),
        ({"segment": {"merge": 5}}, "unknown key segment.merge; did you mean segment.merges?"),
        ({"lowercase": "yes please"}, "lowercase must be true or false, found 'yes please'"),
        ({"segment": {"merges": True}}, "segment.merges must be a whole number, found True"),
        ({"segment": {"merges": 0}}, "segment.merges must be at least 1, found 0"),
        ({"segment": {"method": "x"}}, "segment.method must be one of bpe, sentencepiece, none; found 'x'"),
        ({"filter": {"max_ratio": "2"}}, "filter.max_ratio must be a number, found '2'"),
        ({"filter": {"max_ratio": float("nan")}}, "filter.max_ratio must be at least 1"),
        ({"filter": {"min_length": 9, "max_length": 8}}, "filter.min_length is greater than filter.max_length"),
        ({"filter": [1]}, "filter must hold keys and values, found [1]"),
        ({"tokenize": None}, "tokenize must be a string, found None"),
        ({"name": "../up"}, "name: '../up' may hold only letters"),
        ({"src_lang": False}, "src_lang must be a string, found False"),
        ({"tgt_lang": "en"}, "src_lang and tgt_lang are both en"),
        ({"data": {"valid": PAIR}}, "data must map names of splits to files, and one must be called train"),
        ({"data": {"train": {"src": "a"}}}, "the key data.train.tgt is missing"),
        ({"data": {"train": {"src": "a", "tgt": "b", "align": "c"}}}, "unknown key data.train.align"),
        ({"data": {"train": {"src": "a", "tgt": 5}}}, "data.train.tgt must hold keys and values, found 5"),
        ({"data": {"train": {**PAIR, "src": {"file": "a", "sha256": "12"}}}}, "data.train.src.sha256 must be 64"),
        ({"data": {"train": {"src": [], "tgt": []}}}, "data.train.src is an empty list"),
        ({"data": {"train": {"src": ["a", "b"], "tgt": "c"}}}, "data.train: src names 2 file(s) but tgt 1"),
        ({"data": {"train": {**PAIR, "src": ["a", {"path": "b"}]}}}, "unknown key data.train.src[1].path"),
        ({"segment": {"method": "none", "model": "m"}}, "segment.model is given, but segment.method is none"),
        ({"normalize": {"detokenize": True}}, "normalize.detokenize must be a string"),
        ({"data": {"train": PAIR, "a.b": PAIR}}, "data.a.b: 'a.b' may hold only"),
    ],
)
def test_bad_values(tmp_path, change, message):
    path = written(tmp_path, {**MINIMAL, **change})
    with pytest.raises(InputError) as error:
        read_config(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


@pytest.mark.parametrize("key", ["name", "src_lang", "tgt_lang"])
def test_missing_key(tmp_path, key):
    path = written(tmp_path, {name: value for name, value in MINIMAL.items() if name != key})
    with pytest.raises(InputError, match=f"the key {key} is missing"):
        read_config(path)


@pytest.mark.parametrize(
    "text, message",
    [
        ("name: [", "not readable YAML"),
        ("- a\n- b\n", "must hold keys and values"),
        ("", "it must hold keys and values, found None"),
        ("name: a\nname: b\n", "the key name is there twice"),
    ],
)
def test_bad_files(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as error:
        read_config(written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_missing_and_binary_file(tmp_path):
    with pytest.raises(InputError, match="no such file; a checkout of onmt_evsoftmax has configs/"):
        read_config(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes("name: Grün".encode("latin1"))
    with pytest.raises(InputError, match="latin.yaml: not UTF-8"):
        read_config(tmp_path / "latin.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        read_config(tmp_path)
