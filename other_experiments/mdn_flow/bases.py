"""The base densities that flows start from, one row for each that is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import torch
from torch import Tensor, nn
from torch.distributions import Distribution
from zuko.distributions import DiagNormal
from zuko.lazy import LazyDistribution, UnconditionalDistribution

from onmt_evsoftmax.base.errors import InputError

from .rad import RadBase
from .relaxed_mixture import RelaxedMixture, gaussian_mixture
from .weights import log_weights


@dataclass(frozen=True)
class Base:
    """A base density of the comparison.

    Attributes:
        temperature: None for a base that is not relaxed.
        joint: the ablation, trained on log p(z, c).
    """

    name: str
    printed_name: str
    temperature: Optional[float] = None
    joint: bool = False


BASES = {
    base.name: base
    for base in (
        Base("normal", "N(0, I)"),
        Base("mixture", "exact mixture"),
        Base("relaxed01", "relaxed, tau 0.1", 0.1),
        Base("relaxed02", "relaxed, tau 0.2", 0.2),
        Base("relaxed05", "relaxed, tau 0.5", 0.5),
        Base("rad", "RAD"),
        Base("joint05", "joint with eq. 2, tau 0.5", 0.5, joint=True),
    )
}


class MixtureBase(LazyDistribution):
    """K Gaussians with diagonal covariance; weights by any mapping of the package.

    Args:
        features: D.
        settings: ``components, spread, sigma, score_scale, mapping, eps``; means start as N(0, spread^2), all
            sigmas as sigma, the scores behind the weights as N(0, score_scale^2).
    """

    def __init__(self, features: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        shape = (settings["components"], features)
        self.means = nn.Parameter(settings["spread"] * torch.randn(shape))
        self.log_sigmas = nn.Parameter(torch.full(shape, settings["sigma"]).log())
        self.scores = nn.Parameter(settings["score_scale"] * torch.randn(shape[0]))
        self.mapping, self.eps = settings["mapping"], settings["eps"]

    def log_weights(self) -> Tensor:
        """log alpha; with eps in training only (paper, section 3.2)."""
        return log_weights(self.scores, self.mapping, self.eps if self.training else 0.0)

    def forward(self, c: None = None) -> Distribution:
        return gaussian_mixture(self.log_weights(), self.means, self.log_sigmas.exp())


class RelaxedBase(MixtureBase):
    """`RelaxedMixture` with the parameters of `MixtureBase`; one nested size for training, one for scores."""

    def __init__(self, features: int, settings: Mapping[str, Any], temperature: float, joint: bool) -> None:
        super().__init__(features, settings)
        self.temperature, self.joint = temperature, joint
        self.nested, self.nested_evaluation = settings["nested"], settings["nested_evaluation"]

    def forward(self, c: None = None) -> RelaxedMixture:
        kind = _JointMixture if self.joint and self.training else RelaxedMixture
        nested = self.nested if self.training else self.nested_evaluation
        return kind(self.log_weights(), self.means, self.log_sigmas, self.temperature, nested)


class _JointMixture(RelaxedMixture):
    """Trains a flow on the joint log-density, which is what the ablation is about."""

    def log_prob(self, value: Tensor) -> Tensor:
        return self.joint_log_prob(value)


def make_base(name: str, features: int, settings: Mapping[str, Any]) -> LazyDistribution:
    """The untrained base of this name; its numbers come from torch's global generator.

    Raises:
        InputError: no such base.
    """
    if name not in BASES:
        raise InputError(f"unknown base {name!r}; known: {', '.join(BASES)}")
    base = BASES[name]
    if name == "normal":
        zeros, ones = torch.zeros(features), torch.ones(features)
        return UnconditionalDistribution(DiagNormal, zeros, ones, buffer=True)
    if name == "rad":
        return RadBase(features, settings["hidden"], settings["continuity"])
    if base.temperature is None:
        return MixtureBase(features, settings)
    return RelaxedBase(features, settings, base.temperature, base.joint)
