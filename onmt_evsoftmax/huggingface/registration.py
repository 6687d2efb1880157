"""Our functions in Transformers' two tables: of attention functions, and of the masks that they get."""

from __future__ import annotations

import re

from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS, AttentionInterface

from ..base import catalogue
from ..base.errors import InputError
from ..base.suggestions import nearest
from ..normalizers import registry
from .adapter import adapter
from .names import KINDS, AttentionFunctions
from .tripwire import THEIRS

_registered: set[str] = set()


def register_all() -> None:
    """Register every function of the catalogue, for all attention and for each kind alone.

    Those with learned parameters are left out: Transformers would neither make nor load the parameters.
    """
    for function in catalogue.names():
        if registry.get(function).module is None:
            for name in (function, *(f"{kind}:{function}" for kind in KINDS)):
                register(name)


def register(name: str) -> None:
    """Register one name, if it is one of ours and not registered yet.

    Raises:
        InputError: a function in it has learned parameters, or is called as one of Transformers' own; or the name is
            nobody's, and nearly one of ours.
    """
    if name in _registered and name in ALL_ATTENTION_FUNCTIONS:
        return
    functions = AttentionFunctions.parse(name)
    if functions is None:
        _check_spelling(name)
        return
    for function in (functions.self_attention, functions.cross_attention):
        _check_function(function)
    AttentionInterface.register(name, adapter(name, functions, check_mask))
    AttentionMaskInterface.register(name, sdpa_mask)
    _registered.add(name)


def _check_spelling(name: str) -> None:
    """Transformers' own error about an unknown name lists none of ours."""
    if "/" in name or "|" in name or name in ALL_ATTENTION_FUNCTIONS:  # a kernel of the hub; continuous batching
        return
    theirs = {_plain(known): None for known in THEIRS}
    ours = {_plain(printed): known for known in catalogue.names() for printed in (known, catalogue.printed_name(known))}
    meant = {**theirs, **ours}.get(nearest(_plain(name), [*theirs, *ours], resemblance=0.75) or "")
    if meant is not None:
        raise InputError(f"attn_implementation={name!r} is no function that is known here; did you mean {meant}?")


def _plain(name: str) -> str:
    """Without what names are written differently in: capitals, hyphens, underscores, stops and spaces."""
    return re.sub(r"[-_.\s]", "", name).lower()


def _check_function(function: str) -> None:
    if registry.get(function).module is not None:
        raise InputError(
            f"{function} has learned parameters, and Transformers would neither make nor load them; train it with "
            "OpenNMT-py or onmt_evsoftmax.nn"
        )
    if function in THEIRS:
        raise InputError(f"{function} is the name of an attention of Transformers' own; register yours as another")


def check_mask(name: str) -> None:
    """Raise InputError where Transformers would not make a mask for ``name``: no key would be hidden."""
    if name not in ALL_MASK_ATTENTION_FUNCTIONS:
        raise InputError(
            f"{name} has no mask function in Transformers, so padding and future would be seen; something removed it. "
            f"Register it again: AttentionMaskInterface.register({name!r}, sdpa_mask)"
        )
