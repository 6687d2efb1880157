"""The loss, an epoch of training, and the labelled-only start."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from onmt_evsoftmax.normalizers import Normalizer, get

from ..common.progress import Progress
from ..common.seeding import generator
from .data import Split, batches, binarise
from .estimators import ESTIMATORS, Estimator
from .evaluation import draw_noise, validate
from .methods import Method
from .model import Model
from .objective import NegativeElbo
from .posterior import Posterior


def labelled_loss(model: Model, normalizer: Normalizer, images: Tensor, labels: Tensor, noise: Tensor) -> Tensor:
    """Mean over the batch of -ELBO(x, y) + label loss(q(z | x), y); a scalar.

    The label loss is the mapping's own: cross-entropy, sparsemax loss, Tsallis-1.5 loss, or for
    ev-softmax the epsilon negative log-likelihood, which is finite outside the support too.
    """
    value = NegativeElbo(model, images, noise).each(labels)
    return value.mean() + normalizer.loss(model.classifier(images), labels)


def unlabelled_loss(
    model: Model,
    normalizer: Normalizer,
    estimator: Estimator,
    images: Tensor,
    noise: Tensor,
    random: torch.Generator,
) -> Tensor:
    """Mean over the batch of E_q(z|x)[-ELBO(x, z)] - H(q(z | x)); a scalar.

    The mapping is used in its sparse form, without the epsilon of ev-softmax: with it every
    class would have some probability and would have to be decoded. The entropy is exact.
    """
    posterior = Posterior(model.classifier(images), normalizer.function)
    estimate = estimator(posterior, NegativeElbo(model, images, noise), random)
    return (estimate - posterior.entropy()).mean()


class Trainer:
    """One method with one seed.

    loss = mean[-ELBO(x, y) + label loss(q(z | x), y)] + w mean[E_q(z|u)[-ELBO(u, z)] - H(q(z | u))]

    over a batch of labelled images x with labels y and a batch of unlabelled images u, with w
    the number of unlabelled images per labelled one (paper, section 4.2; Kingma et al. 2014, eqs.
    6-9). An epoch is one pass over the unlabelled images; every draw of an image is binarised anew.
    All random numbers of an epoch come from the seed and the number of the epoch.
    """

    def __init__(self, method: Method, settings: Mapping[str, Any], seed: int, data: Split) -> None:
        self.settings, self.seed, self.data = settings, seed, data
        self.normalizer = get(method.normalizer)
        self.model = new_model(settings, data, seed)
        with _seeded(seed, "estimator"):
            self.estimator = ESTIMATORS[method.estimator](data.images.shape[1], settings)
        parameters = [*self.model.parameters(), *self.estimator.parameters()]
        self.optimizer = _adam(parameters, settings["learning_rate"], settings)

    def epoch(self, number: int) -> dict[str, float]:
        """Train for one epoch; returns the measurements that go to the log."""
        start, cpu_start = time.perf_counter(), time.process_time()
        loss, calls = self._train(generator(self.seed, f"epoch {number}"))
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        data = self.data
        images, labels = data.validation_images, data.validation_labels
        scores = validate(self.model, self.normalizer.function, images, labels)
        return {
            "epoch": number,
            "loss": loss,
            **{f"validation_{name}": value for name, value in scores.items()},
            "decoder_calls": calls,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
        }

    def _train(self, random: torch.Generator) -> tuple[float, float]:
        """Mean loss, and decoder calls per unlabelled image."""
        size, data, model = self.settings["batch"], self.data, self.model
        steps = max(1, len(data.unlabelled) // size)
        labelled = batches(data.labelled, size, steps, random)
        unlabelled = batches(data.unlabelled, size, steps, random)
        total, calls = torch.zeros(()), 0
        for known, unknown in zip(labelled, unlabelled):
            images = binarise(data.images[known], random)
            noise = draw_noise(model, images, random)
            loss = labelled_loss(model, self.normalizer, images, data.labels[known], noise)
            model.decoder.calls = 0
            images = binarise(data.images[unknown], random)
            noise = draw_noise(model, images, random)
            loss = loss + self.settings["unlabelled_weight"] * unlabelled_loss(
                model, self.normalizer, self.estimator, images, noise, random
            )
            calls += model.decoder.calls
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach()
        return total.item() / steps, calls / (size * steps)

    def state_dict(self) -> dict[str, Any]:
        parts = ("model", "estimator", "optimizer")
        return {part: getattr(self, part).state_dict() for part in parts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for part, content in state.items():
            getattr(self, part).load_state_dict(content)


def train_labelled_only(normalizer: str, settings: Mapping[str, Any], seed: int, data: Split) -> Model:
    """A model trained with `labelled_loss` alone, which depends on the seed and on the label loss only."""
    model, options = new_model(settings, data, seed), settings["warm_start"]
    optimizer = _adam(list(model.parameters()), options["learning_rate"], settings)
    size = settings["batch"]
    steps = max(1, len(data.labelled) // size)
    name = f"labelled only, {get(normalizer).printed_name}, seed {seed}"
    with Progress(name, options["epochs"]) as progress:
        for epoch in range(options["epochs"]):
            random = generator(seed, f"labelled epoch {epoch}")
            for numbers in batches(data.labelled, size, steps, random):
                images = binarise(data.images[numbers], random)
                noise = draw_noise(model, images, random)
                optimizer.zero_grad()
                labelled_loss(model, get(normalizer), images, data.labels[numbers], noise).backward()
                optimizer.step()
            progress.advance()
    return model


def new_model(settings: Mapping[str, Any], data: Split, seed: int) -> Model:
    """Untrained networks, the same for every method of a seed."""
    with _seeded(seed, "networks"):
        return Model(
            data.images.shape[1],
            classifier_hidden=settings["classifier_hidden"],
            hidden=settings["hidden"],
            latent=settings["latent"],
        )


@contextlib.contextmanager
def _seeded(seed: int, purpose: str) -> Iterator[None]:
    """torch's own initialisation draws from the global generator only."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator(seed, purpose).initial_seed())
        yield


def _adam(parameters: list[Tensor], learning_rate: float, settings: Mapping[str, Any]) -> torch.optim.Adam:
    # fused: one pass over the parameters instead of a dozen
    return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=settings["weight_decay"], fused=True)
