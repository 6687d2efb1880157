"""Errors where a model of Transformers would compute softmax although another function was asked for."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.modeling_utils import PreTrainedModel

from ..base.errors import InputError
from .modules import (
    OTHER_SEQUENCE,
    attention_modules,
    calls_of,
    implementation_of,
    kind_of,
    mark_kind,
    owner_configs,
    uses_interface,
)
from .names import CROSS, AttentionFunctions

_ARMED = "onmt_evsoftmax_armed"


class Tripwire:
    """Raises when an attention module was run without our function, which its configuration names.

    Attributes:
        where: name of the module, for the message.
        config: the configuration whose ``_attn_implementation`` it goes by.
    """

    def __init__(self, where: str, config: Any) -> None:
        self.where, self.config = where, config
        self._calls = 0

    def before(self, module: nn.Module, _inputs: tuple, keywords: dict[str, Any]) -> None:
        self._calls = calls_of(module)
        name = implementation_of(self.config)
        functions = ours(name)
        if functions is None or not functions.has_kinds:
            return
        if kind_of(module, str(name)) != CROSS and any(keywords.get(key) is not None for key in OTHER_SEQUENCE):
            raise InputError(
                f"{self.where} attends to another sequence, but its name does not say so; attn_implementation={name!r} "
                "would take it for self-attention. Name one function for both kinds"
            )

    def after(self, module: nn.Module, _inputs: tuple, _outputs: Any) -> None:
        name = implementation_of(self.config)
        if torch.compiler.is_compiling() or ours(name) is None or calls_of(module) != self._calls:
            return
        raise InputError(f"{_refusal(self.where, module, name)} it was run, and never called {name}")


def ours(name: Any) -> Any:
    """The functions that an ``attn_implementation`` names; None where it is not ours."""
    return AttentionFunctions.parse(name) if isinstance(name, str) else None


def arm(model: PreTrainedModel) -> None:
    """Refuse a model that cannot use the function that its configuration names; watch the modules of one that can.

    Raises:
        InputError: an attention module does not know Transformers' AttentionInterface; the configuration asks for all
            weights of every call; or the name has a function for cross-attention, and there is none.
    """
    owners = owner_configs(model)
    for where, module in attention_modules(model):
        mark_kind(where, module)
        name = implementation_of(owners[where])
        if ours(name) is None:
            continue
        if not uses_interface(module):
            raise InputError(f"{_refusal(where, module, name)} {type(model).__name__} never calls it there")
        if not module.__dict__.get(_ARMED):
            tripwire = Tripwire(where, owners[where])
            module.register_forward_pre_hook(tripwire.before, with_kwargs=True)
            module.register_forward_hook(tripwire.after)
            module.__dict__[_ARMED] = True
    if ours(implementation_of(model.config)) is not None:
        _check_outputs(model)


def check_settable(model: PreTrainedModel, attn_implementation: Any) -> None:
    """Refuse what ``set_attn_implementation`` would log and leave undone.

    Raises:
        InputError: the name is ours, and an attention module does not know Transformers' AttentionInterface.
    """
    if isinstance(attn_implementation, str) and ours(attn_implementation) is not None:
        for where, module in attention_modules(model):
            if not uses_interface(module):
                raise InputError(
                    f"{_refusal(where, module, attn_implementation)} {type(model).__name__} stays as it is"
                )


def _refusal(where: str, module: nn.Module, name: Any) -> str:
    return (
        f"{where} ({type(module).__name__}) would compute softmax and not {name}: it does not use Transformers' "
        "AttentionInterface. Take another model or another version of Transformers (docs/transformers.md has a table), "
        "give that part of a composite model attn_implementation={'': NAME, 'PART_config': 'eager'}, or load the "
        "whole with attn_implementation='eager', which is softmax;"
    )


def _check_outputs(model: PreTrainedModel) -> None:
    if getattr(model.config, "output_attentions", False):
        raise InputError(
            f"config.output_attentions=True works with attn_implementation='eager' alone, which is softmax. Set it to "
            f"False, and ask for the weights call by call: {type(model).__name__}(..., output_attentions=True)"
        )
    if not model.__dict__.get(_ARMED):
        model.register_forward_hook(_check_weights, with_kwargs=True)
        model.__dict__[_ARMED] = True


def _check_weights(model: nn.Module, _inputs: tuple, keywords: dict[str, Any], outputs: Any) -> None:
    """Raise where weights were asked for and some or all are missing."""
    if not keywords.get("output_attentions") or not hasattr(outputs, "items"):
        return
    if ours(implementation_of(model.config)) is None:
        return
    given = {key: value for key, value in outputs.items() if key.endswith("attentions")}
    if not given or any(
        value is not None and (not value or any(one is None for one in value)) for value in given.values()
    ):
        raise InputError(
            f"{type(model).__name__} did not hand output_attentions=True on to its attention modules; "
            "their weights are not to be had with this model"
        )
