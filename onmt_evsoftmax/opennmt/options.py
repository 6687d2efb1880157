"""The plugin's keys in OpenNMT-py's parsers."""

from __future__ import annotations

from argparse import ArgumentTypeError

from ..base import catalogue
from ..base.errors import InputError
from ..plugin.option_keys import CONTEXT, GENERATOR, SELF
from .functions import GENERATOR_FUNCTIONS, OVERRIDE


def known_function(name: str) -> str:
    """Argument type: the name of a mapping that attention can use when translating."""
    try:
        return catalogue.get(name).name
    except InputError as error:
        raise ArgumentTypeError(str(error)) from None


def trainable_function(name: str) -> str:
    """Argument type: the name of a mapping that attention can be trained with."""
    trained_as = catalogue.get(known_function(name)).trained_as
    if trained_as != name:
        raise ArgumentTypeError(f"{name} is not trained: train with {trained_as}, then translate with -{SELF} {name}")
    return name


def add_model_options(parser) -> None:
    """Options of training, stored in the checkpoint. None means that the user did not set the key."""
    group = parser.add_argument_group("Model- Sparse attention (onmt_evsoftmax)")
    group.add_argument(
        f"--{SELF}",
        f"-{SELF}",
        type=trainable_function,
        default=None,
        help="Function from scores to weights in encoder self-, decoder self- and cross-attention: "
        f"{', '.join(name for name in catalogue.names() if catalogue.get(name).is_trained)}. "
        "Default: the checkpoint's with -train_from, else softmax.",
    )
    group.add_argument(
        f"--{CONTEXT}",
        f"-{CONTEXT}",
        type=trainable_function,
        default=None,
        help=f"The same for cross-attention alone. Default: as -{SELF}.",
    )
    for action in parser._actions:  # argparse has no public way to look an option up
        if action.dest == GENERATOR:
            action.choices = list(GENERATOR_FUNCTIONS)
            action.default = None


def add_translate_options(parser) -> None:
    """Options of translation; they win over what the checkpoint stores."""
    group = parser.add_argument_group("Sparse attention (onmt_evsoftmax)")
    for key, what in ((SELF, "every attention"), (CONTEXT, "cross-attention alone")):
        group.add_argument(
            f"--{key}",
            f"-{key}",
            dest=OVERRIDE + key,
            type=known_function,
            default=None,
            help=f"Function from scores to weights in {what}, instead of the checkpoint's: "
            f"{', '.join(catalogue.names())}. A softmax model with posthoc_evidential is the paper's baseline.",
        )
