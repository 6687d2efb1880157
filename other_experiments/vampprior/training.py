"""One run: loss, epochs, the best weights by validation, and the final scores."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

import numpy as np
import torch
from torch import Tensor

from ..common.errors import ExperimentError
from ..common.files import atomic_write
from ..common.progress import Progress
from ..common.runs import RunFolder
from ..common.seeding import generator
from .data import SHAPES, Split, first_pseudo_inputs
from .importance import Scores, estimate
from .model import Model
from .optimiser import NormalisedGradients
from .usage import usage

CHECKPOINT_SECONDS = 20.0
"""At most this much work is done twice after a kill; the result is the same."""
SHOWN = 25
"""Images of each kind that are kept for the figures."""
EVALUATED = 1000
"""Images at a time in validation."""


class Trainer:
    """Trains one model and scores it.

    loss = mean over a batch of -log p(x | z) + beta (log q(z | x) - log p(z)), one z per image;
    beta rises from 0 to 1 over the ``warm_up`` epochs. All random numbers of an epoch come from
    the seed and the number of the epoch.

    Args:
        settings: those of ``config.yaml``.
        data: on the device to train on. Random numbers are drawn on the CPU, alike for every device.
        folder: of this run; the trainer continues where its checkpoint stands.
    """

    def __init__(self, settings: Mapping[str, Any], seed: int, data: Split, folder: RunFolder) -> None:
        self._settings, self._seed, self._data, self._folder = settings, seed, data, folder
        self.model = new_model(settings, seed, data)
        self._optimiser = _optimiser(self.model, settings)
        best = {"best_elbo": -float("inf"), "best_epoch": 0, "best": {}}
        self._state: dict[str, Any] = {"epoch": 0, **best, "scores": [], "training_seconds": 0.0}

    def run(self, name: str) -> dict[str, Any]:
        """Train to the end, score the best weights, and return the results, which the folder has too."""
        if self._folder.results is not None:
            return self._folder.results
        state = self._folder.load()
        if state is not None:
            self.model.load_state_dict(state.pop("model"))
            self._optimiser.load_state_dict(state.pop("optimiser"))
            self._state = state
        self._train(name)
        self.model.load_state_dict(self._state["best"])
        scores = self._score(name)
        self._keep_images(scores)
        results = self._results(scores)
        self._folder.finish(results)
        return results

    def _train(self, name: str) -> None:
        epochs, saved = self._settings["epochs"], time.monotonic()
        with Progress(name, epochs, self._state["epoch"]) as progress:
            for number in range(self._state["epoch"] + 1, epochs + 1):
                record = self.epoch(number)
                if record["validation_elbo"] > self._state["best_elbo"]:
                    best = {key: value.clone() for key, value in self.model.state_dict().items()}
                    self._state.update(best_elbo=record["validation_elbo"], best_epoch=number, best=best)
                self._state["epoch"] = number
                self._state["training_seconds"] += record["cpu_seconds"]
                self._folder.log(record)
                if number == epochs or time.monotonic() - saved >= CHECKPOINT_SECONDS:
                    self._save()
                    saved = time.monotonic()
                progress.advance(note=f"validation ELBO {record['validation_elbo']:.2f}")

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
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            total += torch.stack([-terms.reconstruction.detach().sum(), terms.kl.detach().sum()])
        reconstruction, kl = (total / count).tolist()
        if not np.isfinite(reconstruction + kl):
            raise ExperimentError(f"the loss is no number in epoch {number}; lower learning_rate")
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

    def _score(self, name: str) -> Scores:
        """Of the first ``score_images`` test images; what an earlier process computed is kept."""
        images = self._data.test[: self._settings["score_images"] or None]
        samples, done, saved = self._settings["samples"], self._state["scores"], time.monotonic()
        start = sum(len(piece[0]) for piece in done)
        with Progress(f"{name}, importance sampling", len(images), start) as progress:
            for piece in estimate(self.model, images, samples, self._seed, start):
                done.append([part.cpu() for part in piece])
                if time.monotonic() - saved >= CHECKPOINT_SECONDS:
                    self._save()
                    saved = time.monotonic()
                progress.advance(len(piece.elbo))
        return Scores(*(torch.cat(parts) for parts in zip(*done)))

    def _save(self) -> None:
        parts = {"model": self.model.state_dict(), "optimiser": self._optimiser.state_dict()}
        self._folder.save({**self._state, **parts})

    def _results(self, scores: Scores) -> dict[str, Any]:
        pixels = self._data.test.shape[1]
        nats = _summary(-scores.log_likelihood)
        results: dict[str, Any] = {
            "best_epoch": self._state["best_epoch"],
            "test_images": len(scores.elbo),
            "nats": nats,
            "bits_per_dimension": {key: value / (pixels * np.log(2)) for key, value in nats.items()},
            "negative_elbo": _summary(-scores.elbo),
            "reconstruction": _summary(-scores.reconstruction),
            "kl": _summary(scores.kl),
            "training_cpu_seconds": self._state["training_seconds"],
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
    def _keep_images(self, scores: Scores) -> None:
        """What the figures show: ``images.npz``, all from the best weights."""
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
        with atomic_write(Path(self._folder.path) / "images.npz", "wb") as stream:
            np.savez_compressed(stream, log_likelihood=scores.log_likelihood.numpy(), **arrays)


def new_model(settings: Mapping[str, Any], seed: int, data: Split) -> Model:
    """An untrained model. With the same seed, both priors start from the same networks."""
    pseudo_inputs = first_pseudo_inputs(settings, data.train, seed)
    with torch.random.fork_rng(devices=[]):  # torch's own initialisation draws from the global generator
        torch.manual_seed(generator(seed, "networks").initial_seed())
        return Model(data.train.shape[1], settings, pseudo_inputs).to(data.train.device)


def _optimiser(model: Model, settings: Mapping[str, Any]) -> Union[NormalisedGradients, torch.optim.Optimizer]:
    # fused: one pass over the parameters instead of a dozen
    adam = torch.optim.Adam(model.parameters(), lr=settings["learning_rate"], fused=True)
    return NormalisedGradients(adam) if settings["normalised_gradients"] else adam


def _summary(values: Tensor) -> dict[str, float]:
    """Mean, and its standard error over the images."""
    return {"mean": values.mean().item(), "error": values.std().item() / len(values) ** 0.5}
