"""Mappings from scores to probabilities: one per file, all in one registry."""

from ..base import extensions
from .alpha_entmax import LearnedAlphaEntmax, alpha_entmax
from .entmax15 import Entmax15, entmax15
from .evsoftmax import EvSoftmax, evsoftmax
from .log_evsoftmax import LogEvSoftmax, log_evsoftmax
from .multimax import LearnedMultiMax, multimax
from .posthoc_evidential import (
    PosthocEvidential,
    belief_masses,
    evidential_weights,
    posthoc_evidential,
    posthoc_evidential_from_features,
)
from .registry import Normalizer, get, names, register, unregister
from .softmax import Softmax, softmax
from .sparsehourglass import SparseHourglass, sparsehourglass
from .sparsemax import Sparsemax, sparsemax
from .ssmax import LearnedSSMax, ssmax
from .topk_softmax import TopkSoftmax, topk_softmax
from .unnormalised import sigmoid, softmax1, softpick

__all__ = [
    "LearnedAlphaEntmax",
    "LearnedMultiMax",
    "LearnedSSMax",
    "alpha_entmax",
    "multimax",
    "ssmax",
    "sigmoid",
    "softmax1",
    "softpick",
    "Entmax15",
    "EvSoftmax",
    "LogEvSoftmax",
    "Normalizer",
    "PosthocEvidential",
    "Softmax",
    "SparseHourglass",
    "Sparsemax",
    "TopkSoftmax",
    "belief_masses",
    "entmax15",
    "evidential_weights",
    "evsoftmax",
    "get",
    "log_evsoftmax",
    "names",
    "posthoc_evidential",
    "posthoc_evidential_from_features",
    "register",
    "softmax",
    "sparsehourglass",
    "sparsemax",
    "topk_softmax",
    "unregister",
]

extensions.load()  # now that all is there that a module of the user's may import
