"""Maximum likelihood on targets of known density: all targets and seeds of a flow and base at once."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.optim import Optimizer
from zuko.lazy import LazyDistribution

from ..common.seeding import seeded
from ..common.training import Records, Training
from .model import make_model
from .targets import TARGETS, Target


class LikelihoodTrainer(Training):
    """Minimises E[-log p(x)] over draws of the targets, fresh ones at each step.

    Adam with a learning rate that falls to 0 by half a cosine. One model for each target and seed, stacked: nets
    this small spend their time on calls, not on numbers, so nine of them take the time of two to four. Each has
    its own initialisation, draws and clipped gradient. Only the noise of nested densities comes from one stream
    for all.

    Args:
        settings: ``flow, base, targets, seeds`` and those of the models and the training.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.pairs = [(TARGETS[name], seed) for name in settings["targets"] for seed in settings["seeds"]]
        models = [self._new_model(seed) for _, seed in self.pairs]
        parameters, self.buffers = stack_module_state(models)
        self.stack = {name: value.detach().requires_grad_() for name, value in parameters.items()}
        self.optimizer = torch.optim.Adam(self.stack.values(), lr=settings["learning_rate"], fused=True)
        self.loss = vmap(_Loss(models[0]), randomness="different")
        self.seconds = 0.0

    @property
    def total(self) -> int:
        """How many times `advance` is to be called."""
        return -(-self.settings["steps"] // self.settings["steps_between"])

    def advance(self, number: int) -> Records:
        """Steps ``number * steps_between`` and on; returns what goes to the log."""
        start, first = time.process_time(), number * self.settings["steps_between"]
        last = min(first + self.settings["steps_between"], self.settings["steps"])
        points = self._draw(number, last - first)
        with seeded(number, "nested"):
            losses = [self._step(step, points[:, step - first]) for step in range(first, last)]
        self.seconds += time.process_time() - start
        return [{"step": last, "loss": torch.stack(losses).mean(0).tolist()}]

    def results(self, log: Records) -> dict[str, Any]:
        """`score` of every target and seed."""
        rows = []
        for place, (target, seed) in enumerate(self.pairs):
            found = score(self.model(place), target, seed, self.settings["test_points"])
            rows.append({"target": target.name, "seed": seed, **found})
        return {"rows": rows, "cpu_seconds": self.seconds}

    def model(self, place: int) -> LazyDistribution:
        """The model of ``pairs[place]`` as it is now."""
        model = self._new_model(self.pairs[place][1])
        state = {**self.stack, **self.buffers}
        model.load_state_dict({name: value[place] for name, value in state.items()}, strict=False)
        return model

    def state_dict(self) -> dict[str, Any]:
        stack = {name: value.detach() for name, value in self.stack.items()}
        return {"stack": stack, "optimizer": self.optimizer.state_dict(), "seconds": self.seconds}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        with torch.no_grad():
            for name, value in self.stack.items():
                value.copy_(state["stack"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.seconds = state["seconds"]

    def _new_model(self, seed: int) -> LazyDistribution:
        return make_model(self.settings["flow"], self.settings["base"], 2, self.settings, seed)

    def _draw(self, number: int, steps: int) -> Tensor:
        """Points for a call of `advance`, ``[models, steps, batch, 2]``."""
        parts = []
        for target, seed in self.pairs:
            with seeded(seed, f"{target.name} {number}"):
                points = target.sample(steps * self.settings["batch"])
            parts.append(points.view(steps, self.settings["batch"], 2))
        return torch.stack(parts)

    def _step(self, step: int, points: Tensor) -> Tensor:
        set_rate(self.optimizer, self.settings["learning_rate"], step / self.settings["steps"])
        losses = self.loss(self.stack, self.buffers, points)
        self.optimizer.zero_grad()
        losses.sum().backward()
        self._clip()
        self.optimizer.step()
        return losses.detach()

    def _clip(self) -> None:
        """Cut the norm of each model's gradient to ``clip``."""
        gradients = [value.grad for value in self.stack.values() if value.grad is not None]
        norm = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients]).norm(dim=0)
        factor = (self.settings["clip"] / norm).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factor.view(-1, *(1,) * (gradient.dim() - 1)))


class _Loss:
    """-mean log p of one model of a stack, a function of its parameters, its buffers and the points."""

    def __init__(self, model: LazyDistribution) -> None:
        self.module = _NegativeLogLikelihood(model)

    def __call__(self, parameters: Mapping[str, Tensor], buffers: Mapping[str, Tensor], x: Tensor) -> Tensor:
        named = {f"model.{name}": value for name, value in {**parameters, **buffers}.items()}
        return functional_call(self.module, named, (x,))


class _NegativeLogLikelihood(nn.Module):
    def __init__(self, model: LazyDistribution) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return -self.model().log_prob(x).mean()


def set_rate(optimizer: Optimizer, start: float, share: float) -> None:
    """The learning rate after this share of the training: half a cosine from ``start`` to 0."""
    for group in optimizer.param_groups:
        group["lr"] = start * 0.5 * (1 + math.cos(math.pi * share))


def score(model: LazyDistribution, target: Target, seed: int, count: int) -> dict[str, float]:
    """-log p of test points in nats, and how far that is above the target's own on the same points.

    ``excess`` estimates KL(target || model); the chance in the points cancels in it.
    """
    model.eval()
    with seeded(seed, "test"):
        points = target.sample(count)
        loss = -log_density(model, points).double()
    model.train()
    excess = loss + target.log_prob(points.double())
    return {
        "nll": loss.mean().item(),
        "excess": excess.mean().item(),
        "excess_error": excess.std().item() / math.sqrt(count),
        "entropy": target.entropy(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def log_density(model: LazyDistribution, points: Tensor, rows: int = 500) -> Tensor:
    """log p at the points, ``[N, D]`` to ``[N]``.

    A few rows at a time, for the nested estimate holds rows x M x D numbers.
    """
    with torch.no_grad():
        return torch.cat([model().log_prob(part) for part in points.split(rows)])
