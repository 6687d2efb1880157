"""The function of a model is in its config.json, and nothing else is needed to have it again."""

from __future__ import annotations

import copy
import json
import os
import pickle
import re
import subprocess
import sys

import pytest

pytest.importorskip("transformers")

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import AutoConfig, AutoModelForSeq2SeqLM  # noqa: E402

from onmt_evsoftmax.base.errors import InputError  # noqa: E402

from .families import LATEST, SEQ2SEQ, TEXT, VERSION, build, family, inputs  # noqa: E402

NAMES = ["evsoftmax", "softmax", "posthoc_evidential", "cross:evsoftmax", "self:sparsemax,cross:entmax15"]


@pytest.fixture
def folder(tmp_path):
    """A small Marian of ev-softmax as save_pretrained leaves it."""
    build(family("Marian"), "evsoftmax").float().save_pretrained(tmp_path / "marian")
    return tmp_path / "marian"


def logits(model):
    batch = inputs(family("Marian"))
    with torch.no_grad():
        return model.eval()(**batch).logits


@pytest.mark.parametrize("name", NAMES)
def test_three_rounds_of_saving_and_loading(name, tmp_path):
    model = build(family("Marian"), name).float()
    first = logits(model)
    for round_ in range(3):
        model.save_pretrained(tmp_path / str(round_))
        model = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / str(round_))
        assert model.config._attn_implementation == name
        torch.testing.assert_close(logits(model), first, atol=0, rtol=0)


def test_copies_have_it_too(folder):
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    config = AutoConfig.from_pretrained(folder)
    copies = [
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        AutoModelForSeq2SeqLM.from_config(config),
        AutoModelForSeq2SeqLM.from_config(type(config)(**config.to_dict())),
        AutoModelForSeq2SeqLM.from_config(type(config).from_dict(json.loads(config.to_json_string()))),
        type(model)(copy.deepcopy(config)),
    ]
    for other in copies:
        assert other.config._attn_implementation == "evsoftmax"
        other.load_state_dict(model.state_dict())
        torch.testing.assert_close(logits(other), logits(model), atol=0, rtol=0)


def test_the_caller_overrides_it(folder, tmp_path):
    for name in ("sdpa", "eager", "sparsemax"):
        model = AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation=name)
        assert model.config._attn_implementation == name
        model = transformers.MarianMTModel.from_pretrained(folder, attn_implementation=name)
        assert model.config._attn_implementation == name
        model.save_pretrained(tmp_path / name)
        again = json.loads((tmp_path / name / "config.json").read_text(encoding="utf-8"))
        assert again.get("attn_implementation") == (name if name == "sparsemax" else None)


def test_configurations_without_a_function_of_ours_stay_as_they_are(tmp_path):
    build(family("Marian"), "sdpa").save_pretrained(tmp_path)
    assert "attn" not in (tmp_path / "config.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "override, expected", [("", "ValueError"), (", attn_implementation='sdpa'", "sdpa")], ids=["as it is", "sdpa"]
)
def test_without_the_plugin_it_fails_loudly_and_loads_as_softmax_when_told_to(folder, override, expected):
    if override and VERSION < (5, 0):
        pytest.skip("Transformers 4 lets what is stored win over what the caller names")
    code = f"""
import transformers
try:
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained({str(folder)!r}{override})
    print(model.config._attn_implementation)
except Exception as error:
    print(type(error).__name__, 'evsoftmax' in str(error))
"""
    environment = {**os.environ, "ONMT_EVSOFTMAX": "0"}
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment).stdout
    assert printed.split() == ([expected, "True"] if not override else [expected])


@pytest.mark.parametrize("encoder", ["sdpa", "evsoftmax"])
@pytest.mark.skipif(VERSION < LATEST, reason="BERT's attention can be chosen with newer versions alone")
def test_the_parts_of_a_composite_model_keep_theirs(encoder, tmp_path):
    part = transformers.BertConfig(**TEXT)
    config = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(part, copy.deepcopy(part))
    config.decoder_start_token_id, config.pad_token_id = 2, 0
    chosen = {"": "sdpa", "encoder": encoder, "decoder": "cross:evsoftmax"}
    config._attn_implementation = chosen
    model = transformers.EncoderDecoderModel(config=config).eval()
    for round_ in range(3):
        assert model.encoder.config._attn_implementation == encoder
        assert model.decoder.config._attn_implementation == "cross:evsoftmax"
        model.save_pretrained(tmp_path / str(round_))
        model = transformers.EncoderDecoderModel.from_pretrained(tmp_path / str(round_))
    model = transformers.EncoderDecoderModel.from_pretrained(tmp_path / "2", attn_implementation="eager")
    assert model.encoder.config._attn_implementation == model.decoder.config._attn_implementation == "eager"


