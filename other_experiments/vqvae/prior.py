"""Training of a prior over the codes, with its mapping's own loss."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from onmt_evsoftmax.base.catalogue import printed_name
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get

from ..common.seeding import seeded
from ..common.training import Records, Training
from .measures import mean_loss, measure
from .pixelcnn import PixelCNN
from .precision import autocast
from .steps import Steps, measured

EVALUATED = 100
"""Code maps at a time where nothing is trained: scores of 512 codes are large."""
LOGGED = 100
"""Validation maps that the lines of the log are measured on, spread over the classes."""


@dataclass(frozen=True)
class Codes:
    """Code maps ``[N, H, W]``, int16, and the labels of their images, int64 ``[N]``."""

    maps: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        """Pieces as a prior takes them."""
        for maps, labels in zip(self.maps.split(EVALUATED), self.labels.split(EVALUATED)):
            yield maps.long().to(device), labels.to(device)


class PriorTraining(Training):
    """Trains a PixelCNN on code maps, and keeps the weights with the lowest loss on validation maps.

    Args:
        mapping: from scores to probabilities; its own loss is minimised.
        rate: Adam's learning rate.
        classes: of the images.
    """

    shown = ("validation_loss",)

    def __init__(
        self,
        settings: Mapping[str, Any],
        mapping: str,
        rate: float,
        seed: int,
        train: Codes,
        validation: Codes,
        classes: int,
        device: torch.device,
    ) -> None:
        self._settings, self._own, self._mapping = settings, settings["prior"], mapping
        self._rate, self._device = rate, device
        self._train, self._validation, self._logged = train, validation, _spread(validation)
        self._steps = Steps(len(train), self._own["batch"], self._own["epochs"], seed)
        with seeded(seed, "prior"):  # all mappings of a seed start from the same weights
            model = PixelCNN(settings["autoencoder"]["codes"], classes, self._own)
        self.model = convert_conv2d_weight_memory_format(model.to(device), torch.channels_last)
        self.optimizer = torch.optim.Adam(self.model.parameters(), rate, fused=True)
        self.state = {"cpu_seconds": 0.0, "losses": [], "died": None}

    @property
    def total(self) -> int:
        """Pieces of `steps.PIECE` steps."""
        return self._steps.pieces

    def begin(self) -> Records:
        return [{"step": 0, "loss": None, **self._measure(0)}]

    def advance(self, number: int) -> Records:
        """Some steps; some of them, and the end of an epoch, are a line of the log."""
        started, records = time.process_time(), []
        for step, numbers in self._steps.piece(number):
            self.state["losses"].append(self._step(step, numbers))
            if measured(step, self._own["measure_every"], self._steps.total):
                loss = sum(self.state["losses"]) / len(self.state["losses"])
                records.append({"step": step, "loss": loss, **self._measure(step)})
                self.state["losses"] = []
            if self._steps.ends_epoch(step):
                records.append(self._end_epoch(step))
        self.state["cpu_seconds"] += time.process_time() - started
        return records

    def _step(self, step: int, numbers: Tensor) -> float:
        self.model.train()
        codes, labels = self._train.maps[numbers].long().to(self._device), self._train.labels[numbers].to(self._device)
        with autocast(self._settings, self._device):
            scores = self.model(codes, labels)
        loss = get(self._mapping).loss(scores, codes)
        if not torch.isfinite(loss):
            raise InputError(f"prior of {self._mapping}: the loss is no number at step {step}; lower learning_rates")
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def _measure(self, step: int) -> dict[str, Any]:
        """What a line of the log says of the prior on some validation maps."""
        self.model.eval()
        found = measure(self.model, self._mapping, self._logged.batches(self._device))
        if found["head_active"] == 0 and self.state["died"] is None:
            self.state["died"] = step
            print(
                f"{printed_name(self._mapping)}: the prior died at step {step}: every unit of its head is off, so the "
                "scores are the same everywhere; lower prior.output_scale or prior.learning_rates",
                file=sys.stderr,
            )
        return {"validation_loss": found.pop("loss"), **found}

    def _end_epoch(self, step: int) -> dict[str, Any]:
        self.model.eval()
        loss = mean_loss(self.model, self._mapping, self._validation.batches(self._device))
        epoch = step // self._steps.in_epoch
        self.keep_if_best(self.model, -loss, epoch)
        return {"epoch": epoch, "step": step, "validation_loss": loss, "cpu_seconds": self.state["cpu_seconds"]}

    def results(self, log: Records) -> dict[str, Any]:
        """The lowest loss on validation maps, its epoch, and the step at which the prior died or None."""
        return {
            "mapping": self._mapping,
            "learning_rate": self._rate,
            "best_epoch": self.state["best_epoch"],
            "validation_loss": -self.state["best_score"],
            "steps": self._steps.total,
            "died": self.state["died"],
            "cpu_seconds": self.state["cpu_seconds"],
        }


def _spread(codes: Codes) -> Codes:
    places = torch.linspace(0, len(codes) - 1, min(LOGGED, len(codes))).long()
    return Codes(codes.maps[places], codes.labels[places])


def trained_prior(
    settings: Mapping[str, Any], classes: int, state: Mapping[str, Any], device: torch.device
) -> PixelCNN:
    """The prior with the best weights of a training whose `PriorTraining.state_dict` is ``state``."""
    model = PixelCNN(settings["autoencoder"]["codes"], classes, settings["prior"])
    model.load_state_dict(state["state"]["best"])
    return model.to(device).eval()
