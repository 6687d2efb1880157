"""A key that no parser knows is never dropped in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import onmt_evsoftmax.opennmt  # noqa: F401  (activates)
from onmt_evsoftmax.opennmt.unknown_keys import known_keys, resembled

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(
    path for path in (ROOT / "configs").glob("*.yaml") if "self_attn_function" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    "key", ["self_attention_function", "attn_function", "self-attn-function", "contxt_attn_function"]
)
def test_a_misspelt_function_is_an_error_that_names_file_and_key(workshop, command, key):
    """The reproductions: `onmt_train` exited 0 with a softmax model."""
    config = workshop.config(**{key: "evsoftmax"})
    result = command("onmt_train", "-config", config, check=False)
    right = "context_attn_function" if key.startswith("co") else "self_attn_function"
    assert result.returncode == 2
    message = f"onmt_train: error: {config}: no such key: {key}; did you mean {right}?"
    assert message in result.stderr.splitlines()[-1]
    assert not list(workshop.folder.glob("*.pt"))


@pytest.mark.parametrize("name", ["onmt_train", "onmt_build_vocab", "onmt_translate"])
def test_the_command_line_is_looked_at_too(workshop, command, tmp_path, name):
    config = workshop.config(save_data=str(tmp_path))
    more = ["-model", "m.pt", "-src", "x"] if name == "onmt_translate" else ["-config", config]
    result = command(name, *more, "-attention_function", "evsoftmax", check=False)
    assert result.returncode == 2
    message = f"{name}: error: command line: no such key: attention_function; did you mean self_attn_function?"
    assert message in result.stderr.splitlines()[-1]


def test_another_unknown_key_is_a_warning_with_the_nearest_known_one(workshop, command):
    config = workshop.config(learning_rte=1, rnn_size=16, train_steps=1, valid_steps=1)
    result = command("onmt_train", "-config", config)
    warnings = [line for line in result.stderr.splitlines() if "no such key" in line]
    assert warnings == [
        f"onmt_train: warning: {config}: no such key: learning_rte; did you mean learning_rate?",
        f"onmt_train: warning: {config}: no such key: rnn_size",
    ]


def test_one_yaml_serves_several_commands(workshop, command, tmp_path):
    """Keys of onmt_train and onmt_translate in the YAML of onmt_build_vocab: nothing to say."""
    built = str(tmp_path / "built.vocab")
    shared = {"self_attn_function": "evsoftmax", "beam_size": 5}
    config = workshop.config(src_vocab=built, tgt_vocab=built, n_sample=20, save_data=built, **shared)
    result = command("onmt_build_vocab", "-config", config)
    assert "no such key" not in result.stderr
    assert "no such key" in command("onmt_build_vocab", "-config", config, "-overwrit", "-bam", "3").stderr


def parse(capsys, *arguments) -> str:
    """What onmt_train's parser says about these arguments; nothing is trained."""
    from onmt.bin.train import _get_parser

    _get_parser().parse_known_args([str(word) for word in arguments])
    return capsys.readouterr().err


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_the_shipped_configurations_are_silent(config, capsys):
    assert parse(capsys, "-config", config) == ""


def test_nested_keys_and_abbreviations_are_left_to_opennmt(workshop, capsys):
    """argparse takes the beginning of an option for the option, from a YAML as well."""
    corpus = {**workshop.settings["data"]["train"], "weight": 1, "src_prefix": "a"}
    config = workshop.config(data={"train": corpus}, valid_batch=3)
    assert parse(capsys, "-config", config) == ""


def refused(capsys, *arguments) -> str:
    """The one line of an error."""
    with pytest.raises(SystemExit) as exit_:
        parse(capsys, *arguments)
    assert exit_.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("key", ["self_attn_function", "attn_function"])
def test_a_function_that_stands_inside_of_data_is_an_error(workshop, capsys, key):
    corpus = {**workshop.settings["data"]["train"], key: "evsoftmax"}
    config = workshop.config(data={"train": corpus})
    assert f"{config}: {key} stands inside of data: train; write self_attn_function at the top level" in refused(
        capsys, "-config", config
    )


@pytest.mark.parametrize("word", ["self_attn_function", "\u2014self_attn_function", "\u2013attn_function"])
def test_a_forgotten_or_typeset_dash_is_an_error(workshop, capsys, word):
    line = refused(capsys, "-config", workshop.config(), word, "evsoftmax")
    assert f"command line: {word!r} belongs to no option; did you mean -self_attn_function?" in line


def test_a_stray_word_is_a_warning(workshop, capsys):
    assert "'again' belongs to no option" in parse(capsys, "-config", workshop.config(), "again")


@pytest.mark.parametrize("key", ["attn_fn", "function", "normalizer", "self_attn_activation"])
def test_an_unknown_key_with_one_of_our_functions_is_an_error(workshop, capsys, key):
    line = refused(capsys, "-config", workshop.config(**{key: "evsoftmax"}))
    assert f"no such key: {key}; did you mean self_attn_function?" in line
    line = refused(capsys, "-config", workshop.config(), f"-{key}", "evsoftmax")
    assert f"command line: no such key: {key}; did you mean self_attn_function?" in line


def test_a_function_as_the_kind_of_attention_is_an_error(workshop, capsys):
    line = refused(capsys, "-config", workshop.config(self_attn_type="evsoftmax"))
    assert "self_attn_type: evsoftmax is no kind of attention; write self_attn_function: evsoftmax" in line


def test_the_key_that_is_named_is_the_one_that_was_meant(workshop, capsys):
    for key in ("cross_attn_function", "crossattention_function", "src_attn_function"):
        assert resembled(key) == "context_attn_function"
    warning = parse(capsys, "-config", workshop.config(global_attn_function="softmax"))
    assert "no such key: global_attn_function; did you mean global_attention_function?" in warning


def test_values_and_negative_numbers_are_no_keys(workshop, capsys):
    config = workshop.config(queue_sze=["-a", -1], rnn_sze="-b")
    lines = parse(capsys, "-config", config, "-pool_fctor=3", "-nois", "-1.5").splitlines()
    assert [line.split("no such key: ")[1].split(";")[0] for line in lines] == [
        "queue_sze",
        "rnn_sze",
        "pool_fctor",
        "nois",
    ]


def test_the_value_false_does_not_hide_the_key(workshop, capsys):
    with pytest.raises(SystemExit):
        parse(capsys, "-config", workshop.config(attn_function=False))
    assert "did you mean self_attn_function" in capsys.readouterr().err


def test_no_key_of_opennmt_is_taken_for_one_of_ours():
    ours = {"self_attn_function", "context_attn_function", "generator_function"}
    taken = {key for key in known_keys() if resembled(key)} - ours
    assert taken <= {"global_attention_function"}  # known, so it is silent before it is compared


def test_every_key_of_a_configuration_stands_in_the_known_ones():
    keys = {key for config in CONFIGS for key in yaml.safe_load(config.read_text(encoding="utf-8"))}
    assert keys <= set(known_keys())
