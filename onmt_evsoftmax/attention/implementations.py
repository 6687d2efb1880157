"""The implementations by name, what each cannot do, and which one is chosen for a request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Optional

import torch
from torch import Tensor

from ..base.errors import InputError
from .blockwise import blockwise
from .dense import dense
from .flex import flex, flex_obstacle
from .reference import reference
from .request import Request
from .sdpa import sdpa

DENSE_SCORES = {"cpu": 2**23}
"""Largest number of scores, by device, for which `auto` takes `dense`; with more it takes `blockwise`."""
DENSE_SCORES_ELSEWHERE = 2**28

CAUSAL_LENGTH = 2048
"""Number of keys from which skipping the future outweighs the scores that `blockwise` computes twice."""

FLEX_LENGTH = 512
"""Number of keys from which `auto` takes `flex` on a GPU; with fewer its kernel has too little to do."""

log = logging.getLogger("onmt_evsoftmax")


@dataclass(frozen=True)
class Implementation:
    """One way to compute attention.

    Attributes:
        run: request -> context, and weights if they were asked for.
        obstacle: why it cannot run this request; None if it can.
        shows_what_is_hidden: whether a hidden NaN or infinity that it cannot bear makes its output so. A threshold of
            NaN makes ``flex`` drop all scores of a row, and its output zero.
    """

    name: str
    run: Callable[[Request], tuple[Tensor, Optional[Tensor]]]
    obstacle: Callable[[Request], Optional[str]]
    shows_what_is_hidden: bool = True


def _none(_request: Request) -> Optional[str]:
    return None


def _blockwise_obstacle(request: Request) -> Optional[str]:
    if request.return_weights:
        return "it never has all weights at once; use dense"
    if request.query.device.type == "meta":
        return "it draws numbers, which meta tensors do not hold; use reference or dense"
    return _dense_obstacle(request)


def _dense_obstacle(request: Request) -> Optional[str]:
    if request.normalizer.family == "row":
        return f"it has no backward pass of its own for {request.normalizer.name}; use reference"
    return None


def _sdpa_obstacle(request: Request) -> Optional[str]:
    if request.normalizer.family != "softmax":
        return f"it computes softmax, not {request.normalizer.name}"
    return "it does not return weights; use dense" if request.return_weights else None


IMPLEMENTATIONS: Mapping[str, Implementation] = MappingProxyType(
    {
        implementation.name: implementation
        for implementation in (
            Implementation("reference", reference, _none),
            Implementation("dense", dense, _dense_obstacle),
            Implementation("blockwise", blockwise, _blockwise_obstacle),
            Implementation("flex", flex, flex_obstacle, shows_what_is_hidden=False),
            Implementation("sdpa", sdpa, _sdpa_obstacle),
        )
    }
)


def select(name: str, request: Request) -> Implementation:
    """The implementation called ``name``, or the best one if that is ``auto``.

    Raises:
        InputError: there is none of that name, or it cannot run this request.
    """
    if name == "auto":
        name, reason = _best(request)
        if not is_traced():  # which cannot log
            log.debug("attention with %s: %s, because %s", request.normalizer.name, name, reason)
    if name not in IMPLEMENTATIONS:
        raise InputError(f"unknown implementation {name!r}; known: auto, {', '.join(IMPLEMENTATIONS)}")
    obstacle = IMPLEMENTATIONS[name].obstacle(request)
    if obstacle:
        raise InputError(f"implementation {name} cannot run this: {obstacle}")
    return IMPLEMENTATIONS[name]


def is_traced() -> bool:
    """Whether torch.compile, torch.export or a transform of torch.func is at work: no value can be looked at."""
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


def _best(request: Request) -> tuple[str, str]:
    """Name of the implementation that ``auto`` stands for, and the reason for the log."""
    device = request.query.device.type
    if is_traced():
        return "reference", "it is compiled, exported or transformed, which the others do not support"
    if request.normalizer.family == "row":
        return "reference", "the others know nothing of this function"
    if device == "meta":
        return "reference", "meta tensors have shapes only"
    if request.return_weights:
        return "dense", "weights are asked for"
    if request.normalizer.family == "softmax":
        return "sdpa", "torch has a fused softmax attention"
    if device == "cuda" and request.key.shape[-2] >= FLEX_LENGTH and flex_obstacle(request) is None:
        return "flex", f"there are {FLEX_LENGTH} keys or more, on a GPU, without dropout"
    if request.visibility.causal and request.key.shape[-2] >= CAUSAL_LENGTH:
        return "blockwise", f"it skips the future of {CAUSAL_LENGTH} keys or more"
    limit = DENSE_SCORES.get(device, DENSE_SCORES_ELSEWHERE)
    if request.scores <= limit:
        return "dense", f"{request.scores} scores are at most {limit}"
    return "blockwise", f"{request.scores} scores are more than {limit}"
