"""Every shipped YAML is read by the parser it is meant for, and none holds a key that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
TRAINING = sorted(path for path in CONFIGS.glob("*.yaml") if not path.name.endswith(".prepare.yaml"))
PREPARATION = sorted(CONFIGS.glob("*.prepare.yaml"))


def unknown_keys(path: Path) -> set[str]:
    """Keys of a training configuration that OpenNMT's parser does not know; it would ignore them silently."""
    from onmt.opts import train_opts
    from onmt.utils.parse import ArgumentParser

    import onmt_evsoftmax.opennmt  # noqa: F401

    parser = ArgumentParser()
    train_opts(parser)
    options, left_over = parser.parse_known_args(["-config", str(path)])
    known = {flag.lstrip("-") for action in parser._actions for flag in action.option_strings}
    return (set(yaml.safe_load(path.read_text(encoding="utf-8"))) - known) | {
        word for word in left_over if word.startswith("-")
    }


def test_there_is_a_training_and_a_preparation_for_every_corpus():
    corpora = {
        "toy_ende",
        "multi30k_ende",
        "iwslt14_ende",
        "wmt16_ende",
        "iwslt14_wmt_ende",
        "wmt_small_ende",
        "iwslt14_small_ende",
    }
    assert {path.stem for path in TRAINING} == corpora
    assert {path.name.split(".")[0] for path in PREPARATION} == corpora


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.name)
def test_opennmt_knows_every_key(path):
    assert unknown_keys(path) == set()


def test_an_unknown_key_would_be_found(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("learning_rat_: 1\nsave_model: x\nsrc_vocab: x\ndata: {}\n")
    assert unknown_keys(path) & {"learning_rat_", "--learning_rat_"}


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.name)
def test_training_reads_what_preparation_writes(path):
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    preparation = yaml.safe_load((CONFIGS / f"{path.stem}.prepare.yaml").read_text(encoding="utf-8"))
    folder = preparation.get("out", f"data/prepared/{preparation['name']}")
    languages = {"path_src": preparation["src_lang"], "path_tgt": preparation["tgt_lang"]}
    for split in ("train", "valid"):
        assert split in preparation["data"]
        for side, language in languages.items():
            assert settings["data"][split][side] == f"{folder}/{split}.{language}"
    assert preparation["share_vocab"] and settings["src_vocab"] == f"{folder}/vocab.shared"


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.name)
def test_the_attention_is_evsoftmax_on_a_path_that_can_run_it(path):
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert settings["self_attn_function"] == "evsoftmax" and settings["self_attn_type"] == "scaled-dot"


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.name)
def test_a_batch_of_validation_is_counted_in_tokens_too(path):
    """OpenNMT-py's default of 32, meant as sentences, is a batch for every sentence where batch_type is tokens."""
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert settings["batch_type"] == "tokens"
    assert settings["valid_batch_size"] >= 1024


@pytest.mark.parametrize("path", PREPARATION, ids=lambda path: path.name)
def test_preparations_are_valid(path):
    from onmt_evsoftmax.data.corpus.config import read_config

    assert read_config(path).name == path.name.split(".")[0]
