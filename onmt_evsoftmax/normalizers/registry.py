"""What each function of the catalogue computes, and the way in for functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

import torch
from torch import Tensor, nn

from ..base import catalogue
from ..base.errors import InputError
from .alpha_entmax import LearnedAlphaEntmax, alpha_entmax
from .entmax15 import Entmax15Function, entmax15
from .evsoftmax import evsoftmax
from .losses import cross_entropy_loss, evsoftmax_loss, sparsemax_loss, tsallis15_loss
from .multimax import LearnedMultiMax, multimax
from .posthoc_evidential import posthoc_evidential
from .row_function import RowFunction, check_rows
from .softmax import softmax
from .sparsehourglass import sparsehourglass
from .sparsemax import SparsemaxFunction, sparsemax
from .ssmax import LearnedSSMax, ssmax
from .topk_softmax import topk_softmax
from .unnormalised import sigmoid, softmax1, softpick


@dataclass(frozen=True)
class Normalizer:
    """A function from scores to probabilities.

    Attributes:
        name: the one string that names it, in the catalogue and everywhere else.
        mapping: ``mapping(scores, mask=None, dim=-1)``; None if it has learned parameters.
        loss_function: see `loss`; None for a mapping that is only a control.
        module: heads -> a module with learned parameters, for scores ``[..., heads, queries, keys]``; attention
            takes it in place of ``mapping``.
        product: ``product(weights, vector, dim)``, the Jacobian times a vector, of the family ``projected``.
        own: what the user gave to `register`; None where it belongs to the package.
    """

    name: str
    mapping: Optional[Callable[..., Tensor]]
    loss_function: Optional[Callable[..., Tensor]] = None
    module: Optional[Callable[[int], nn.Module]] = None
    product: Optional[Callable[[Tensor, Tensor, int], Tensor]] = None
    own: Optional[Callable] = None

    @property
    def printed_name(self) -> str:
        """How it is written in a table or a figure."""
        return catalogue.get(self.name).printed_name

    @property
    def family(self) -> catalogue.Family:
        """What attention makes use of; a function outside the catalogue is one of a row."""
        return catalogue.get(self.name).family if self.name in _NORMALIZERS else "row"

    @property
    def function(self) -> Callable[..., Tensor]:
        """``function(scores, mask=None, dim=-1)``; parameters that it may learn have their defaults.

        Raises:
            InputError: it is the user's and has learned parameters, so there is one for each layer; see `make`.
        """
        return self.mapping or self.without_parameters().function

    def without_parameters(self) -> Normalizer:
        """Itself, if there is nothing in it to be learned.

        Raises:
            InputError: it has learned parameters.
        """
        if self.module is not None:
            raise InputError(
                f"{self.name} has learned parameters; give a module: "
                f"onmt_evsoftmax.normalizers.get({self.name!r}).make(heads)"
            )
        return self

    def make(self, heads: int) -> Callable[..., Tensor]:
        """``function`` or, where it has learned parameters, a new module for attention with so many heads."""
        return self.function if self.module is None else RowFunction(self.module(heads))

    @property
    def loss(self) -> Callable[..., Tensor]:
        """``loss(scores, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0)``.

        Raises:
            InputError: the mapping has none.
        """
        if self.loss_function is None:
            raise InputError(
                f"{self.printed_name} has no loss of its own; train with softmax's and apply it afterwards"
            )
        return self.loss_function


_NORMALIZERS = {
    normalizer.name: normalizer
    for normalizer in (
        Normalizer("softmax", softmax, cross_entropy_loss),
        Normalizer("sparsemax", sparsemax, sparsemax_loss, product=SparsemaxFunction.product),
        Normalizer("entmax15", entmax15, tsallis15_loss, product=Entmax15Function.product),
        Normalizer("posthoc_evidential", posthoc_evidential, cross_entropy_loss),
        Normalizer("evsoftmax", evsoftmax, evsoftmax_loss),
        Normalizer("sparsehourglass", sparsehourglass),
        Normalizer("topk_softmax", topk_softmax),
        Normalizer("alpha_entmax", alpha_entmax, module=LearnedAlphaEntmax),
        Normalizer("multimax", multimax, module=LearnedMultiMax),
        Normalizer("ssmax", ssmax, module=LearnedSSMax),
        Normalizer("softmax1", softmax1),
        Normalizer("softpick", softpick),
        Normalizer("sigmoid", sigmoid),
    )
}


def names() -> tuple[str, ...]:
    """The known names, in the order of the tables.

    >>> names()[:3]
    ('softmax', 'sparsemax', 'entmax15')
    """
    return catalogue.names()


def get(name: str) -> Normalizer:
    """The mapping called ``name``.

    Raises:
        InputError: there is none; the message lists the known names.

    >>> get("evsoftmax").printed_name
    'ev-softmax'
    """
    return _NORMALIZERS[catalogue.get(name).name]


def register(
    name: str,
    function: Optional[Callable] = None,
    *,
    printed_name: Optional[str] = None,
    trained_as: Optional[str] = None,
    loss: Optional[Callable[..., Tensor]] = None,
    line: Optional[catalogue.Line] = None,
) -> Callable:
    """Add a function of your own, for attention: in Python, in OpenNMT-py, in sweeps and in reports.

    >>> @register("squared", printed_name="squared softmax")
    ... def squared(scores, mask):
    ...     weights = softmax(scores, mask).square()
    ...     return weights / weights.sum(-1, keepdim=True)
    >>> get("squared").function(torch.tensor([0.0, 0.0, -torch.inf]))
    tensor([0.5000, 0.5000, 0.0000])
    >>> unregister("squared")

    Put it into a module, and name that module in the environment variable ``ONMT_EVSOFTMAX_FUNCTIONS`` or in an
    entry point of the group ``onmt_evsoftmax.functions``, so that commands and child processes find it.

    Args:
        name: letters, digits and _; part of file names.
        function: ``function(scores, mask)``, scores ``[..., queries, keys]`` of float32 or float64 and a boolean
            mask of their shape, with at least one True in each row. Masked scores are -1e18. Returns weights of the
            same shape: not negative, zero where masked, of sum one. Or the class of a module with learned
            parameters: ``function(heads)`` is made once for each attention layer, its scores are ``[batch, heads,
            queries, keys]``, and its parameters are part of the model. Without it `register` is a decorator.
        printed_name: for tables and figures; default: the name.
        trained_as: the function that models are trained with before this one takes its place; default: itself.
        loss: of a classifier with this mapping, see `Normalizer.loss`.
        line: an `onmt_evsoftmax.base.catalogue.Line`, how its curves are drawn; default: a spare one.

    Raises:
        InputError: the name is taken or cannot be one, or the function does not do on a small example what is
            said above.
    """
    if not isinstance(name, str):
        raise InputError(f'register needs a name first, got {name!r}; write @register("NAME")')
    if function is None:
        return lambda given: register(
            name, given, printed_name=printed_name, trained_as=trained_as, loss=loss, line=line
        )
    if isinstance(function, nn.Module):
        raise InputError(f"{name}: give the class {type(function).__name__}; one is made for each attention layer")
    has_parameters = isinstance(function, type) and issubclass(function, nn.Module)
    is_trained = trained_as in (None, name)
    if has_parameters and not is_trained:
        raise InputError(f"{name}: learned parameters are trained, so trained_as={trained_as} cannot be")
    with torch.random.fork_rng(devices=()):  # to try it leaves no trace in the user's random numbers
        check_rows(name, (lambda: function(2)) if has_parameters else (lambda: function), is_trained)
    catalogue.add(name, printed_name, trained_as, line)
    mapping = None if has_parameters else RowFunction(function)
    _NORMALIZERS[name] = Normalizer(name, mapping, loss, function if has_parameters else None, own=function)
    return function


def unregister(name: str) -> None:
    """Take a function that `register` added out again.

    Raises:
        InputError: the package itself brings it, or there is none.

    >>> unregister("softmax")
    Traceback (most recent call last):
    onmt_evsoftmax.base.errors.InputError: softmax belongs to onmt_evsoftmax
    """
    if get(name).own is None:
        raise InputError(f"{name} belongs to onmt_evsoftmax")
    catalogue.remove(name)
    del _NORMALIZERS[name]
