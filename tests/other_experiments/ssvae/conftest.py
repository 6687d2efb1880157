"""A problem small enough to enumerate, in float64."""

from __future__ import annotations

import pytest
import torch
import yaml
from torch import Tensor

from onmt_evsoftmax.normalizers import softmax
from other_experiments.common.config import load_config
from other_experiments.ssvae import train
from other_experiments.ssvae.model import Model
from other_experiments.ssvae.objective import NegativeElbo
from other_experiments.ssvae.posterior import Posterior

IMAGES, PIXELS, LABELS, LATENT = 5, 6, 4, 2


class Problem:
    """A model, a batch of images, and noise that stays the same."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = Model(PIXELS, LABELS, classifier_hidden=(7,), hidden=(5,), latent=LATENT).double()
        with torch.no_grad():
            self.model.classifier[-1].weight.mul_(8)  # scores far enough apart for sparse mappings
        self.images = torch.randint(0, 2, (IMAGES, PIXELS)).double()
        self.noise = torch.randn(IMAGES, LABELS, LATENT, dtype=torch.float64)

    def objective(self) -> NegativeElbo:
        return NegativeElbo(self.model, self.images, self.noise)

    def posterior(self, normalizer=softmax) -> Posterior:
        return Posterior(self.model.classifier(self.images), normalizer)

    def gradient(self, value: Tensor) -> Tensor:
        """Of a scalar, with respect to every parameter of the model, in one vector."""
        parameters = list(self.model.parameters())
        gradients = torch.autograd.grad(value, parameters, allow_unused=True)
        filled = [torch.zeros_like(p) if g is None else g for p, g in zip(parameters, gradients)]
        return torch.cat([gradient.flatten() for gradient in filled])

    def every_class(self, posterior: Posterior) -> Tensor:
        """E_q[f] as a sum over all classes, one decoder call for each, ``[N]``."""
        objective = self.objective()
        values = [objective.each(torch.full((IMAGES,), label)) for label in range(LABELS)]
        return (posterior.probabilities * torch.stack(values, -1)).sum(-1)


@pytest.fixture()
def problem() -> Problem:
    return Problem()


@pytest.fixture()
def small(tmp_path):
    """Writes a config file: the small preset, shortened, with the changes given."""

    def write(**changes):
        settings = load_config(train.CONFIG, preset="small")
        settings.update({"epochs": 1, "warm_start": {"epochs": 2, "learning_rate": 1e-3}, **changes})
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(settings))
        return str(path)

    return write
