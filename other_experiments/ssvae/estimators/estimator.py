"""The interface of the estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..objective import NegativeElbo
from ..posterior import Posterior


class Estimator(nn.Module):
    """Estimates E_q(z|x)[f(x, z)] and its gradient. What it learns or keeps is in its ``state_dict``.

    Args:
        pixels: of an image.
        settings: those of ``config.yaml``; an estimator reads the keys that concern it.
    """

    def __init__(self, pixels: int, settings: Mapping[str, Any]) -> None:
        super().__init__()

    def forward(self, posterior: Posterior, objective: NegativeElbo, generator: torch.Generator) -> Tensor:
        """A number per image, ``[N]``: its value estimates the expectation, its gradient the gradient."""
        raise NotImplementedError


def score_function(value: Tensor, advantage: Tensor, log_probability: Tensor) -> Tensor:
    """``value`` with the score function's gradient added: grad f(z) + advantage * grad log q(z).

    Args:
        value: f of the sampled classes; its own gradient stays.
        advantage: f less a baseline; taken as constant.
        log_probability: log q of the sampled classes.
    """
    return value + with_gradient(advantage.detach() * log_probability)


def with_gradient(term: Tensor) -> Tensor:
    """Zero, with the gradient of ``term``."""
    return term - term.detach()
