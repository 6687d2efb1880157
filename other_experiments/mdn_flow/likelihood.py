"""Maximum likelihood on a target of known density."""

from __future__ import annotations

import math
import time
from typing import Any, Mapping

import torch
from torch import Tensor
from zuko.lazy import LazyDistribution

from .bases import MixtureBase
from .model import base_of, make_model
from .randomness import seeded
from .targets import TARGETS

ALIVE = 1e-3
"""A component counts as in use from this weight on; "alive" means a weight above 0."""


class LikelihoodTrainer:
    """Minimises E[-log p(x)] over draws of the target, fresh ones at each step; Adam, learning rate by a half cosine.

    All random numbers of a call of `advance` come from the seed and the number of the call.
    """

    def __init__(self, settings: Mapping[str, Any], seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.target = TARGETS[settings["target"]]
        self.model = make_model(settings["flow"], settings["base"], 2, settings, seed)
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=settings["learning_rate"], fused=True)
        self.state: dict[str, Any] = {"seconds": 0.0, "returned": 0, "alive": []}

    @property
    def total(self) -> int:
        """How many times `advance` is to be called."""
        return -(-self.settings["steps"] // self.settings["steps_between"])

    def advance(self, number: int) -> dict[str, float]:
        """Steps ``number * steps_between`` and on; returns what goes to the log."""
        start, between = time.process_time(), self.settings["steps_between"]
        last = min((number + 1) * between, self.settings["steps"])
        with seeded(self.seed, f"steps {number}"):
            losses = [self._step(step) for step in range(number * between, last)]
        self.state["seconds"] += time.process_time() - start
        record = {"step": number * between + len(losses), "loss": sum(losses) / len(losses)}
        return {**record, **self._components()}

    def results(self) -> dict[str, Any]:
        """-log p of test points in nats, how far that is above the target's own, and the target's entropy."""
        self.model.eval()
        with seeded(self.seed, "test"):
            points = self.target.sample(self.settings["test_points"])
            loss = -log_density(self.model, points).double()
        # on the same points, so the chance in them cancels: an estimate of KL(target || model)
        excess = loss + self.target.log_prob(points.double())
        found = {
            "nll": loss.mean().item(),
            "excess": excess.mean().item(),
            "excess_error": excess.std().item() / math.sqrt(len(excess)),
            "entropy": self.target.entropy(),
            "parameters": sum(parameter.numel() for parameter in self.parameters),
            "cpu_seconds": self.state["seconds"],
            **self._components(),
        }
        self.model.train()
        return found

    def state_dict(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "state": dict(self.state),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.state = dict(state["state"])

    def _step(self, step: int) -> float:
        settings = self.settings
        for group in self.optimizer.param_groups:
            group["lr"] = settings["learning_rate"] * 0.5 * (1 + math.cos(math.pi * step / settings["steps"]))
        loss = -self.model().log_prob(self.target.sample(settings["batch"])).mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, settings["clip"])
        self.optimizer.step()
        self._watch_components()
        return loss.item()

    def _weights(self) -> Tensor:
        """The component weights as they are used after training, without eps."""
        base = base_of(self.model)
        training = base.training
        with torch.no_grad():
            weights = base.eval().log_weights().exp()
        base.train(training)
        return weights

    def _watch_components(self) -> None:
        """Count the components that a mapping had dropped and that come back."""
        base = base_of(self.model)
        if isinstance(base, MixtureBase) and base.mapping != "softmax":
            alive = (self._weights() > 0).tolist()
            before = self.state["alive"] or alive
            self.state["returned"] += sum(now and not then for now, then in zip(alive, before))
            self.state["alive"] = alive

    def _components(self) -> dict[str, float]:
        if not isinstance(base_of(self.model), MixtureBase):
            return {}
        weights = self._weights()
        return {
            "alive": int((weights > 0).sum()),
            "in_use": int((weights > ALIVE).sum()),
            "effective": torch.special.entr(weights).sum().exp().item(),
            "returned": self.state["returned"],
        }


def log_density(model: LazyDistribution, points: Tensor, rows: int = 500) -> Tensor:
    """log p at the points, a few at a time: the nested estimate holds rows x M x D numbers; ``[N, D]`` to ``[N]``."""
    with torch.no_grad():
        return torch.cat([model().log_prob(part) for part in points.split(rows)])
