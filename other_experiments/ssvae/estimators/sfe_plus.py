"""SFE+: the score function estimator with a self-critic (Rennie et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from ..objective import NegativeElbo
from ..posterior import Posterior
from .estimator import Estimator, score_function


class SfePlus(Estimator):
    """grad f(z) + (f(z) - f(z*)) grad log q(z), z ~ q, z* the mode of q. Two decoder calls; unbiased.

    f(z*) is a constant here: no gradient reaches the networks through it.
    """

    def forward(self, posterior: Posterior, objective: NegativeElbo, generator: torch.Generator) -> Tensor:
        label = posterior.sample(generator)
        value = objective.each(label)
        with torch.no_grad():
            critic = objective.each(posterior.mode())
        return score_function(value, value - critic, posterior.log_softmax(label))
