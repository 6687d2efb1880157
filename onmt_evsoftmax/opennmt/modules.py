"""Puts a mapping into the attention modules and the generator of an OpenNMT-py model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Optional, Union

from torch import Tensor, nn

from ..base.errors import InputError
from ..normalizers import log_evsoftmax, registry
from ..normalizers.row_function import RowFunction
from ..plugin.option_keys import CONTEXT, GENERATOR, SELF
from .functions import AttentionFunctions

LEARNED = "learned_"
"""What a function with learned parameters is called in the state dict: ``self_attn.softmax.learned_NAME``. With its
name, so that no function takes the parameters of another for its own."""

EPSILON = 1e-6
"""ε of the paper's eq. 10, for distributions whose logarithm is taken (section 3.2)."""


class AttentionNormalizer(nn.Module):
    """Stands where `MultiHeadedAttention` keeps its ``softmax``, and says which mapping the module uses.

    Most mappings have neither parameters nor buffers, so the state dict of the model stays what it was, and any
    softmax checkpoint can be fine-tuned. Those that have learned parameters: see `learned`.

    Attributes:
        name: of the mapping.
        mapping: what it computes; a module where it is the user's or has learned parameters.
        calls: how often it was applied, here or inside `onmt_evsoftmax.attention`.
    """

    mapping: Callable[..., Tensor]

    def __init__(self, name: str, heads: int) -> None:
        super().__init__()
        self.name = name
        self.calls = 0
        # no child yet, see `attach`
        object.__setattr__(self, "mapping", registry.get(name).make(heads))

    @property
    def learned(self) -> Optional[nn.Module]:
        """The module with learned parameters or of the user's, where the mapping has one."""
        own = self.mapping.function if isinstance(self.mapping, RowFunction) else None
        return own if isinstance(own, nn.Module) else None

    def attach(self, like: Tensor) -> None:
        """Make that module a part of the model, on the device of ``like`` and frozen if that is."""
        if self.learned is not None:
            self.learned.to(like.device)
            if not like.requires_grad:
                self.learned.requires_grad_(False)
            self.add_module(f"{LEARNED}{self.name}", self.learned)

    @property
    def function(self) -> Union[str, nn.Module]:
        """What `onmt_evsoftmax.attention` takes."""
        return self.mapping if isinstance(self.mapping, nn.Module) else self.name

    @property
    def is_watched(self) -> bool:
        """Whether a hook waits for the weights; then the module must compute them here."""
        return bool(self._forward_hooks)

    def forward(self, scores: Tensor) -> Tensor:
        """Weights for float32 scores ``[batch, heads, queries, keys]``; -1e18 marks invalid keys."""
        self.calls += 1
        return self.mapping(scores)

    def extra_repr(self) -> str:
        return self.name


class Tripwire:
    """Raises when an attention module was run without its mapping.

    A fused kernel inside OpenNMT-py (3.5.1 on a GPU) would compute plain softmax and never call
    ``softmax``; a silent fallback is the one failure that an experiment cannot survive.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self._calls = 0

    def before(self, attention: Any, _inputs) -> None:
        self._calls = attention.softmax.calls

    def after(self, attention: Any, _inputs, _outputs) -> None:
        if attention.softmax.calls == self._calls:
            raise RuntimeError(
                f"{self.where}: attention was computed without {attention.softmax.name}; a fused kernel of "
                "OpenNMT-py bypassed it. Set self_attn_type: scaled-dot, and please report this."
            )


class LogEvSoftmaxHook:
    """Forward hook on the generator: logits -> log p of the ε form of ev-softmax (eq. 10).

    OpenNMT-py applies log-softmax to what the generator returns, in the loss and when
    translating. On normalised log-probabilities that is the identity. The ε form
    is used in both places: the likelihood of a reference stays finite.
    """

    def __call__(self, _generator: nn.Module, _inputs, logits: Tensor) -> Tensor:
        return log_evsoftmax(logits.float(), eps=EPSILON).to(logits.dtype)


def attention_modules(model: nn.Module) -> Iterator[tuple[str, str, Any]]:
    """(kind, name, module) of every `MultiHeadedAttention` in layer order; kind as in the archive."""
    from onmt.modules import MultiHeadedAttention

    for name, module in model.named_modules():
        if isinstance(module, MultiHeadedAttention):
            if module.attn_type == "context":
                yield "cross", name, module
            else:
                yield name.split(".")[0], name, module


def install(model: Any, functions: AttentionFunctions) -> None:
    """Give every attention module of ``model`` its mapping.

    Softmax models are treated alike, so that a comparison of functions compares nothing else. The
    modules are replaced by `MappedMultiHeadedAttention`, which share their parameters.

    Raises:
        InputError: a function was asked for that this architecture has no place for.
    """
    from .multi_headed import MappedMultiHeadedAttention

    found = set()
    for kind, name, replaced in list(attention_modules(model)):
        found.add(kind)
        parent_name, _, leaf = name.rpartition(".")
        parent = model.get_submodule(parent_name)
        attention = MappedMultiHeadedAttention.replacing(replaced, kind, parent)
        setattr(parent, leaf, attention)
        function = functions.context if kind == "cross" else functions.self_attention
        attention.softmax = AttentionNormalizer(function, replaced.head_count)
        # 3.5.1 has a second, fused path for this value; 3.0.4 does not know the attribute
        if getattr(attention, "self_attn_type", None) == "scaled-dot-flash":
            attention.self_attn_type = "scaled-dot"
        if isinstance(replaced, MappedMultiHeadedAttention):
            continue  # it was installed before, and has its tripwire
        tripwire = Tripwire(name)
        attention.register_forward_pre_hook(tripwire.before)
        attention.register_forward_hook(tripwire.after)
    _check_architecture(model, functions, found)


def _check_architecture(model: nn.Module, functions: AttentionFunctions, found: set[str]) -> None:
    from onmt.modules import AverageAttention

    if functions.self_attention != "softmax":
        if not found:
            raise InputError(
                f"{SELF}: {functions.self_attention} needs encoder_type and decoder_type: transformer; "
                "this model has no multi-head attention"
            )
        if any(isinstance(module, AverageAttention) for module in model.modules()):
            raise InputError(
                f"{SELF}: {functions.self_attention} needs self_attn_type: scaled-dot; average attention has no scores"
            )
    if functions.context not in ("softmax", functions.self_attention) and "cross" not in found:
        raise InputError(f"{CONTEXT}: {functions.context}, but this model has no multi-head cross-attention")


def install_generator(generator: nn.Module, functions: AttentionFunctions) -> None:
    """Give the generator, which OpenNMT-py builds after the rest of the model, its mapping.

    Raises:
        InputError: it is not the linear layer that the mapping needs.
    """
    if functions.generator != "evsoftmax":
        return
    if not isinstance(generator, nn.Linear):
        raise InputError(f"{GENERATOR}: evsoftmax does not work with copy_attn, which has a softmax of its own")
    if any(isinstance(hook, LogEvSoftmaxHook) for hook in generator._forward_hooks.values()):
        return  # a second one would take the logarithm of the logarithm
    generator.register_forward_hook(LogEvSoftmaxHook())
