"""One run: loss, epochs, the best weights by validation, and the final scores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Union

import numpy as np
import torch
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError

from ..common.seeding import generator, seeded
from ..common.training import Records, Training
from .data import SHAPES, Split, first_pseudo_inputs
from .importance import Scores, estimate, images_of_a_piece
from .model import Model
from .optimiser import NormalisedGradients
from .usage import usage

SHOWN = 25
"""Images of each kind that are kept for the figures."""
EVALUATED = 1000
"""Images at a time in validation."""


class Trainer(Training):
    """Trains one model, and scores it with the weights that are best on the validation images.

    loss = mean over a batch of -log p(x | z) + beta (log q(z | x) - log p(z)), one z per image;
    beta rises from 0 to 1 over the ``warm_up`` epochs. All random numbers of an epoch come from
    the seed and the number of the epoch.

    Args:
        settings: those of ``config.yaml``.
        data: on the device to train on. Random numbers are drawn on the CPU, alike for every device.
    """

    shown = ("validation_elbo",)

    def __init__(self, settings: Mapping[str, Any], seed: int, data: Split) -> None:
        self._settings, self._seed, self._data = settings, seed, data
        self.model = new_model(settings, seed, data)
        self.optimizer = _optimizer(self.model, settings)
        self.state = {"scores": [], "training_seconds": 0.0}
        self._scored = data.test[: settings["score_images"] or None]

    @property
    def total(self) -> int:
        """Epochs, and pieces of the test images to score."""
        return self._settings["epochs"] + -(-len(self._scored) // images_of_a_piece(self._settings["samples"]))

    def advance(self, number: int) -> Records:
        """An epoch, or after the last one the scores of some test images, which are no line of the log."""
        if number >= self._settings["epochs"]:
            self._score()
            return []
        record = self.epoch(number + 1)
        self.keep_if_best(self.model, record["validation_elbo"], number + 1)
        self.state["training_seconds"] += record["cpu_seconds"]
        return [record]

    def epoch(self, number: int) -> dict[str, float]:
        """One pass over the training images; returns the measurements that go to the log."""
        start = time.process_time()
        random, size = generator(self._seed, f"epoch {number}"), self._settings["batch"]
        warm_up = self._settings["warm_up"]
        beta = min(1.0, (number - 1) / warm_up) if warm_up else 1.0
        count = len(self._data.train)
        total = self._data.train.new_zeros(2)
        for numbers in torch.randperm(count, generator=random).split(size):
            images = self._data.batch(numbers, random)
            noise = torch.randn(len(images), self.model.latent, generator=random).to(images)
            terms = self.model(images, noise)
            loss = (beta * terms.kl - terms.reconstruction).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += torch.stack([-terms.reconstruction.detach().sum(), terms.kl.detach().sum()])
        reconstruction, kl = (total / count).tolist()
        if not np.isfinite(reconstruction + kl):
            raise InputError(f"the loss is no number in epoch {number}; lower learning_rate")
        record = {"epoch": number, "beta": beta, "reconstruction": reconstruction, "kl": kl}
        record["validation_elbo"] = self._validate()
        return {**record, "cpu_seconds": time.process_time() - start}

    @torch.no_grad()
    def _validate(self) -> float:
        """Mean ELBO of the validation images, beta 1, one z each from the same noise at every call."""
        random, total = generator(self._seed, "validation"), 0.0
        for images in self._data.validation.split(EVALUATED):
            noise = torch.randn(len(images), self.model.latent, generator=random).to(images)
            terms = self.model(images, noise)
            total += (terms.reconstruction - terms.kl).sum().item()
        return total / len(self._data.validation)

    def _score(self) -> None:
        self.model.load_state_dict(self.state["best"])
        done = sum(len(piece[0]) for piece in self.state["scores"])
        piece = next(estimate(self.model, self._scored, self._settings["samples"], self._seed, done))
        self.state["scores"].append([part.cpu() for part in piece])

    def _scores(self) -> Scores:
        return Scores(*(torch.cat(parts) for parts in zip(*self.state["scores"])))

    def results(self, log: Records) -> dict[str, Any]:
        """Scores of the test images, and how the components of the prior are used."""
        scores, pixels = self._scores(), self._data.test.shape[1]
        nats = _summary(-scores.log_likelihood)
        results: dict[str, Any] = {
            "best_epoch": self.state["best_epoch"],
            "test_images": len(scores.elbo),
            "nats": nats,
            "bits_per_dimension": {key: value / (pixels * np.log(2)) for key, value in nats.items()},
            "negative_elbo": _summary(-scores.elbo),
            "reconstruction": _summary(-scores.reconstruction),
            "kl": _summary(scores.kl),
            "training_cpu_seconds": self.state["training_seconds"],
        }
        if self.model.pseudo_inputs is not None:
            outside = (self.model.pseudo_inputs < 0) | (self.model.pseudo_inputs > 1)
            results["pseudo_pixels_outside"] = outside.double().mean().item()
            for name, images in (("test", self._data.test), ("train", self._trained_on())):
                found = usage(self.model, images, self._seed)
                results[f"components_{name}"] = found.used
                results[f"distinct_components_{name}"] = found.distinct
        return results

    def _trained_on(self) -> Tensor:
        return self._data.batch(torch.arange(len(self._data.train)), generator(self._seed, "usage"))

    @torch.no_grad()
    def arrays(self) -> dict[str, dict[str, Any]]:
        """Images of each kind from the best weights, and log p(x) of the scored ones."""
        model, test = self.model, self._data.test[:SHOWN]
        random = generator(self._seed, "figures")
        mean, log_variance = model.encoder(test)
        latent = mean + torch.exp(0.5 * log_variance) * torch.randn(mean.shape, generator=random).to(mean)
        shown = {
            "originals": test,
            "reconstructions": model.decoder.mean(latent),
            "samples": model.decoder.mean(model.sample_prior(SHOWN, random)),
        }
        if model.pseudo_inputs is not None:
            shown["pseudo_inputs"] = model.clamped_pseudo_inputs()[:SHOWN]
        shape = SHAPES[self._settings["dataset"]]
        arrays = {key: images.reshape(-1, *shape).half().cpu().numpy() for key, images in shown.items()}
        return {"images.npz": {"log_likelihood": self._scores().log_likelihood.numpy(), **arrays}}


def new_model(settings: Mapping[str, Any], seed: int, data: Split) -> Model:
    """An untrained model. With the same seed, both priors start from the same networks."""
    pseudo_inputs = first_pseudo_inputs(settings, data.train, seed)
    with seeded(seed, "networks"):
        return Model(data.train.shape[1], settings, pseudo_inputs).to(data.train.device)


def _optimizer(model: Model, settings: Mapping[str, Any]) -> Union[NormalisedGradients, torch.optim.Optimizer]:
    # fused: one pass over the parameters instead of a dozen
    adam = torch.optim.Adam(model.parameters(), lr=settings["learning_rate"], fused=True)
    return NormalisedGradients(adam) if settings["normalised_gradients"] else adam


def _summary(values: Tensor) -> dict[str, float]:
    """Mean, and its standard error over the images."""
    return {"mean": values.mean().item(), "error": values.std().item() / len(values) ** 0.5}
