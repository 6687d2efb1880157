"""Sparse multimodal attention for OpenNMT-py: ev-softmax and its neighbours.

The mappings are at hand as ``from onmt_evsoftmax import evsoftmax, EvSoftmax``.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.2.0"

_NAMES = {
    "onmt_evsoftmax.normalizers": (
        "Entmax15",
        "EvSoftmax",
        "LearnedAlphaEntmax",
        "LearnedMultiMax",
        "LearnedSSMax",
        "LogEvSoftmax",
        "PosthocEvidential",
        "Softmax",
        "SparseHourglass",
        "Sparsemax",
        "TopkSoftmax",
        "alpha_entmax",
        "entmax15",
        "evsoftmax",
        "log_evsoftmax",
        "multimax",
        "posthoc_evidential",
        "posthoc_evidential_from_features",
        "register",
        "sigmoid",
        "softmax",
        "softmax1",
        "softpick",
        "sparsehourglass",
        "sparsemax",
        "ssmax",
        "topk_softmax",
    ),
    "onmt_evsoftmax.normalizers.losses": (
        "EvSoftmaxLoss",
        "SparsemaxLoss",
        "Tsallis15Loss",
        "cross_entropy_loss",
        "evsoftmax_kl",
        "evsoftmax_loss",
        "sparsemax_loss",
        "tsallis15_loss",
    ),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = ["__version__", *sorted(_MODULE_OF)]


def __getattr__(name: str) -> Any:
    # commands that need no torch import this package too, and must not wait for it
    if name in _MODULE_OF:
        return getattr(importlib.import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
