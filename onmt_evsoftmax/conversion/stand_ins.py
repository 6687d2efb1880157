"""Stand-ins for the classes and functions that old checkpoints name in their pickles."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

LEGACY_NAMES = {
    "torchtext.vocab": ("Vocab", "_default_unk_index"),
    "torchtext.data.field": ("RawField", "Field", "LabelField"),
    "torchtext.data.utils": ("_split_tokenizer",),
    "torchtext.data.pipeline": ("Pipeline",),
    "onmt.inputters.text_dataset": ("TextMultiField", "_feature_tokenize"),
    "onmt.inputters.inputter": ("_feature_tokenize", "make_src", "make_tgt", "AlignField", "parse_align_idx"),
    "onmt.utils.optimizers": ("Optimizer", "MultipleOptimizer"),
    "onmt.optimizers": ("Optimizer", "MultipleOptimizer"),
    "onmt.Optim": ("Optim", "MultipleOptimizer"),
    "torch.optim.sgd": ("SGD",),
    "torch.optim.adagrad": ("Adagrad",),
    "torch.optim.adadelta": ("Adadelta",),
    "torch.optim.adam": ("Adam",),
    "torch.optim.sparse_adam": ("SparseAdam",),
    "torch.optim.optimizer": ("_RequiredParameter",),
    "functools": ("partial",),
}
"""module -> names. Versions 0.1 to 0.6 pickled torchtext's vocabularies and the optimiser, later ones
torchtext's fields with the functions that they call."""

_INERT = (argparse.Namespace, Counter, dict, set)


class StandIn:
    """Takes the place of a class or a function: whatever it is called with, nothing happens.

    Attributes:
        attributes: the instance dictionary that the pickle holds for it.
    """

    __slots__ = ("attributes",)

    def __new__(cls, *_arguments: Any, **_keywords: Any) -> StandIn:
        return object.__new__(cls)

    def __init__(self, *_arguments: Any, **_keywords: Any) -> None:
        self.attributes: dict = {}

    def __setstate__(self, state: Any) -> None:
        self.attributes = state if isinstance(state, dict) else {}


class _DefaultDict:
    """Stands for `collections.defaultdict`: a plain dict, which is all that torch lets a pickle fill."""

    def __new__(cls, *_arguments: Any) -> dict:  # type: ignore[misc]  # not an instance of it, as it says
        return {}


def stand_ins() -> list[Any]:
    """What to hand to `torch.serialization.safe_globals` so that an old checkpoint loads, and nothing else.

    Everything in the list is inert: the stand-ins, three collections (of which newer versions of torch allow
    two anyway) and `argparse.Namespace`, which holds the options. torch finds a class by its ``__module__``
    and ``__qualname__``; that is why the stand-ins carry old names.
    """
    names = [(module, name) for module, names in LEGACY_NAMES.items() for name in names]
    classes = [_renamed(StandIn, module, name) for module, name in names]
    return [*classes, _renamed(_DefaultDict, "collections", "defaultdict"), *_INERT]


def _renamed(base: type, module: str, name: str) -> type:
    return type(name, (base,), {"__module__": module, "__slots__": ()})


def attributes_of(thing: Any) -> dict:
    """The instance dictionary that a stand-in was given; empty for anything else."""
    return getattr(thing, "attributes", {}) if isinstance(thing, StandIn) else {}
