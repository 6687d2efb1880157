"""q(z | x) of a batch of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

import torch
from torch import Tensor


class Posterior:
    """q(z | x) = normalizer(scores).

    Args:
        scores: ``[N, K]``.
        normalizer: from scores to probabilities over the last dimension.
    """

    def __init__(self, scores: Tensor, normalizer: Callable[[Tensor], Tensor]) -> None:
        self.scores = scores
        self.probabilities = normalizer(scores)

    def entropy(self) -> Tensor:
        """-sum_z q(z) log q(z) with 0 log 0 = 0, ``[N]``, in nats."""
        # log of at least the smallest number: outside the support the derivative of the mapping is
        # zero, and zero times an infinite logarithm would be NaN
        smallest = torch.finfo(self.probabilities.dtype).tiny
        return -torch.xlogy(self.probabilities, self.probabilities.clamp(min=smallest)).sum(-1)

    def support(self) -> tuple[Tensor, Tensor]:
        """Image numbers and class numbers of the pairs with q(z | x) > 0, ``[P]`` each, by image."""
        image, label = (self.probabilities > 0).nonzero(as_tuple=True)
        return image, label

    def mode(self) -> Tensor:
        """The most probable class of each image, ``[N]``."""
        return self.scores.argmax(-1)

    def sample(self, generator: Optional[torch.Generator], without: Optional[Tensor] = None) -> Tensor:
        """One class of each image, ``[N]``.

        Args:
            generator: where the random numbers come from.
            without: a class of each image, ``[N]``, that is left out; the others keep their
                proportions. For softmax only.
        """
        probabilities = self.probabilities.detach()
        if without is not None:
            # from the scores: the other probabilities may all have been rounded to zero
            probabilities = self.scores.detach().scatter(-1, without[:, None], -torch.inf).softmax(-1)
        return torch.multinomial(probabilities, 1, generator=generator).squeeze(-1)

    def log_softmax(self, label: Tensor) -> Tensor:
        """log q(z | x) of one class of each image, ``[N]``, for softmax; finite where q rounds to zero."""
        return self.scores.log_softmax(-1).gather(-1, label[:, None]).squeeze(-1)
