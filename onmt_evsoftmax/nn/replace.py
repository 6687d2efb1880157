"""Puts `MultiheadAttention` into models that are made of torch's layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from torch import nn

from ..base.errors import InputError
from ..normalizers import registry
from .multihead_attention import MultiheadAttention

Which = Literal["self", "cross", "both"]

PLACES = (
    (nn.TransformerEncoderLayer, "self_attn", "self"),
    (nn.TransformerDecoderLayer, "self_attn", "self"),
    (nn.TransformerDecoderLayer, "multihead_attn", "cross"),
)
"""Layers of torch, their attention, and what it is."""


def replace_attention(model: nn.Module, function: str = "evsoftmax", which: Which = "both") -> list[str]:
    """Give every `torch.nn.MultiheadAttention` in a model another function from scores to weights, in place.

    The modules stay the same objects, with their parameters, device, type, mode and hooks; their class becomes
    `MultiheadAttention`. Calling it again changes nothing, or the function. Nested tensors are switched off in the
    `nn.TransformerEncoder` around them.

    Args:
        model: `nn.Transformer`, its encoder, decoder or layers, or any module with torch's attention in it.
        function: a name of `onmt_evsoftmax.normalizers.names`, or one of your own. A function with learned
            parameters adds them to the model; make the optimiser afterwards.
        which: ``self`` or ``cross``: self- or cross-attention alone, in torch's own layers.

    Returns:
        The names of the modules, as in ``model.named_modules()``.

    Raises:
        InputError: no such attention; a subclass of torch's, whose own ``forward`` would be lost; or with ``which``
            an attention outside of torch's layers. Nothing has been replaced then.
    """
    registry.get(function)
    if which not in ("self", "cross", "both"):
        raise InputError(f"which must be self, cross or both, got {which!r}")
    chosen = dict(_chosen(model, which))
    for name, module in chosen.items():
        _check_known(name, module)
    if not chosen:
        kind = "" if which == "both" else f"{which}-"
        raise InputError(f"{type(model).__name__} has no {kind}attention that is a torch.nn.MultiheadAttention")
    for module in chosen.values():
        if type(module) is nn.MultiheadAttention:
            module.__class__ = MultiheadAttention
        assert isinstance(module, MultiheadAttention)
        module.set_function(function)
    for encoder in model.modules():
        if isinstance(encoder, nn.TransformerEncoder) and any(part in chosen.values() for part in encoder.modules()):
            encoder.use_nested_tensor = False
    return list(chosen)


def _chosen(model: nn.Module, which: Which) -> Iterator[tuple[str, nn.MultiheadAttention]]:
    """The attention modules of the kind that is asked for, and their names."""
    kinds = {
        getattr(layer, attribute): kind
        for layer in model.modules()
        for type_of_layer, attribute, kind in PLACES
        if isinstance(layer, type_of_layer)
    }
    for name, module in model.named_modules():
        if not isinstance(module, nn.MultiheadAttention):
            continue
        if which != "both" and module not in kinds:
            raise InputError(
                f"{name or 'the model'}: whether this is self- or cross-attention cannot be told, for it belongs to no "
                "layer of torch; call replace_attention on the attention modules that you choose"
            )
        if which in ("both", kinds.get(module)):
            yield name, module


def _check_known(name: str, module: nn.MultiheadAttention) -> None:
    where = name or "the model"
    if type(module) is not nn.MultiheadAttention and not isinstance(module, MultiheadAttention):
        raise InputError(
            f"{where} is a {type(module).__module__}.{type(module).__qualname__}, whose own forward would be lost; "
            "derive it from onmt_evsoftmax.nn.MultiheadAttention, or replace it by hand"
        )
    if not 0 <= module.dropout < 1:
        raise InputError(f"{where}: dropout must be at least 0 and below 1, got {module.dropout}")
