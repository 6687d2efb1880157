"""A normalizing flow of zuko over one of the bases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import zuko
from zuko.lazy import LazyDistribution

from ..common.config import check_known
from ..common.seeding import seeded
from .bases import make_base

FLOWS = {
    "none": "no flow",
    "maf": "masked autoregressive flow",
    "spline": "neural spline flow",
}


def make_model(flow: str, base: str, features: int, settings: Mapping[str, Any], seed: int) -> LazyDistribution:
    """The untrained model; a call of it gives a distribution, with ``rsample`` if its base has one.

    Args:
        flow: of `FLOWS`; none is the base alone.
        base: of `bases.BASES`.
        features: D.
        settings: ``transforms, hidden, bins`` of the flow, and those of the base.
        seed: the weights depend on it and on nothing else.
    """
    check_known("flow", [flow], FLOWS)
    with seeded(seed, "flow"):  # the same network over every base
        transform = _transform(flow, features, settings)
    with seeded(seed, "base"):
        start = make_base(base, features, settings)
    return start if transform is None else zuko.flows.Flow(transform, start)


def base_of(model: LazyDistribution) -> LazyDistribution:
    """The base of a model, which is the model itself if there is no flow."""
    return model.base if isinstance(model, zuko.flows.Flow) else model


def _transform(flow: str, features: int, settings: Mapping[str, Any]) -> Any:
    options = {"transforms": settings["transforms"], "hidden_features": (settings["hidden"],) * 2}
    if flow == "maf":
        return zuko.flows.MAF(features, **options).transform
    if flow == "spline":
        return zuko.flows.NSF(features, bins=settings["bins"], **options).transform
    return None
