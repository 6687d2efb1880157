"""Which mapping each kind of attention, and the generator, uses."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from typing import Optional

from ..base.errors import InputError
from ..normalizers import registry
from ..plugin.option_keys import CONTEXT, FUNCTION_KEYS, GENERATOR, SELF

OVERRIDE = "override_"
"""Prefix of the attribute in which a translation's options hold a key: a language-model prior that is loaded
while training must not take the trained model's keys for an override."""

GENERATOR_FUNCTIONS = ("softmax", "sparsemax", "evsoftmax")
"""OpenNMT-py's two, and ours. Its sparsemax belongs to its own loss and is left alone."""


@dataclass(frozen=True)
class AttentionFunctions:
    """Names of mappings (see `onmt_evsoftmax.normalizers.registry`).

    Attributes:
        self_attention: encoder self-attention and decoder self-attention.
        context: cross-attention.
        generator: distribution over the target vocabulary.
    """

    self_attention: str = "softmax"
    context: str = "softmax"
    generator: str = "softmax"

    def __post_init__(self) -> None:
        registry.get(self.self_attention)
        registry.get(self.context)
        if self.generator not in GENERATOR_FUNCTIONS:
            raise InputError(
                f"{GENERATOR}: unknown function {self.generator!r}; known: {', '.join(GENERATOR_FUNCTIONS)}"
            )

    @classmethod
    def from_options(cls, options: Namespace, override: Optional[Namespace] = None) -> AttentionFunctions:
        """Read the keys of a model's options; what the options of a translation set wins.

        An absent ``context_attn_function`` means: the same as ``self_attn_function``. A
        checkpoint that was written without the plugin has neither key, and means softmax.
        """
        values = {key: getattr(options, key, None) for key in FUNCTION_KEYS}
        for key in (SELF, CONTEXT):
            values[key] = getattr(override, OVERRIDE + key, None) or values[key]
        self_attention = values[SELF] or "softmax"
        return cls(self_attention, values[CONTEXT] or self_attention, values[GENERATOR] or "softmax")

    @property
    def sparse(self) -> bool:
        """Whether anything differs from a softmax transformer."""
        return any(name != "softmax" for name in (self.self_attention, self.context, self.generator))

    def __str__(self) -> str:
        return f"{SELF}={self.self_attention} {CONTEXT}={self.context} {GENERATOR}={self.generator}"


def resolve(explicit: Namespace, model_options: Namespace, checkpoint: Optional[Namespace]) -> None:
    """Apply the precedence *explicit key > checkpoint > softmax* in place.

    Args:
        explicit: what the user typed; its keys are None where the user typed nothing.
        model_options: the options the model is built from and that are stored in new checkpoints. With
            ``train_from`` they come from the checkpoint, without it they are ``explicit`` itself.
        checkpoint: the options stored in the checkpoint, if training starts from one.
    """
    for key in FUNCTION_KEYS:
        value = getattr(explicit, key, None)
        if value is None and checkpoint is not None:
            value = getattr(checkpoint, key, None)
        if value is None and key != CONTEXT:  # an absent context key keeps following self_attn_function
            value = "softmax"
        setattr(model_options, key, value)
    # the loss reads the generator's function from the user's options, not from the model's
    setattr(explicit, GENERATOR, getattr(model_options, GENERATOR))
