"""Mappings from scores to probabilities: one per file, all in one registry."""

from .entmax15 import Entmax15, entmax15
from .evsoftmax import EvSoftmax, evsoftmax
from .log_evsoftmax import LogEvSoftmax, log_evsoftmax
from .posthoc_evidential import (
    PosthocEvidential,
    belief_masses,
    evidential_weights,
    posthoc_evidential,
    posthoc_evidential_from_features,
)
from .registry import NORMALIZERS, Normalizer, get, names
from .softmax import Softmax, softmax
from .sparsehourglass import SparseHourglass, sparsehourglass
from .sparsemax import Sparsemax, sparsemax
from .topk_softmax import TopkSoftmax, topk_softmax

__all__ = [
    "NORMALIZERS",
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
    "softmax",
    "sparsehourglass",
    "sparsemax",
    "topk_softmax",
]
