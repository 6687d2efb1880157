"""Training of the autoencoder and its codebook."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import convert_conv2d_weight_memory_format

from onmt_evsoftmax.base.errors import InputError

from ..common.seeding import generator, seeded
from ..common.training import Records, Training
from .codebook import Quantised, Restarts, rows, usage
from .data import Data, scaled
from .model import VQVAE
from .precision import autocast
from .steps import Steps, measured

MEASURE_EVERY = 50
"""Steps between two lines of the log; more of them in the first hundred."""
KMEANS_VECTORS = 50
"""Outputs of the encoder that k-means sees for each code."""
EVALUATED = 500
"""Images at a time where nothing is trained."""


class Autoencoding(Training):
    """Trains a VQ-VAE; loss = squared error + codebook loss + beta * commitment loss.

    With ``start: kmeans`` it is an ordinary autoencoder for ``warm_up`` steps, then k-means on its encoder's
    outputs makes the codes.

    Args:
        settings: those of ``config.yaml``, with ``start`` and ``restart_every`` of one codebook.
    """

    shown = ("reconstruction", "codes_in_use")

    def __init__(self, settings: Mapping[str, Any], seed: int, data: Data, device: torch.device) -> None:
        self._settings, self._seed, self._data, self._device = settings, seed, data, device
        own = settings["autoencoder"]
        self._steps = Steps(len(data.train), own["batch"], own["epochs"], seed)
        self._warm_up = min(own["warm_up"], self._steps.total - 1) if settings["start"] == "kmeans" else 0
        self.model = new_autoencoder(settings, seed, data, device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), own["learning_rate"], fused=True)
        self._restarts = Restarts(self.model.codebook, settings["restart_every"])
        self.state = {"cpu_seconds": 0.0, "restarts": self._restarts.state, "restarted": 0}

    @property
    def total(self) -> int:
        """Pieces of `steps.PIECE` steps."""
        return self._steps.pieces

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self._restarts.state = self.state["restarts"]

    def advance(self, number: int) -> Records:
        """Some steps; some of them are a line of the log."""
        started, records = time.process_time(), []
        for step, numbers in self._steps.piece(number):
            record = self._step(step, scaled(self._data.train.images[numbers].to(self._device)))
            if measured(step, MEASURE_EVERY, self._steps.total):
                records.append({"step": step, **record})
        self.state["cpu_seconds"] += time.process_time() - started
        return records

    def _step(self, step: int, images: Tensor) -> dict[str, Any]:
        self.model.train()
        if step <= self._warm_up:
            return {"reconstruction": self._warm_up_step(images), "codes_in_use": 0, "perplexity": 0.0, "restarted": 0}
        if step == self._warm_up + 1 and self._settings["start"] == "kmeans":
            self._start_codebook()
        with autocast(self._settings, self._device):
            reconstructed, quantised, outputs = self.model(channels_last(images))
        reconstruction = functional.mse_loss(reconstructed, images)
        loss = reconstruction + quantised.codebook_loss
        self._update(loss + self._settings["autoencoder"]["beta"] * quantised.commitment_loss, step)
        self._restart(step, outputs, quantised)
        used = usage(quantised.codes, self._settings["autoencoder"]["codes"])
        restarted, self.state["restarted"] = self.state["restarted"], 0
        return {"reconstruction": reconstruction.item(), **used._asdict(), "restarted": restarted}

    def _warm_up_step(self, images: Tensor) -> float:
        with autocast(self._settings, self._device):
            reconstructed = self.model.decoder(self.model.encoder(channels_last(images)).float())
        loss = functional.mse_loss(reconstructed.float(), images)
        self._update(loss, 0)
        return loss.item()

    def _update(self, loss: Tensor, step: int) -> None:
        if not torch.isfinite(loss):
            raise InputError(f"autoencoder: the loss is no number at step {step}; lower its learning_rate")
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    @torch.no_grad()
    def _start_codebook(self) -> None:
        random = generator(self._seed, "k-means")
        wanted = KMEANS_VECTORS * self._settings["autoencoder"]["codes"]
        found: list[Tensor] = []
        self.model.eval()
        for numbers in torch.randperm(len(self._data.train), generator=random).split(EVALUATED):
            images = scaled(self._data.train.images[numbers].to(self._device))
            found.append(rows(self.model.encoder(channels_last(images))))
            if sum(map(len, found)) >= wanted:
                break
        self.model.codebook.start_from(torch.cat(found)[:wanted], random)
        self.model.train()

    def _restart(self, step: int, outputs: Tensor, quantised: Quantised) -> None:
        random = generator(self._seed, f"restart {step}")
        self.state["restarted"] += self._restarts.step(outputs, quantised.codes, self.optimizer, random)

    def results(self, log: Records) -> dict[str, Any]:
        """Squared errors of the last weights; how many steps and seconds they took."""
        parts = {"train": self._data.train, "validation": self._data.validation, "test": self._data.test}
        return {
            "steps": self._steps.total,
            "epochs": self._settings["autoencoder"]["epochs"],
            "reconstruction": {name: squared_error(self.model, part.images) for name, part in parts.items()},
            "cpu_seconds": self.state["cpu_seconds"],
        }


def new_autoencoder(settings: Mapping[str, Any], seed: int, data: Data, device: torch.device) -> VQVAE:
    """An untrained one. All codebooks of a seed start from the same networks."""
    with seeded(seed, "autoencoder"):
        model = VQVAE(settings["autoencoder"], data.train.images.shape[1])
    return convert_conv2d_weight_memory_format(model.to(device), torch.channels_last)


@torch.no_grad()
def encoded(model: VQVAE, images: Tensor) -> Tensor:
    """The codes of uint8 images, int16 ``[N, H, W]``, on the CPU."""
    model.eval()
    device = model.codebook.vectors.device
    parts = [model.encode(channels_last(scaled(part.to(device)))) for part in images.split(EVALUATED)]
    return torch.cat(parts).to("cpu", torch.int16)


@torch.no_grad()
def squared_error(model: VQVAE, images: Tensor) -> float:
    """Mean over the pixels of the images' and their reconstructions' squared difference, pixels in [-1, 1]."""
    model.eval()
    device, total = model.codebook.vectors.device, 0.0
    for part in images.split(EVALUATED):
        pixels = channels_last(scaled(part.to(device)))
        total += functional.mse_loss(model(pixels)[0], pixels).item() * len(part)
    return total / len(images)


def channels_last(images: Tensor) -> Tensor:
    """The memory layout in which convolutions are fastest on a CPU."""
    return images.contiguous(memory_format=torch.channels_last)
