"""The options of old checkpoints as OpenNMT-py 3.x reads them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from ..base.errors import InputError

RENAMED = {
    "rnn_size": "hidden_size",
    "enc_rnn_size": "enc_hid_size",
    "dec_rnn_size": "dec_hid_size",
    "fix_word_vecs_enc": "freeze_word_vecs_enc",
    "fix_word_vecs_dec": "freeze_word_vecs_dec",
}
"""old name -> name in 3.x"""

ALWAYS = {
    "add_qkvbias": True,
    "add_ffnbias": True,
    "layer_norm": "standard",
    "norm_eps": 1e-6,
    "position_encoding_type": "SinusoidalInterleaved",
    "generator_function": "softmax",  # was called log_softmax before 1.0
    "model_dtype": "fp32",
    "update_vocab": False,
}
"""Options that 3.x has and older versions had not (their transformer has biases everywhere), and those that
conversion itself decides. Today's defaults would build another model."""

TRAINING = (
    "dropout",
    "attention_dropout",
    "share_vocab",
    "param_init",
    "param_init_glorot",
    "freeze_word_vecs_enc",
    "freeze_word_vecs_dec",
    "optim",
    "learning_rate",
    "learning_rate_decay",
    "decay_method",
    "decay_steps",
    "start_decay_steps",
    "warmup_steps",
    "max_grad_norm",
    "adam_beta1",
    "adam_beta2",
    "adagrad_accumulator_init",
)
"""Options beside those of the model that are kept, because training on from a checkpoint may read them."""

NEEDED = {
    "model_type": "text",
    "model_task": "seq2seq",
    "encoder_type": "transformer",
    "decoder_type": "transformer",
    "copy_attn": False,
    "generator_function": "softmax",
}
"""What a model must be. Recurrent and convolutional models, language models, copy attention and a sparsemax
generator are not converted: 3.x runs some of them otherwise than 2.x did."""


def convert_options(old: Mapping[str, Any]) -> argparse.Namespace:
    """Today's defaults, overwritten by what ``old`` says under its old or new name.

    An option that the old version did not have gets the default of the installed OpenNMT-py, except for
    `ALWAYS`, and for attention dropout, which before 1.0 was the dropout of everything else. Paths and other
    options of the training that is over are left out.

    Raises:
        InputError: a model that is not converted (see `NEEDED`); the message names the option.
    """
    from onmt import opts
    from onmt.utils.parse import ArgumentParser

    _check(old)
    renamed = {RENAMED.get(name, name): value for name, value in old.items()}
    kept = {*vars(ArgumentParser.defaults(opts.model_opts)), *TRAINING}
    options = _training_defaults()
    vars(options).update({name: _plain(name, value) for name, value in renamed.items() if name in kept})
    vars(options).update(ALWAYS)
    options.self_attn_type = renamed.get("self_attn_type", "scaled-dot")  # not 3.5's default
    options.dropout = _as_list(options.dropout)
    options.attention_dropout = _as_list(renamed.get("attention_dropout", options.dropout))
    try:
        ArgumentParser.update_model_opts(options)
        ArgumentParser.validate_model_opts(options)
    except (AssertionError, TypeError) as error:
        raise InputError(f"OpenNMT-py 3.x does not accept the options of this model: {error}") from None
    return options


def _check(old: Mapping[str, Any]) -> None:
    for name, needed in NEEDED.items():
        value = old.get(name, needed)
        if name == "generator_function" and value in (None, "log_softmax"):
            continue
        if value != needed:
            raise InputError(
                f"{name} is {value!r}: only text-to-text transformers without copy attention and with a "
                f"softmax generator are converted ({name}: {needed!r})"
            )


def _plain(name: str, value: Any) -> Any:
    """``value`` if it is what a command line gives: an object of an old class must not reach the new file."""
    values = value if isinstance(value, (list, tuple)) else [value]
    if not all(one is None or isinstance(one, (str, int, float)) for one in values):
        raise InputError(f"the option {name} holds a {type(value).__name__}, expected a plain value")
    return value


def _training_defaults() -> argparse.Namespace:
    """The defaults of the installed ``onmt_train``: what its own checkpoints hold, bar the names of files."""
    from onmt import opts
    from onmt.utils.parse import ArgumentParser

    parser = ArgumentParser()
    opts.train_opts(parser)
    required = ["data", "src_vocab"]
    options, _ = parser.parse_known_args([word for name in required for word in (f"-{name}", "unused")])
    for name in required:
        delattr(options, name)
    return options


def _as_list(value: Any) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]
