"""Errors where a model of Transformers would compute softmax although another function was asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Optional

import torch
from torch import nn
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS, PreTrainedModel

from ..base.errors import InputError
from ..base.suggestions import suggestion
from .modules import (
    INTERFACE,
    OTHER_SEQUENCE,
    attention_modules,
    calls_of,
    implementation_of,
    is_attention_class,
    kind_of,
    mark_kind,
    owner_configs,
    uses_interface,
    watch,
)
from .names import CROSS, ELSEWHERE, KINDS, AttentionFunctions, names_in

ADVICE = (
    "Take another model or another version of Transformers (docs/transformers.md has a table); give that part of a "
    "composite model 'eager', as in attn_implementation={'text_config': 'evsoftmax', 'vision_config': 'eager'}; or "
    "load the whole with attn_implementation='eager', which is softmax"
)

THEIRS = frozenset({"eager", *ALL_ATTENTION_FUNCTIONS})
"""Names of Transformers' own, which need no look at the user's functions."""

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
        raise InputError(f"{self.where} ({type(module).__name__}) was run, and never called {name}. {ADVICE}")


def ours(name: Any) -> Optional[AttentionFunctions]:
    """The functions that an ``attn_implementation`` names; None where it is not ours."""
    return AttentionFunctions.parse(name) if isinstance(name, str) and name not in THEIRS else None


def is_written_like_ours(name: Any) -> bool:
    """The same as a yes or no, and yes where the function in it is unknown here: the model will say so."""
    try:
        return ours(name) is not None
    except InputError:
        return True


def arm(model: PreTrainedModel) -> None:
    """Refuse a model that cannot use the function that its configuration names; watch the modules of one that can.

    Raises:
        InputError: an attention module does not know Transformers' AttentionInterface, or the configuration asks for
            the weights of every call.
    """
    submodels = [module for module in model.modules() if isinstance(module, PreTrainedModel)]
    if all(ours(implementation_of(submodel.config)) is None for submodel in submodels):
        return
    owners = owner_configs(model)
    for where, module in attention_modules(model):
        mark_kind(where, module)
        name = implementation_of(owners[where])
        if ours(name) is None:
            continue
        if not uses_interface(module):
            raise InputError(_refusal(type(model), where, type(module), name))
        if not module.__dict__.get(_ARMED):
            tripwire = Tripwire(where, owners[where])
            module.register_forward_pre_hook(tripwire.before, with_kwargs=True)
            module.register_forward_hook(tripwire.after)
            module.__dict__[_ARMED] = True
    if ours(implementation_of(model.config)) is not None:
        _watch_weights(model)


def check_whole(model: PreTrainedModel) -> None:
    """Refuse a model that has no place for a function that its configuration names.

    Its parts are not looked at like this: of a translator that differs in cross-attention, the encoder has none.

    Raises:
        InputError: it has no attention, or not the kind of attention that the name is about.
    """
    name = implementation_of(model.config)
    functions = ours(name)
    if functions is None:
        return
    kinds = {kind_of(module, str(name)) for _, module in attention_modules(model)}
    if not kinds:
        raise InputError(f"{type(model).__name__} has no attention that attn_implementation={name!r} could change")
    missing = [kind for kind in KINDS if kind not in kinds and functions.of(kind) != ELSEWHERE]
    if functions.has_kinds and missing:
        rest = next(functions.of(kind) for kind in KINDS if kind in kinds)
        raise InputError(
            f"{type(model).__name__} has no {missing[0]}-attention, and attn_implementation={name!r} names a function "
            f"for it. What it has is {rest}: give attn_implementation={rest!r}"
        )


def check_parts(config: Any, attn_implementation: Any) -> None:
    """Refuse a dictionary that names a function of ours for a part that the model has not; Transformers drops it.

    Raises:
        InputError: a key is no part of the configuration, and its value is ours.
    """
    if not isinstance(attn_implementation, dict):
        return
    parts = list(config.sub_configs)
    for key, wanted in attn_implementation.items():
        if key in ("", *parts) or not any(is_written_like_ours(name) for name in names_in(wanted)):
            continue
        known = suggestion(key, parts) if parts else "it is no composite model: give the name without a dictionary"
        raise InputError(
            f"attn_implementation={attn_implementation!r}: {type(config).__name__} has no part {key!r}; {known}"
        )


def check_settable(model: PreTrainedModel, attn_implementation: Any) -> None:
    """Refuse what ``set_attn_implementation`` would log and leave undone.

    Raises:
        InputError: the name is ours, and an attention module does not know Transformers' AttentionInterface.
    """
    if not any(is_written_like_ours(name) for name in names_in(attn_implementation)):
        return
    chosen = dict(_chosen(model.config, attn_implementation))
    owners = owner_configs(model)
    for where, module in attention_modules(model):
        name = chosen.get(id(owners[where]), chosen[id(model.config)])
        if ours(name) is not None and not uses_interface(module):
            raise InputError(_refusal(type(model), where, type(module), name))


def _chosen(config: Any, attn_implementation: Any) -> Iterator[tuple[int, Any]]:
    """(id of a configuration, its name) of the whole and its parts; what a dictionary leaves out keeps its own."""
    for_parts = isinstance(attn_implementation, dict)
    own = implementation_of(config)
    yield id(config), attn_implementation.get("", own) if for_parts else attn_implementation
    for key in config.sub_configs:
        part = getattr(config, key, None)
        if part is not None:
            wanted = attn_implementation.get(key, implementation_of(part)) if for_parts else attn_implementation
            yield from _chosen(part, wanted)


def check_file(model_class: type, name: str) -> None:
    """Refuse a model before it is built, where its file defines attention and does not know AttentionInterface."""
    file = sys.modules.get(model_class.__module__)
    if file is None or hasattr(file, INTERFACE):
        return
    for module_class in vars(file).values():
        if isinstance(module_class, type) and issubclass(module_class, nn.Module) and is_attention_class(module_class):
            if module_class.__module__ == file.__name__:
                raise InputError(_refusal(model_class, "its attention", module_class, name))


def _refusal(model_class: type, where: str, module_class: type, name: Any) -> str:
    return (
        f"{model_class.__name__} would compute softmax and not {name}: {where} ({module_class.__name__}) does not use "
        f"Transformers' AttentionInterface. {ADVICE}"
    )


def _watch_weights(model: PreTrainedModel) -> None:
    if getattr(model.config, "output_attentions", False):
        raise InputError(
            f"config.output_attentions=True works with attn_implementation='eager' alone, which is softmax. Set it to "
            f"False, and ask for the weights call by call: {type(model).__name__}(..., output_attentions=True)"
        )
    if not model.__dict__.get(_ARMED):
        model.register_forward_pre_hook(_want_weights, with_kwargs=True)
        model.register_forward_hook(_check_weights, with_kwargs=True, always_call=True)
        model.__dict__[_ARMED] = True


def _want_weights(model: nn.Module, _inputs: tuple, keywords: dict[str, Any]) -> None:
    if keywords.get("output_attentions"):
        watch(model, True)


def _check_weights(model: nn.Module, _inputs: tuple, keywords: dict[str, Any], outputs: Any) -> None:
    """Raise where weights were asked for and some or all are missing."""
    if not keywords.get("output_attentions"):
        return
    watch(model, False)
    if not hasattr(outputs, "items") or ours(implementation_of(model.config)) is None:
        return
    # one that is empty belongs to a kind of attention that the model has not
    given = [weights for key, field in outputs.items() if key.endswith("attentions") for weights in field or ()]
    if not given or any(weights is None for weights in given):
        raise InputError(
            f"{type(model).__name__} did not hand output_attentions=True on to its attention modules; "
            "their weights are not to be had with this model"
        )
