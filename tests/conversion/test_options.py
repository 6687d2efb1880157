"""Options: renamed, completed, and refused where 3.x would build or run another model."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.conversion.options import convert_options

TRANSFORMER = {"encoder_type": "transformer", "decoder_type": "transformer", "rnn_size": 512, "layers": 6}


def test_sizes_get_their_new_names():
    options = convert_options({**TRANSFORMER, "word_vec_size": 256, "heads": 4, "transformer_ff": 1024})
    assert (options.hidden_size, options.enc_hid_size, options.dec_hid_size) == (512, 512, 512)
    assert (options.enc_layers, options.dec_layers) == (6, 6)
    assert (options.src_word_vec_size, options.tgt_word_vec_size) == (256, 256)
    assert (options.heads, options.transformer_ff) == (4, 1024)


def test_sizes_of_encoder_and_decoder_alone_are_read():
    sizes = {"rnn_size": -1, "enc_rnn_size": 64, "dec_rnn_size": 64}
    layers = {"layers": -1, "enc_layers": 4, "dec_layers": 1}
    options = convert_options({**TRANSFORMER, **sizes, **layers})
    assert (options.enc_hid_size, options.dec_hid_size) == (64, 64)
    assert (options.enc_layers, options.dec_layers) == (4, 1)


def test_what_3_x_made_optional_is_switched_on():
    options = convert_options(TRANSFORMER)
    assert options.add_qkvbias is True and options.add_ffnbias is True
    assert options.position_encoding_type == "SinusoidalInterleaved" and options.layer_norm == "standard"
    assert options.self_attn_type == "scaled-dot"


def test_missing_options_get_the_defaults_of_the_installed_version():
    from onmt import opts
    from onmt.utils.parse import ArgumentParser

    options = vars(convert_options(TRANSFORMER))
    for name, default in vars(ArgumentParser.defaults(opts.model_opts)).items():
        assert name in options
        if name in ("max_relative_positions", "heads", "aan_useffn", "feat_merge", "pos_ffn_activation_fn"):
            assert options[name] == default


def test_old_files_and_switches_are_forgotten():
    files = {"data": "wmt", "save_model": "old/wmt", "src_vocab": "v"}
    options = convert_options({**TRANSFORMER, **files, "gpuid": [0], "train_steps": 7})
    assert not {"data", "gpuid", "src_vocab", "rnn_size"} & vars(options).keys()
    assert options.save_model == "model" and options.train_steps != 7


def test_training_can_go_on_with_the_old_schedule():
    schedule = {"learning_rate": 2.0, "decay_method": "noam", "warmup_steps": 8000}
    options = convert_options({**TRANSFORMER, "optim": "adam", **schedule})
    assert (options.optim, options.learning_rate) == ("adam", 2.0)
    assert (options.decay_method, options.warmup_steps) == ("noam", 8000)


def test_a_function_of_attention_stays():
    """The authors' fork of 1.x stored the key under the name that the plugin uses."""
    assert convert_options({**TRANSFORMER, "self_attn_function": "evsoftmax"}).self_attn_function == "evsoftmax"
    assert convert_options(TRANSFORMER).self_attn_function is None


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder_type": "brnn"},
        {"decoder_type": "rnn"},
        {"encoder_type": "cnn", "decoder_type": "cnn"},
        {"model_type": "img"},
        {"model_task": "lm"},
        {"copy_attn": True},
        {"generator_function": "sparsemax"},
    ],
    ids=lambda changes: next(iter(changes.values())),
)
def test_a_model_that_is_not_converted_is_named(changes):
    name, value = next(iter(changes.items()))
    with pytest.raises(InputError, match=f"{name} is {value!r}: only text-to-text transformers"):
        convert_options({**TRANSFORMER, **changes})


def test_a_recurrent_model_of_the_first_versions_is_refused():
    """Their options always hold both types; the default was a recurrent network."""
    with pytest.raises(InputError, match="encoder_type is 'rnn'"):
        convert_options({"encoder_type": "rnn", "decoder_type": "rnn", "rnn_size": 500})


def test_options_that_contradict_each_other_are_refused():
    old = {**TRANSFORMER, "rnn_size": -1, "enc_rnn_size": 64, "dec_rnn_size": 32}
    with pytest.raises(InputError, match="does not accept the options of this model: .*same size"):
        convert_options(old)


def test_an_object_in_place_of_a_value_is_refused():
    with pytest.raises(InputError, match="the option heads holds a object, expected a plain value"):
        convert_options({**TRANSFORMER, "heads": object()})


def test_a_value_of_another_kind_is_refused():
    with pytest.raises(InputError, match="does not accept the options of this model"):
        convert_options({**TRANSFORMER, "rnn_size": "wide"})
