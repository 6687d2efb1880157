"""Marginalisation: the expectation itself, over the classes that have any probability."""

from __future__ import annotations

import torch
from torch import Tensor

from ..objective import NegativeElbo
from ..posterior import Posterior
from .estimator import Estimator


class Marginal(Estimator):
    """Exactly sum over z with q(z|x) > 0 of q(z|x) f(x, z). As many decoder calls as q has classes.

    The pairs (image, class) of the whole batch go through the decoder in one call, whatever the
    size of each image's support. A class outside the support contributes neither a value nor a
    gradient: the Jacobian of a sparse mapping is zero there.
    """

    def forward(self, posterior: Posterior, objective: NegativeElbo, generator: torch.Generator) -> Tensor:
        return marginal(posterior, objective)


def marginal(posterior: Posterior, objective: NegativeElbo) -> Tensor:
    """The expectation for each image, ``[N]``."""
    image, label = posterior.support()
    terms = posterior.probabilities[image, label] * objective.pairs(image, label)
    return terms.new_zeros(len(posterior.scores)).index_add(0, image, terms)
