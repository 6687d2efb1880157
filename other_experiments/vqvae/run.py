"""One run: a codebook and a seed, from the autoencoder to the judge's verdict, in stages that are done once each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.documents import read_json, write_json
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write
from onmt_evsoftmax.base.progress import bar_on_stderr

from ..common.plots import METHODS
from ..common.runs import RunFolder, keep_config
from ..common.seeding import generator
from ..common.training import train
from .autoencoding import EVALUATED, Autoencoding, encoded, new_autoencoder
from .codebook import usage
from .data import Data, as_bytes
from .judge import trained_judge
from .judging import accuracies
from .measures import measure, unigram_bits
from .model import VQVAE
from .pixelcnn import PixelCNN
from .prior import Codes, PriorTraining, trained_prior
from .sampler import sample

PARTS = ("train", "validation", "test")
SAMPLED = 250
"""Images that are drawn together: more cost memory and gain no speed."""
OF_A_PRIOR = ("learning_rate", "best_epoch", "validation_loss", "steps", "died", "cpu_seconds")
"""What the results of a run repeat of each prior."""


@dataclass
class Common:
    """What the runs share; made when the first of them asks for it.

    Attributes:
        make_data: loads the images.
        folder: of the judge.
    """

    settings: Mapping[str, Any]
    make_data: Callable[[], Data]
    folder: Path
    device: torch.device

    @cached_property
    def data(self) -> Data:
        return self.make_data()

    @cached_property
    def judge(self) -> nn.Module:
        return trained_judge(self.folder, self.settings, self.data, self.device)


class Run:
    """A folder ``CODEBOOK/seed-N`` and the stages in it; a stage that is through is read, not done again.

    Args:
        settings: those of ``config.yaml``, of one codebook and one seed.
        name: shown beside the progress.

    Raises:
        InputError: the folder holds a run of other settings.
    """

    def __init__(self, folder: Path, name: str, settings: Mapping[str, Any], common: Common) -> None:
        self.folder, self._name, self._settings, self._common = folder, name, settings, common
        self._seed, self._device = settings["seed"], common.device
        folder.mkdir(parents=True, exist_ok=True)
        keep_config(folder, settings)

    def autoencoder(self) -> dict[str, Any]:
        """Train the autoencoder; returns its results."""
        make = partial(Autoencoding, self._settings, self._seed, self._common.data, self._device)
        return train(self._run_folder("vqvae"), f"{self._name}, autoencoder", make)

    def codes(self) -> dict[str, Any]:
        """Encode all images, and decode the test images' codes; returns how the codes are used."""
        return self._once("codes/results.json", self._encode)

    def score(self, method: str) -> dict[str, Any]:
        """Train the prior that ``method`` is used with; returns what `measures.measure` says of the test codes."""
        mapping = catalogue.get(method).trained_as
        self.prior(mapping)
        return self._once(f"scores/{mapping}.json", partial(self._score, mapping))

    def sample(self, method: str) -> dict[str, Any]:
        """Draw code maps through ``method``, decode them and have them judged."""
        self.score(method)
        drawn = self._once(f"samples/{method}/results.json", partial(self._sample, method))
        return {**drawn, **self._once(f"scores/judged/{method}.json", partial(self._judge_samples, method))}

    def prior(self, mapping: str) -> dict[str, Any]:
        """Train a prior with each learning rate; returns the results of the one with the lowest validation loss."""
        found = []
        for rate in self._settings["prior"]["learning_rates"]:
            make = partial(self._new_training, mapping, rate)
            name = f"{self._name}, {catalogue.printed_name(mapping)}"
            found.append(train(self._run_folder(_prior_folder(mapping, rate)), name, make))
        return min(found, key=lambda results: results["validation_loss"])

    def results(self) -> dict[str, Any]:
        """Write ``results.json`` of the methods that are through."""
        judged = {method: self.folder / f"scores/judged/{method}.json" for method in METHODS}
        methods = {method: self._method_results(method) for method, file in judged.items() if file.exists()}
        results = {
            "codebook": self._settings["codebook"],
            "seed": self._seed,
            "classes": list(self._common.data.classes),
            "vqvae": self.autoencoder(),
            "codes": self.codes(),
            "judge": self._once("scores/judge.json", self._judge_images),
            "methods": methods,
        }
        write_json(self.folder / "results.json", results)
        return results

    def _method_results(self, method: str) -> dict[str, Any]:
        mapping = catalogue.get(method).trained_as
        prior, score = self.prior(mapping), self.score(method)
        own = score["methods"][method]
        return {
            "trained_as": mapping,
            **{key: prior[key] for key in OF_A_PRIOR},
            "K": own["K"],
            "outside": own["outside"],
            "bits": {**score["bits"], "own": own["own"]},
            "samples": self.sample(method),
        }

    def _once(self, place: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The JSON file at ``place``; computed and written if it is not there."""
        file = self.folder / place
        if not file.exists():
            write_json(file, compute())
        return read_json(file, f"delete {file} to compute it anew")

    def _run_folder(self, place: str) -> RunFolder:
        return RunFolder(self.folder / place, self._settings)

    def _trained_autoencoder(self) -> VQVAE:
        model = new_autoencoder(self._settings, self._seed, self._common.data, self._device)
        model.load_state_dict(_trainer_state(self._run_folder("vqvae"))["model"])
        return model.eval()

    def _encode(self) -> dict[str, Any]:
        self.autoencoder()
        model, data, size = self._trained_autoencoder(), self._common.data, self._settings["autoencoder"]["codes"]
        maps = {name: encoded(model, getattr(data, name).images) for name in PARTS}
        _save(self.folder / "codes/codes.npz", maps)
        _save(
            self.folder / "codes/reconstructions.npz",
            {"images": _decoded(model, maps["test"]), "labels": data.test.labels},
        )
        used = {name: usage(part, size)._asdict() for name, part in maps.items()}
        return {**used, "unigram_bits": unigram_bits(maps["train"], maps["test"], size)}

    def _codes(self, part: str) -> Codes:
        self.codes()
        maps = _load(self.folder / "codes/codes.npz")[part]
        return Codes(maps, getattr(self._common.data, part).labels)

    def _new_training(self, mapping: str, rate: float) -> PriorTraining:
        parts = self._codes("train"), self._codes("validation")
        classes = len(self._common.data.classes)
        return PriorTraining(self._settings, mapping, rate, self._seed, *parts, classes, self._device)

    def _trained_prior(self, mapping: str) -> PixelCNN:
        rate = self.prior(mapping)["learning_rate"]
        state = _trainer_state(self._run_folder(_prior_folder(mapping, rate)))
        return trained_prior(self._settings, len(self._common.data.classes), state, self._device)

    def _score(self, mapping: str) -> dict[str, Any]:
        return measure(self._trained_prior(mapping), mapping, self._codes("test").batches(self._device))

    def _sample(self, method: str) -> dict[str, Any]:
        prior, decoder = self._trained_prior(catalogue.get(method).trained_as), self._trained_autoencoder()
        count, size = len(self._common.data.classes), self._settings["autoencoder"]["codes"]
        labels = torch.arange(count).repeat_interleave(self._settings["samples"]["per_class"])
        height, width = self._codes("test").maps.shape[1:]
        random, maps, supports = generator(self._seed, "samples"), [], []
        with bar_on_stderr(f"{self._name}, samples of {catalogue.printed_name(method)}") as bar:
            bar.start(len(labels))
            for part in labels.split(SAMPLED):
                drawn = sample(prior, part.to(self._device), height, width, method, random)
                maps.append(drawn.codes.to("cpu", torch.int16))
                supports.append(drawn.support.double().mean((1, 2)).cpu())
                bar.advance(len(part))
        codes, support = torch.cat(maps), torch.cat(supports)
        arrays = {"codes": codes, "images": _decoded(decoder, codes), "labels": labels}
        _save(self.folder / f"samples/{method}/samples.npz", arrays)
        return {"K": support.mean().item(), **usage(codes, size)._asdict()}

    def _judge_samples(self, method: str) -> dict[str, Any]:
        drawn = _load(self.folder / f"samples/{method}/samples.npz")
        return accuracies(self._common.judge, drawn["images"], drawn["labels"])

    def _judge_images(self) -> dict[str, Any]:
        judge, test = self._common.judge, self._common.data.test
        decoded = _load(self.folder / "codes/reconstructions.npz")["images"]
        return {
            "real": accuracies(judge, test.images, test.labels),
            "reconstructions": accuracies(judge, decoded, test.labels),
            "classes": len(self._common.data.classes),
        }


def _prior_folder(mapping: str, rate: float) -> str:
    return f"priors/{mapping}-lr{rate:g}"


def _trainer_state(folder: RunFolder) -> dict[str, Any]:
    state = folder.load()
    folder.close()
    if state is None:
        raise InputError(f"{folder.path}: its checkpoint is gone; delete {folder.path} to train anew")
    return state["trainer"]


def _decoded(model: VQVAE, codes: Tensor) -> Tensor:
    """The images of code maps, uint8, on the CPU."""
    device = model.codebook.vectors.device
    with torch.no_grad():
        parts = [as_bytes(model.decode(part.long().to(device))).cpu() for part in codes.split(EVALUATED)]
    return torch.cat(parts)


def _save(path: Path, arrays: Mapping[str, Tensor]) -> None:
    values: dict[str, Any] = {name: array.numpy() for name, array in arrays.items()}
    with atomic_write(path, "wb") as stream:
        np.savez_compressed(stream, **values)


def _load(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    except Exception as error:  # a damaged file makes np.load raise half a dozen kinds
        raise InputError(f"{path}: damaged or missing ({error}); delete {path.parent} to make it anew") from None
