"""The table of mappings by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Callable, Optional

from torch import Tensor

from ..base.catalogue import PRINTED_NAMES
from ..base.errors import InputError
from .entmax15 import entmax15
from .evsoftmax import evsoftmax
from .posthoc_evidential import posthoc_evidential
from .softmax import softmax
from .sparsehourglass import sparsehourglass
from .sparsemax import sparsemax
from .topk_softmax import topk_softmax


@dataclass(frozen=True)
class Normalizer:
    """A mapping from scores to probabilities.

    Attributes:
        name: the one string that names it in configurations, checkpoints, tables and files.
        function: ``function(scores, mask=None, dim=-1)``.
        loss_name: the function of `onmt_evsoftmax.normalizers.losses` that a classifier with this mapping is
            trained with; None for a mapping that is only a control.
    """

    name: str
    function: Callable[..., Tensor]
    loss_name: Optional[str]

    @property
    def printed_name(self) -> str:
        """How it is written in a table or a figure."""
        return PRINTED_NAMES[self.name]

    @property
    def loss(self) -> Callable[..., Tensor]:
        """``loss(scores, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0)``.

        Raises:
            InputError: the mapping has none.
        """
        from . import losses  # which itself needs the mappings

        if self.loss_name is None:
            raise InputError(
                f"{self.printed_name} has no loss of its own; train with softmax's and apply it afterwards"
            )
        return getattr(losses, self.loss_name)


NORMALIZERS: Mapping[str, Normalizer] = MappingProxyType(
    {
        normalizer.name: normalizer
        for normalizer in (
            Normalizer("softmax", softmax, "cross_entropy_loss"),
            Normalizer("evsoftmax", evsoftmax, "evsoftmax_loss"),
            Normalizer("sparsemax", sparsemax, "sparsemax_loss"),
            Normalizer("entmax15", entmax15, "tsallis15_loss"),
            Normalizer("posthoc_evidential", posthoc_evidential, "cross_entropy_loss"),
            Normalizer("sparsehourglass", sparsehourglass, None),
            Normalizer("topk_softmax", topk_softmax, None),
        )
    }
)


def names() -> tuple[str, ...]:
    """The known names, in the order of the tables.

    >>> names()[:3]
    ('softmax', 'evsoftmax', 'sparsemax')
    """
    return tuple(NORMALIZERS)


def get(name: str) -> Normalizer:
    """The mapping called ``name``.

    Raises:
        InputError: there is none; the message lists the known names.

    >>> get("evsoftmax").printed_name
    'ev-softmax'
    """
    try:
        return NORMALIZERS[name]
    except KeyError:
        raise InputError(f"unknown mapping {name!r}; known: {', '.join(NORMALIZERS)}") from None
