"""Precedence: explicit key > checkpoint > softmax."""

from __future__ import annotations

from argparse import Namespace

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.opennmt.functions import AttentionFunctions, resolve

NOTHING = dict(self_attn_function=None, context_attn_function=None, generator_function=None)


def resolved(explicit: dict, checkpoint: dict | None = None) -> AttentionFunctions:
    typed = Namespace(**{**NOTHING, **explicit})
    stored = None if checkpoint is None else Namespace(**checkpoint)
    model_options = typed if stored is None else Namespace(**checkpoint)
    resolve(typed, model_options, stored)
    return AttentionFunctions.from_options(model_options)


@pytest.mark.parametrize(
    "explicit, checkpoint, expected",
    [
        ({}, None, ("softmax", "softmax", "softmax")),
        ({"self_attn_function": "evsoftmax"}, None, ("evsoftmax", "evsoftmax", "softmax")),
        ({"context_attn_function": "entmax15"}, None, ("softmax", "entmax15", "softmax")),
        ({}, {}, ("softmax", "softmax", "softmax")),
        ({}, {"self_attn_function": "evsoftmax"}, ("evsoftmax", "evsoftmax", "softmax")),
        (
            {"self_attn_function": "softmax"},
            {"self_attn_function": "evsoftmax"},
            ("softmax", "softmax", "softmax"),
        ),
        (
            {"self_attn_function": "sparsemax"},
            {"self_attn_function": "softmax", "context_attn_function": "evsoftmax"},
            ("sparsemax", "evsoftmax", "softmax"),
        ),
        ({}, {"generator_function": "evsoftmax"}, ("softmax", "softmax", "evsoftmax")),
        (
            {"generator_function": "softmax"},
            {"generator_function": "evsoftmax"},
            ("softmax", "softmax", "softmax"),
        ),
    ],
)
def test_precedence(explicit, checkpoint, expected):
    functions = resolved(explicit, checkpoint)
    assert (functions.self_attention, functions.context, functions.generator) == expected


def test_the_context_key_follows_the_other_one_through_a_checkpoint():
    """Trained with one key, fine-tuned with another: cross-attention must not stay behind."""
    stored = Namespace(**{**NOTHING, "self_attn_function": "softmax"})
    resolve(stored, stored, None)
    assert resolved({"self_attn_function": "evsoftmax"}, vars(stored)).context == "evsoftmax"


def test_the_loss_sees_the_resolved_generator_function():
    typed = Namespace(**NOTHING)
    resolve(typed, Namespace(), Namespace(generator_function="evsoftmax"))
    assert typed.generator_function == "evsoftmax"


def test_a_translation_overrides_the_checkpoint():
    stored = Namespace(**{**NOTHING, "self_attn_function": "softmax"})
    override = Namespace(override_self_attn_function="posthoc_evidential", override_context_attn_function=None)
    assert AttentionFunctions.from_options(stored, override).context == "posthoc_evidential"


def test_keys_of_a_training_are_no_override():
    """A language-model prior is loaded with the options of the training that it serves."""
    training = Namespace(**{**NOTHING, "self_attn_function": "evsoftmax"})
    assert AttentionFunctions.from_options(Namespace(), training).self_attention == "softmax"


@pytest.mark.parametrize("key", ["self_attn_function", "context_attn_function", "generator_function"])
def test_an_unknown_name_lists_the_known_ones(key):
    with pytest.raises(InputError, match="evsoftmx.*evsoftmax"):
        AttentionFunctions.from_options(Namespace(**{key: "evsoftmx"}))


@pytest.mark.parametrize(
    "command_name, arguments",
    [
        ("onmt_train", ["-data", "{}", "-src_vocab", "x", "-save_model", "x"]),
        ("onmt_translate", ["-model", "x", "-src", "x"]),
    ],
)
def test_stock_scripts_refuse_an_unknown_name(command, command_name, arguments):
    result = command(command_name, *arguments, "-self_attn_function", "evsoftmx", check=False)
    assert result.returncode == 2
    assert "evsoftmx" in result.stderr and "entmax15" in result.stderr


def test_post_hoc_evidential_is_refused_in_training(command, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("self_attn_function: posthoc_evidential\nsave_model: x\nsrc_vocab: x\ndata: {}\n")
    result = command("onmt_train", "-config", config, check=False)
    assert result.returncode == 2
    assert "train with softmax" in result.stderr