@pytest.mark.parametrize("key, message", [("decodr", "did you mean decoder?"), ("text", "known: encoder, decoder")])
def test_a_part_that_a_composite_model_has_not_is_refused(key, message, tmp_path):
    part = transformers.BertConfig(**TEXT)
    config = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(part, copy.deepcopy(part))
    model = transformers.EncoderDecoderModel(config=config)
    model.save_pretrained(tmp_path)
    wanted = {key: "evsoftmax"}
    message = f"EncoderDecoderConfig has no part '{key}'; {re.escape(message)}"
    with pytest.raises(InputError, match=message):
        transformers.EncoderDecoderModel.from_pretrained(tmp_path, attn_implementation=wanted)
    with pytest.raises(InputError, match=message):
        transformers.AutoModelForSeq2SeqLM.from_config(config, attn_implementation=wanted)
    if VERSION >= (4, 54):
        with pytest.raises(InputError, match=message):
            model.set_attn_implementation(wanted)
    transformers.EncoderDecoderModel.from_pretrained(tmp_path, attn_implementation={"encoder": "eager", key: "eager"})


def test_parts_of_a_model_without_parts_are_refused(folder):
    with pytest.raises(InputError, match="MarianConfig has no part 'decoder'; it is no composite model"):
        AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation={"decoder": "evsoftmax"})


@pytest.mark.skipif(VERSION < LATEST, reason="T5's attention can be chosen with newer versions alone")
@pytest.mark.parametrize(
    "name, rest", [("cross:evsoftmax", "softmax"), ("self:sparsemax,cross:evsoftmax", "sparsemax")]
)
def test_the_encoder_alone_of_a_translator_is_told_what_to_give(name, rest, tmp_path):
    build(family("T5"), name).save_pretrained(tmp_path)
    advice = f"T5EncoderModel has no cross-attention, .* give attn_implementation='{rest}'"
    with pytest.raises(InputError, match=advice):
        transformers.T5EncoderModel.from_pretrained(tmp_path)
    model = transformers.T5EncoderModel.from_pretrained(tmp_path, attn_implementation=rest)
    assert model.config._attn_implementation == rest


def test_a_function_that_is_not_registered_any_more_is_named(folder):
    path = folder / "config.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"evsoftmax"', '"gone"'), encoding="utf-8")
    with pytest.raises(ValueError, match="gone"):
        AutoModelForSeq2SeqLM.from_pretrained(folder)
    path.write_text(path.read_text(encoding="utf-8").replace('"gone"', '"cross:gone"'), encoding="utf-8")
    with pytest.raises(InputError, match="unknown function 'gone'"):
        AutoModelForSeq2SeqLM.from_pretrained(folder)


def test_checkpoints_of_the_trainer(tmp_path):
    pytest.importorskip("accelerate")
    model = build(family("Marian"), "self:softmax,cross:evsoftmax").float()
    batch = {name: tensor[0] for name, tensor in inputs(family("Marian")).items() if name != "decoder_input_ids"}
    rows = [{**batch, "labels": torch.randint(3, SEQ2SEQ["vocab_size"], (5,))} for _ in range(8)]
    arguments = transformers.Seq2SeqTrainingArguments(
        output_dir=str(tmp_path),
        max_steps=2,
        save_steps=2,
        per_device_train_batch_size=4,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        predict_with_generate=True,
    )
    trainer = transformers.Seq2SeqTrainer(model=model, args=arguments, train_dataset=rows, eval_dataset=rows[:2])
    trainer.train()
    trainer.evaluate(max_length=6)
    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "checkpoint-2")
    assert again.config._attn_implementation == "self:softmax,cross:evsoftmax"
    torch.testing.assert_close(logits(again), logits(model), atol=1e-6, rtol=0)
