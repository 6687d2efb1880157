"""A mixture without a flow whose weights come from a sparse mapping: which components stay?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..common.seeding import seeded
from ..common.training import Records, Training
from .likelihood import score, set_rate
from .model import make_model
from .targets import TARGETS

ALIVE = 1e-3
"""A component counts as in use from this weight on; "alive" means a weight above 0."""


class ComponentsTrainer(Training):
    """Minimises E[-log p(x)] over draws of the target, fresh ones at each step.

    Adam with a learning rate that falls to 0 by half a cosine.
    All random numbers of a call of `advance` come from the seed and the number of the call.
    """

    def __init__(self, settings: Mapping[str, Any], seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.target = TARGETS[settings["target"]]
        self.model = make_model("none", "mixture", 2, settings, seed)
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=settings["learning_rate"], fused=True)
        self.state: dict[str, Any] = {"seconds": 0.0, "returned": 0, "alive": []}

    @property
    def total(self) -> int:
        """How many times `advance` is to be called."""
        return -(-self.settings["steps"] // self.settings["steps_between"])

    def advance(self, number: int) -> Records:
        """Steps ``number * steps_between`` and on; returns what goes to the log."""
        start, between = time.process_time(), self.settings["steps_between"]
        last = min((number + 1) * between, self.settings["steps"])
        with seeded(self.seed, f"steps {number}"):
            losses = [self._step(step) for step in range(number * between, last)]
        self.state["seconds"] += time.process_time() - start
        record = {"step": number * between + len(losses), "loss": sum(losses) / len(losses)}
        return [{**record, **self._components()}]

    def results(self, log: Records) -> dict[str, Any]:
        """`likelihood.score`, and how many components there are."""
        found = score(self.model, self.target, self.seed, self.settings["test_points"])
        return {**found, "cpu_seconds": self.state["seconds"], **self._components()}

    def _step(self, step: int) -> float:
        settings = self.settings
        set_rate(self.optimizer, settings["learning_rate"], step / settings["steps"])
        loss = -self.model().log_prob(self.target.sample(settings["batch"])).mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, settings["clip"])
        self.optimizer.step()
        self._watch_components()
        return loss.item()

    def _weights(self) -> Tensor:
        """The component weights as they are used after training, without eps."""
        with torch.no_grad():
            weights = self.model.eval().log_weights().exp()
        self.model.train()
        return weights

    def _watch_components(self) -> None:
        """Count the components that a mapping had dropped and that come back."""
        if self.model.mapping != "softmax":
            alive = (self._weights() > 0).tolist()
            before = self.state["alive"] or alive
            self.state["returned"] += sum(now and not then for now, then in zip(alive, before))
            self.state["alive"] = alive

    def _components(self) -> dict[str, float]:
        weights = self._weights()
        return {
            "alive": int((weights > 0).sum()),
            "in_use": int((weights > ALIVE).sum()),
            "effective": torch.special.entr(weights).sum().exp().item(),
            "returned": self.state["returned"],
        }
