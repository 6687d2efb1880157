"""Training of one method, all seeds together, with a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onmt_evsoftmax.base import catalogue

from ..common.datasets import Images
from ..common.errors import ExperimentError
from ..common.files import atomic_write
from ..common.progress import Progress
from ..common.runs import RunFolder
from .batches import Batch, Batches, label_of, with_label
from .evaluation import measure, posterior_use, records
from .judge import Judge
from .model import ConditionalVAE, Terms
from .summary import summarise

KL_REDUCTIONS = ("sum", "mean")


@dataclass(frozen=True)
class Data:
    """A data set, the judge of its digits, and the judge's accuracy on the test images."""

    images: Images
    judge: Judge
    accuracy: float


class Trainer:
    """Trains the model of one mapping and measures it.

    Args:
        mapping: what the model is trained with. A softmax model is measured as softmax and as
            post-hoc evidential.
        config: the settings of ``config.yaml``.
        folder: of this run; the trainer continues where its checkpoint stands.
    """

    def __init__(
        self, mapping: str, seeds: Sequence[int], config: Mapping[str, Any], data: Data, folder: RunFolder
    ) -> None:
        self._seeds, self._config, self._data, self._folder = tuple(seeds), config, data, folder
        self._methods = catalogue.used_after(mapping)
        images = data.images.train_images
        self.model = ConditionalVAE(seeds, mapping, images.shape[1], config)
        labels = label_of(data.images.train_labels, config["split"])
        self._batches = Batches(images, labels, self.model.labels, seeds, config["batch_size"], config["classes"])
        self._optimiser = torch.optim.SGD(self.model.parameters(), config["learning_rate"], fused=True)
        self._name = mapping

    def run(self) -> dict[str, Any]:
        """Train to the end and return the results, which the run folder has too."""
        if self._folder.results is not None:
            return self._folder.results
        state = self._folder.load()
        epoch = 0
        if state is not None:
            self.model.load_state_dict(state["model"])
            epoch = state["epoch"]
        total = self._config["epochs"] * self._batches.steps
        with Progress(self._name, total, epoch * self._batches.steps) as progress:
            if epoch == 0:
                self._measure(0, None)
            for number in range(epoch, self._config["epochs"]):
                self._epoch(number, progress)
                self._folder.save({"model": self.model.state_dict(), "epoch": number + 1})
        return self._finish()

    def _epoch(self, number: int, progress: Progress) -> None:
        done = number * self._batches.steps
        for step, batch in enumerate(self._batches.epoch(number), start=done + 1):
            terms = self.step(batch)
            last = step == self._config["epochs"] * self._batches.steps
            if step % self._config["evaluate_every"] == 0 or last:
                self._measure(step, terms)
            progress.advance()

    def step(self, batch: Batch) -> Terms:
        """One step of every seed's model on its own batch."""
        terms = self.model(*batch)
        loss = terms.reconstruction.sum() + self._config["kl_weight"] * self._reduced_kl(terms)
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        return terms

    def _reduced_kl(self, terms: Terms) -> torch.Tensor:
        # over the images of a batch; the seeds are summed, for each has parameters of its own
        per_seed = terms.kl.sum(-1) if self._config["kl_reduction"] == "sum" else terms.kl.mean(-1)
        return per_seed.sum()

    def _measure(self, step: int, terms: Any) -> None:
        place = {"iteration": step}
        if terms is not None:
            place["reconstruction"] = [round(value, 3) for value in terms.reconstruction.mean(-1).tolist()]
            place["kl"] = [round(value, 6) for value in terms.kl.mean(-1).tolist()]
            self._check_finite(step, terms)
        measurements = measure(self.model, self._data.judge, self._methods, self._config["split"])
        for record in records(measurements, self._seeds, place):
            self._folder.log(record)

    def _check_finite(self, step: int, terms: Terms) -> None:
        broken = ~(terms.reconstruction.isfinite() & terms.kl.isfinite()).all(-1)
        if broken.any():
            seeds = ", ".join(str(seed) for seed, bad in zip(self._seeds, broken.tolist()) if bad)
            raise ExperimentError(
                f"{self._name}: the loss of seed {seeds} is no number at iteration {step}; lower learning_rate"
            )

    def _finish(self) -> dict[str, Any]:
        test = self._data.images
        labels = label_of(test.test_labels, self._config["split"])
        use = posterior_use(self.model, with_label(test.test_images, labels, self.model.labels))
        with torch.no_grad():
            images = self.model.decoded_classes()
            verdicts = self._data.judge.probabilities(images)
        measurements = measure(self.model, self._data.judge, self._methods, self._config["split"])
        priors = {method: measurement.prior.numpy() for method, measurement in measurements.items()}
        with atomic_write(Path(self._folder.path) / "decoded.npz", "wb") as stream:
            np.savez_compressed(
                stream, seeds=self._seeds, images=images.half().numpy(), verdicts=verdicts.numpy(), **priors
            )
        results = {"judge": self._data.accuracy, "runs": summarise(self._folder.read_log(), self._seeds, use)}
        self._folder.finish(results)
        return results
