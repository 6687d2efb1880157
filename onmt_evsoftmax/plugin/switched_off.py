"""``ONMT_EVSOFTMAX=0``: OpenNMT-py as it is, for softmax models alone.

OpenNMT-py ignores the keys of this package, in configurations and in checkpoints. Without the plugin it would
train softmax where ev-softmax was asked for, and run a sparse model with weights it was not trained with.
"""

from __future__ import annotations

import functools
from argparse import Namespace
from collections.abc import Callable

from ..base.errors import InputError
from .option_keys import GENERATOR, sparse_settings
from .startup import ACTIVE, OFF, SWITCH


def _refuse(options: Namespace) -> None:
    import onmt

    sparse = sparse_settings(options)
    # OpenNMT-py has a generator_function of its own, with softmax and sparsemax
    sparse = [setting for setting in sparse if setting != f"{GENERATOR}=sparsemax"]
    if sparse and not getattr(onmt, ACTIVE, False):  # activated by hand, whatever the switch says
        raise InputError(
            f"{', '.join(sparse)}: {SWITCH}={OFF} switches onmt_evsoftmax off, and OpenNMT-py alone would use "
            f"softmax. Unset {SWITCH}"
        )


def _refusing_sparse_models(original: Callable) -> Callable:
    @functools.wraps(original)
    def build_base_model(model_opt, *arguments, **keywords):
        _refuse(model_opt)
        return original(model_opt, *arguments, **keywords)

    return build_base_model


def _refusing_sparse_options(original: Callable) -> Callable:
    @functools.wraps(original)
    def parse_known_args(parser, *arguments, **keywords):
        options, leftover = original(parser, *arguments, **keywords)
        words = [part for word in leftover for part in word.split("=", 1)]
        dropped = {word.lstrip("-"): value for word, value in zip(words, words[1:]) if word.startswith("-")}
        try:
            _refuse(Namespace(**dropped))
        except InputError as error:
            parser.exit(2, f"{parser.prog}: error: {error}\n")
        return options, leftover

    return parse_known_args


def install() -> None:
    """Put both guards into OpenNMT-py.

    A checkpoint has to be loaded to be refused, and torch loads its options, a `Namespace`, only where that is allowed.
    """
    import onmt.model_builder
    import torch
    from onmt.utils.parse import ArgumentParser

    torch.serialization.add_safe_globals([Namespace])
    onmt.model_builder.build_base_model = _refusing_sparse_models(onmt.model_builder.build_base_model)
    ArgumentParser.parse_known_args = _refusing_sparse_options(ArgumentParser.parse_known_args)


install()
