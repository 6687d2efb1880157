"""The loss, the training of one method with one seed, and the labelled-only start."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional

import torch
from torch import Tensor

from onmt_evsoftmax.base.progress import bar_on_stderr
from onmt_evsoftmax.normalizers import Normalizer, get

from ..common.datasets import binarise
from ..common.seeding import generator, seeded
from ..common.training import Records, Training
from .data import Split, batches
from .estimators import ESTIMATORS, Estimator
from .evaluation import draw_noise, test, validate
from .methods import Method, evaluated_as
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


class Trainer(Training):
    """The training of one method with one seed.

    loss = mean[-ELBO(x, y) + label loss(q(z | x), y)] + w mean[E_q(z|u)[-ELBO(u, z)] - H(q(z | u))]

    over a batch of labelled images x with labels y and a batch of unlabelled images u, with w
    the number of unlabelled images per labelled one (paper, section 4.2; Kingma et al. 2014, eqs.
    6-9). An epoch is one pass over the unlabelled images; every draw of an image is binarised anew.
    All random numbers of an epoch come from the seed and the number of the epoch.

    Args:
        start: gives the parameters after ``warm_start``, where that has any epochs.
    """

    shown = ("validation_accuracy", "decoder_calls")
    parts = ("model", "estimator", "optimizer")

    def __init__(
        self,
        method: Method,
        settings: Mapping[str, Any],
        seed: int,
        data: Split,
        start: Optional[Callable[[], dict[str, Tensor]]] = None,
    ) -> None:
        self.method, self.settings, self.seed, self.data, self._start = method, settings, seed, data, start
        self.normalizer = get(method.normalizer)
        self.model = new_model(settings, data, seed)
        with seeded(seed, "estimator"):
            self.estimator = ESTIMATORS[method.estimator](data.images.shape[1], settings)
        parameters = [*self.model.parameters(), *self.estimator.parameters()]
        self.optimizer = _adam(parameters, settings["learning_rate"], settings)
        self.state = {}

    @property
    def total(self) -> int:
        """Epochs."""
        return self.settings["epochs"]

    def begin(self) -> Records:
        if self._start is not None and self.settings["warm_start"]["epochs"] > 0:
            self.model.load_state_dict(self._start())
        return []

    def advance(self, number: int) -> Records:
        """An epoch; the weights that are best on the validation images are kept."""
        record = self.epoch(number + 1)
        self.keep_if_best(self.model, record["validation_accuracy"], number + 1)
        return [record]

    def results(self, log: Records) -> dict[str, Any]:
        """Test scores of the last and the best weights, for each row that this model stands for."""
        model, data = self.model, self.data
        weights = {"last": {name: value.clone() for name, value in model.state_dict().items()}}
        weights["best"] = self.state["best"]
        rows: dict[str, Any] = {row.name: {} for row in evaluated_as(self.method)}
        for which, parameters in weights.items():
            model.load_state_dict(parameters)
            for row in evaluated_as(self.method):
                function = get(row.test_normalizer).function
                rows[row.name][which] = test(model, function, data.test_images, data.test_labels)
        return {"best_epoch": self.state["best_epoch"], "rows": rows}

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


def train_labelled_only(normalizer: str, settings: Mapping[str, Any], seed: int, data: Split) -> Model:
    """A model trained with `labelled_loss` alone, which depends on the seed and on the label loss only."""
    model, options = new_model(settings, data, seed), settings["warm_start"]
    optimizer = _adam(model.parameters(), options["learning_rate"], settings)
    size = settings["batch"]
    steps = max(1, len(data.labelled) // size)
    name = f"labelled only, {get(normalizer).printed_name}, seed {seed}"
    with bar_on_stderr(name) as bar:
        bar.start(options["epochs"])
        for epoch in range(options["epochs"]):
            random = generator(seed, f"labelled epoch {epoch}")
            for numbers in batches(data.labelled, size, steps, random):
                images = binarise(data.images[numbers], random)
                noise = draw_noise(model, images, random)
                optimizer.zero_grad()
                labelled_loss(model, get(normalizer), images, data.labels[numbers], noise).backward()
                optimizer.step()
            bar.advance(1)
    return model


def new_model(settings: Mapping[str, Any], data: Split, seed: int) -> Model:
    """Untrained networks, the same for every method of a seed."""
    with seeded(seed, "networks"):
        return Model(
            data.images.shape[1],
            classifier_hidden=settings["classifier_hidden"],
            hidden=settings["hidden"],
            latent=settings["latent"],
        )


def _adam(parameters: Iterable[Tensor], learning_rate: float, settings: Mapping[str, Any]) -> torch.optim.Adam:
    # fused: one pass over the parameters instead of a dozen
    return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=settings["weight_decay"], fused=True)
