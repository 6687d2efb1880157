"""The judge: a wide residual network trained on the real training images."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Union

import torch
from torch.nn import functional
from torch.nn.utils import convert_conv2d_weight_memory_format

from onmt_evsoftmax.base.documents import write_json
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write

from ..common.runs import RunFolder, keep_config
from ..common.seeding import generator, seeded
from ..common.training import Records, Training, train
from .augmentation import augmented
from .data import Data, scaled
from .judging import accuracies
from .precision import autocast
from .wide_resnet import WideResNet

PIECE = 20
"""Steps between two moments at which a checkpoint can be written."""
SCHEDULES = ("constant", "one_cycle")


def trained_judge(
    folder: Path, settings: Mapping[str, Any], data: Data, device: Union[str, torch.device] = "cpu"
) -> WideResNet:
    """The judge with the best top-1 accuracy on validation images, over all ``learning_rates`` and epochs.

    Trained from scratch. The released code begins with ImageNet's weights, and tiny-imagenet is a part of it.
    A training that was killed continues; what was trained before is read.

    Args:
        folder: for ``judge.pt``, ``results.json`` and a run folder for each learning rate.
        settings: those of ``judge``, and ``dataset``, ``side``, ``validation`` and ``bfloat16``.

    Raises:
        InputError: the folder holds a judge of other settings or is damaged, or a loss becomes infinite.
    """
    own = {"training_images": len(data.train), **{key: settings[key] for key in ("dataset", "side", "validation")}}
    own.update(bfloat16=settings["bfloat16"], **settings["judge"])
    folder.mkdir(parents=True, exist_ok=True)
    keep_config(folder, own)
    file = folder / "judge.pt"
    if not (folder / "results.json").exists():
        _train(folder, own, data, device)
    judge = _new(own, data)
    try:
        judge.load_state_dict(torch.load(file, weights_only=True))
    except Exception as error:  # a damaged file makes torch.load raise a dozen kinds
        raise InputError(f"{file}: no usable judge ({type(error).__name__}); delete {folder} to train anew") from None
    return judge.to(device).eval()


def _train(folder: Path, settings: Mapping[str, Any], data: Data, device: Union[str, torch.device]) -> None:
    """Train with each learning rate; write the best weights, then what they reach."""
    runs = []
    for rate in settings["learning_rates"]:
        run = RunFolder(folder / f"lr{rate:g}", {**settings, "learning_rate": rate})
        make = partial(Trainer, settings, rate, data, torch.device(device))
        runs.append((train(run, f"judge, learning rate {rate:g}", make), run))
    results, run = max(runs, key=lambda pair: pair[0]["validation"]["top1"])
    state = run.load()
    if state is None:
        raise InputError(f"{run.path}: its checkpoint is gone; delete {run.path} to train anew")
    judge = _new(settings, data)
    judge.load_state_dict(state["trainer"]["state"]["best"])
    with atomic_write(folder / "judge.pt", "wb") as stream:
        torch.save(judge.state_dict(), stream)
    test = accuracies(judge.to(device), data.test.images, data.test.labels)
    cpu_seconds = sum(result["cpu_seconds"] for result, _ in runs)
    write_json(folder / "results.json", {**results, "test": test, "cpu_seconds": cpu_seconds})


def _new(settings: Mapping[str, Any], data: Data) -> WideResNet:
    with seeded(settings["seed"], "judge"):
        judge = WideResNet(
            data.train.images.shape[1], len(data.classes), settings["depth"], settings["width"], settings["stride"]
        )
    return convert_conv2d_weight_memory_format(judge, torch.channels_last)  # a third faster on a CPU


class Trainer(Training):
    """Trains the judge with Adam on cross-entropy, and keeps the weights of the best epoch by validation.

    An epoch is one pass over the shuffled training images, so that batches are mixed; those of the released
    code hold one class each.

    Args:
        settings: ``depth``, ``width``, ``stride``, ``epochs``, ``batch``, ``schedule``, ``weight_decay``, ``crop``,
            ``flip``, ``seed`` and ``bfloat16``.
        rate: the learning rate; with ``one_cycle`` its highest value, after three tenths of the steps.
    """

    shown = ("loss",)
    parts = ("model", "optimizer", "schedule")

    def __init__(self, settings: Mapping[str, Any], rate: float, data: Data, device: torch.device) -> None:
        if len(data.train) < settings["batch"]:
            raise InputError(f"judge.batch: {settings['batch']} is more than the {len(data.train)} training images")
        self._settings, self._rate, self._data, self._device = settings, rate, data, device
        self._steps = len(data.train) // settings["batch"]  # in an epoch
        self._pieces = -(-self._steps // PIECE)
        self.model = _new(settings, data).to(device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), rate, weight_decay=settings["weight_decay"])
        steps = settings["epochs"] * self._steps
        self.schedule: torch.optim.lr_scheduler.LRScheduler
        if settings["schedule"] == "one_cycle":
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, rate, total_steps=steps + 1)
        else:
            self.schedule = torch.optim.lr_scheduler.ConstantLR(self.optimizer, 1.0)
        self.state = {"loss": 0.0, "cpu_seconds": 0.0}

    @property
    def total(self) -> int:
        """Pieces of `PIECE` steps."""
        return self._settings["epochs"] * self._pieces

    def advance(self, number: int) -> Records:
        """Some steps; a line of the log at the end of an epoch."""
        started = time.process_time()
        epoch, piece = divmod(number, self._pieces)
        order = torch.randperm(len(self._data.train), generator=generator(self._settings["seed"], f"order {epoch}"))
        first = piece * PIECE
        for step in range(first, min(first + PIECE, self._steps)):
            random = generator(self._settings["seed"], f"augmentation {epoch * self._steps + step}")
            self._step(order[step * self._settings["batch"] :][: self._settings["batch"]], random)
        records = []
        if piece == self._pieces - 1:
            validation = accuracies(self.model, self._data.validation.images, self._data.validation.labels)
            self.keep_if_best(self.model, validation["top1"], epoch + 1)
            records.append({"epoch": epoch + 1, "loss": self.state["loss"] / self._steps, "validation": validation})
            if self.state["best_epoch"] == epoch + 1:
                self.state["validation"] = validation
            self.state["loss"] = 0.0
        self.state["cpu_seconds"] += time.process_time() - started
        return records

    def _step(self, numbers: torch.Tensor, random: torch.Generator) -> None:
        settings, train = self._settings, self._data.train
        pixels = augmented(train.images[numbers].to(self._device), settings["crop"], settings["flip"], random)
        images = scaled(pixels).contiguous(memory_format=torch.channels_last)
        self.model.train()
        with autocast(settings, self._device):
            scores = self.model(images)
        loss = functional.cross_entropy(scores.float(), train.labels[numbers].to(self._device))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.state["loss"] += loss.item()
        if not torch.isfinite(loss):
            raise InputError(f"judge: the loss is no number with a learning rate of {self._rate:g}; leave that one out")

    def results(self, log: Records) -> dict[str, Any]:
        """The best epoch, and the accuracies on validation images that chose it."""
        return {
            "best_epoch": self.state["best_epoch"],
            "learning_rate": self._rate,
            "validation": self.state["validation"],
            "epochs": self._settings["epochs"],
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
            "cpu_seconds": self.state["cpu_seconds"],
        }
