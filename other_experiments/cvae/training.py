"""Training of one method, all seeds together, with a run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import torch

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError

from ..common.datasets import Images
from ..common.training import Records, Training
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


class Trainer(Training):
    """Trains the model of one mapping, all seeds together, and measures it.

    Args:
        mapping: what the model is trained with. A softmax model is measured as softmax and as
            post-hoc evidential.
        config: the settings of ``config.yaml``.

    Attributes:
        batches: those of every epoch, see `Batches`.
    """

    parts = ("model",)  # plain SGD has no state

    def __init__(self, mapping: str, seeds: Sequence[int], config: Mapping[str, Any], data: Data) -> None:
        self._seeds, self._config, self._data = tuple(seeds), config, data
        self._methods = catalogue.used_after(mapping)
        images = data.images.train_images
        self.model = ConditionalVAE(seeds, mapping, images.shape[1], config)
        labels = label_of(data.images.train_labels, config["split"])
        self.batches = Batches(images, labels, self.model.labels, seeds, config["batch_size"], config["classes"])
        self._optimiser = torch.optim.SGD(self.model.parameters(), config["learning_rate"], fused=True)
        self._name, self.state = mapping, {}

    @property
    def total(self) -> int:
        """Epochs."""
        return self._config["epochs"]

    def begin(self) -> Records:
        return self._measure(0, None)

    def advance(self, number: int) -> Records:
        """An epoch; a line of the log per method and seed every ``evaluate_every`` steps, and at the very end."""
        log, every = [], self._config["evaluate_every"]
        for step, batch in enumerate(self.batches.epoch(number), start=number * self.batches.steps + 1):
            terms = self.step(batch)
            if step % every == 0 or step == self.total * self.batches.steps:
                log += self._measure(step, terms)
        return log

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

    def _measure(self, step: int, terms: Optional[Terms]) -> Records:
        place: dict[str, Any] = {"iteration": step}
        if terms is not None:
            place["reconstruction"] = [round(value, 3) for value in terms.reconstruction.mean(-1).tolist()]
            place["kl"] = [round(value, 6) for value in terms.kl.mean(-1).tolist()]
            self._check_finite(step, terms)
        measurements = measure(self.model, self._data.judge, self._methods, self._config["split"])
        return records(measurements, self._seeds, place)

    def _check_finite(self, step: int, terms: Terms) -> None:
        broken = ~(terms.reconstruction.isfinite() & terms.kl.isfinite()).all(-1)
        if broken.any():
            seeds = ", ".join(str(seed) for seed, bad in zip(self._seeds, broken.tolist()) if bad)
            raise InputError(
                f"{self._name}: the loss of seed {seeds} is no number at iteration {step}; lower learning_rate"
            )

    def results(self, log: Records) -> dict[str, Any]:
        """`summary.summarise` of the log, and how the posteriors use the classes over the test images."""
        test = self._data.images
        labels = label_of(test.test_labels, self._config["split"])
        use = posterior_use(self.model, with_label(test.test_images, labels, self.model.labels))
        return {"judge": self._data.accuracy, "runs": summarise(log, self._seeds, use)}

    @torch.no_grad()
    def arrays(self) -> dict[str, dict[str, Any]]:
        """The decoded images, what the judge says of them, and each method's prior."""
        images = self.model.decoded_classes()
        verdicts = self._data.judge.probabilities(images).numpy()
        measurements = measure(self.model, self._data.judge, self._methods, self._config["split"])
        priors = {method: measurement.prior.numpy() for method, measurement in measurements.items()}
        return {"decoded.npz": {"seeds": self._seeds, "images": images.half().numpy(), "verdicts": verdicts, **priors}}
