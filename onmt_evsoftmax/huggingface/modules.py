"""The attention modules of a model of Transformers: which there are, of which kind, and whether they use ours."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, Optional

import torch
from torch import nn
from transformers.modeling_utils import PreTrainedModel

from ..base.errors import InputError
from .names import CROSS, SELF

CROSS_NAME = re.compile(r"cross_?att|encoder_att|encoder_decoder_att|encdecatt", re.IGNORECASE)
"""What modules of cross-attention are called: encoder_attn, crossattention, EncDecAttention, cross_attn, ..."""

OTHER_SEQUENCE = ("key_value_states", "encoder_hidden_states", "cross_attention_states")
"""Arguments of an attention module that hold the sequence of the keys, where it is not that of the queries."""

INTERFACE = "ALL_ATTENTION_FUNCTIONS"
"""What the file of a model imports whose attention can be chosen."""

_KIND, _CALLS, _WATCHED = "onmt_evsoftmax_kind", "onmt_evsoftmax_calls", "onmt_evsoftmax_watched"


def attention_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """(name, module) of the modules that compute attention: the innermost whose class is called so."""
    for name, module in model.named_modules():
        inner = list(module.modules())[1:]
        if is_attention_class(type(module)) and not any(is_attention_class(type(child)) for child in inner):
            yield name, module


def is_attention_class(module_class: type) -> bool:
    """Whether modules of this class are attention, or hold it."""
    return "attention" in module_class.__name__.lower()


def attention_calls(model: nn.Module) -> dict[str, int]:
    """Name of each attention module of ``model`` -> how often our function ran in it, compiled calls aside."""
    return {name: getattr(module, _CALLS, 0) for name, module in attention_modules(model)}


def count_call(module: nn.Module) -> None:
    """Note that our function ran in ``module``."""
    if not torch.compiler.is_compiling():  # a number that changes would be compiled anew each time
        module.__dict__[_CALLS] = module.__dict__.get(_CALLS, 0) + 1


def calls_of(module: nn.Module) -> int:
    """How often our function ran in ``module``."""
    return module.__dict__.get(_CALLS, 0)


def watch(model: nn.Module, watched: bool) -> None:
    """Say to the attention modules of ``model`` whether their weights are wanted.

    Some models do not tell: their weights are caught by hooks, and eager attention always has them.
    """
    for _, module in attention_modules(model):
        module.__dict__[_WATCHED] = watched


def is_watched(module: nn.Module) -> bool:
    """Whether somebody wants the weights of ``module``."""
    return module.__dict__.get(_WATCHED, False)


def kind_of(module: nn.Module, name: str) -> str:
    """``self`` or ``cross``, as `mark_kind` noted it.

    Args:
        name: the ``attn_implementation``, for the message.

    Raises:
        InputError: nobody noted it.
    """
    kind = module.__dict__.get(_KIND)
    if kind is None:
        raise InputError(
            f"attn_implementation={name!r}: whether {type(module).__name__} is self- or cross-attention is not known "
            "here. Give the name to from_pretrained, from_config or set_attn_implementation, or one function for both"
        )
    return kind


def mark_kind(name: str, module: nn.Module) -> None:
    """Note the kind of the attention module called ``name``."""
    cross = CROSS_NAME.search(name) or "CrossAttention" in type(module).__name__
    module.__dict__[_KIND] = CROSS if cross or getattr(module, "is_cross_attention", False) else SELF


def uses_interface(module: nn.Module) -> bool:
    """Whether the file of the module's class, or of one that it inherits from, knows AttentionInterface."""
    return any(hasattr(sys.modules.get(base.__module__), INTERFACE) for base in type(module).__mro__)


def owner_configs(model: nn.Module) -> dict[str, Any]:
    """Name of each attention module -> the configuration whose ``_attn_implementation`` it goes by."""
    owners: dict[str, Any] = {}
    for prefix, submodel in model.named_modules():
        if isinstance(submodel, PreTrainedModel):  # inner ones come later, and win
            for name, module in attention_modules(submodel):
                full = f"{prefix}.{name}".strip(".")
                owners[full] = getattr(module, "config", None) or submodel.config
    return owners


def implementation_of(config: Any) -> Optional[str]:
    """The ``attn_implementation`` of a configuration."""
    return getattr(config, "_attn_implementation", None)
