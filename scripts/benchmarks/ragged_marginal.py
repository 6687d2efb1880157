"""One decoder call on the pairs of the support against a loop over the classes.

    OMP_NUM_THREADS=1 python -m scripts.benchmarks.ragged_marginal

Forward and backward of E_q(z|x)[-ELBO(x, z)] for a batch of 64 MNIST-sized images with ten classes.
The ways alternate within one run, so that a change in the machine's load meets all of them; the
median is printed, and the time relative to the loop over all classes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from onmt_evsoftmax.normalizers import softmax
from other_experiments.ssvae.estimators.marginal import marginal
from other_experiments.ssvae.model import Model
from other_experiments.ssvae.objective import NegativeElbo
from other_experiments.ssvae.posterior import Posterior

IMAGES, PIXELS, LABELS, LATENT = 64, 784, 10, 8
SUPPORTS = (1, 2, 5, 10)
"""Classes with some probability, the same number for every image."""


class Problem:
    """A batch whose q(z | x) has ``support`` classes, another set of them for every image."""

    def __init__(self, support: int) -> None:
        random = torch.Generator().manual_seed(0)
        self.model = Model(PIXELS, LABELS, latent=LATENT)
        self.images = (torch.rand(IMAGES, PIXELS, generator=random) < 0.2).float()
        self.noise = torch.randn(IMAGES, LABELS, LATENT, generator=random)
        scores = torch.rand(IMAGES, LABELS, generator=random)
        self.scores = scores.masked_fill(scores.argsort(-1).argsort(-1) < LABELS - support, -torch.inf)

    def ragged(self) -> Tensor:
        """The pairs of the support in one call."""
        return marginal(self._posterior(), self._objective())

    def loop(self) -> Tensor:
        """Every class of every image, one call per class."""
        objective, probabilities = self._objective(), self._posterior().probabilities
        classes = (torch.full((IMAGES,), label) for label in range(LABELS))
        values = [objective.each(label) for label in classes]
        return (probabilities * torch.stack(values, -1)).sum(-1)

    def sparse_loop(self) -> Tensor:
        """One call per class, on the images that have it in their support."""
        objective, probabilities = self._objective(), self._posterior().probabilities
        total = torch.zeros(IMAGES)
        for label in range(LABELS):
            image = (probabilities[:, label] > 0).nonzero().squeeze(-1)
            values = objective.pairs(image, torch.full_like(image, label))
            total = total.index_add(0, image, probabilities[image, label] * values)
        return total

    def _posterior(self) -> Posterior:
        return Posterior(self.scores, softmax)

    def _objective(self) -> NegativeElbo:
        return NegativeElbo(self.model, self.images, self.noise)


def measure(ways: dict[str, Callable[[], Tensor]], model: Model, repeats: int) -> dict[str, float]:
    """Median milliseconds of a forward and a backward pass of each way."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 3):
        for name, way in ways.items():
            model.zero_grad()
            start = time.perf_counter()
            way().mean().backward()
            if repeat >= 3:  # the first ones warm the caches
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--repeats", type=int, default=100, metavar="N", help="measurements of each way (default: 100)")
    add("--threads", type=int, default=1, metavar="N", help="threads of torch (default: 1)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print("support   one ragged call   loop over classes   loop over classes in use")
    for support in SUPPORTS:
        problem = Problem(support)
        ways = {"ragged": problem.ragged, "loop": problem.loop, "sparse_loop": problem.sparse_loop}
        for way in ways.values():
            torch.testing.assert_close(way(), problem.loop())
        times = measure(ways, problem.model, arguments.repeats)
        cells = [f"{value:6.2f} ms ({value / times['loop']:4.2f})" for value in times.values()]
        print(f"{support:7d}   {'     '.join(cells)}")


if __name__ == "__main__":
    main()
