"""Layers of a config and what is refused in them."""

import pytest

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.config import load_config

DEFAULT = """
rate: 1e-3
epochs: 20
name: mnist
split: [1, 2]
rates: {softmax: 1.0, sparsemax: 2.0}
anything: null
presets:
  small: {epochs: 2, name: digits}
  fast: {rate: 0.5}
"""


@pytest.fixture
def default(tmp_path):
    file = tmp_path / "default.yaml"
    file.write_text(DEFAULT)
    return file


def test_later_layers_win(default, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("epochs: 7\nname: own\nrates: {sparsemax: 3}\n")
    assert load_config(default)["rate"] == 1e-3
    config = load_config(default, own, "small", {"epochs": 1, "rate": None})
    assert config == {
        "rate": 1e-3, "epochs": 1, "name": "digits", "split": [1, 2],
        "rates": {"softmax": 1.0, "sparsemax": 3.0}, "anything": None,
    }  # fmt: skip


def test_presets_combine_and_can_come_from_the_users_file(default, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("presets: {mine: {split: [3]}}\n")
    config = load_config(default, own, ["small", "mine", "fast"])
    assert (config["epochs"], config["split"], config["rate"]) == (2, [3], 0.5)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("epoch: 3\n", ["own.yaml", "unknown key epoch; did you mean epochs?"]),
        ("rates: {entmax15: 1.0}\n", ["own.yaml", "unknown key rates.entmax15; known: softmax, sparsemax"]),
        ("epochs: many\n", ["own.yaml", "epochs must be a whole number", "'many'"]),
        ("epochs: true\n", ["epochs must be a whole number", "True"]),
        ("epochs: 1.5\n", ["epochs must be a whole number", "1.5"]),
        ("rates: 3\n", ["rates", "keys and values"]),
        ("- 1\n", ["own.yaml", "keys and values"]),
        ("a: [\n", ["own.yaml", "not readable YAML"]),
        ("presets: [1]\n", ["own.yaml", "presets must hold names and changes"]),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(default, tmp_path, text, parts):
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(InputError) as error:
        load_config(default, own)
    assert "\n" not in str(error.value)
    for part in parts:
        assert part in str(error.value)


def test_a_missing_file_and_an_unknown_preset_are_refused(default, tmp_path):
    with pytest.raises(InputError, match="absent.yaml: no such file"):
        load_config(default, tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="preset: unknown 'tiny'; known: small, fast"):
        load_config(default, preset="tiny")
    with pytest.raises(InputError, match="command line: unknown key x"):
        load_config(default, overrides={"x": 1})
