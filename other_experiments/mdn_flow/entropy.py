"""Maximum entropy under moment constraints by an augmented Lagrangian (Loaiza-Ganem et al. 2017)."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..common.seeding import seeded
from ..common.training import Records, Training
from .bases import BASES
from .constraints import CASES
from .likelihood import set_rate
from .model import base_of, make_model
from .relaxed_mixture import RelaxedMixture

RESIDUAL_POINTS = 50_000
"""How many draws measure the violation in the results: the chance in it falls to about 0.01."""


@dataclass(frozen=True)
class Objective:
    """A way to estimate the entropy: by which density of the flow's base; ``base`` is its row in `bases.BASES`."""

    name: str
    printed_name: str
    base: str


OBJECTIVES = {
    objective.name: objective
    for objective in (
        Objective("normal", "N(0, I)", "normal"),
        Objective("nested", "relaxed draws, nested density", "relaxed02"),
        Objective("exact", "relaxed draws, exact density (eq. 1)", "relaxed02"),
        Objective("joint", "relaxed draws, joint density (eq. 2)", "relaxed02"),
    )
}


class EntropyTrainer(Training):
    """Minimises -H(p) + lambda . R + c/2 |R|^2 with R = E[statistics(x)], x drawn from the flow.

    |R|^2 is estimated without bias by the product of the means of two halves of the batch. After each stage
    lambda += c R, and c grows by ``penalty_growth`` unless |R| fell to a quarter. A call of `advance` is a stage.
    """

    def __init__(self, settings: Mapping[str, Any], seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.case, self.objective = CASES[settings["case"]], OBJECTIVES[settings["objective"]]
        base = BASES[self.objective.base]
        self.model = make_model(settings["flow"], base.name, self.case.features, settings, seed)
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=settings["learning_rate"], fused=True)
        count = self._count_constraints()
        self.state: dict[str, Any] = {
            "multipliers": torch.zeros(count),
            "penalty": settings["penalty"],
            "violation": math.inf,
            "seconds": 0.0,
            "diverged": None,
        }

    @property
    def total(self) -> int:
        """How many stages there are."""
        return self.settings["stages"]

    def advance(self, number: int) -> Records:
        """One stage; nothing is done any more once the loss was not finite."""
        state, settings = self.state, self.settings
        record = {"stage": number, "penalty": state["penalty"]}
        if state["diverged"] is not None:
            return [{**record, "diverged": state["diverged"]["stage"]}]
        start = time.process_time()
        set_rate(self.optimizer, settings["learning_rate"], number / settings["stages"])
        with seeded(self.seed, f"stage {number}"):
            losses = [self._step() for _ in range(settings["stage_steps"])]
            entropy, residual = self._measure()
        violation = residual.norm().item()
        state["seconds"] += time.process_time() - start
        if not all(map(math.isfinite, (*losses, entropy, violation))):
            state["diverged"] = {"stage": number, "penalty": state["penalty"]}
        else:
            self._update(residual, violation)
        return [{**record, "loss": losses[-1], "claimed_entropy": entropy, "violation": violation}]

    def results(self, log: Records) -> dict[str, Any]:
        """Entropy and violation of fresh draws against the exact solution.

        ``claimed_entropy`` uses the density that the objective trained with, ``entropy`` the nested density with
        M = ``nested_evaluation``, for N(0, I) the exact one.
        ``divergence`` is KL(model || solution) = -entropy - E[log solution].
        """
        self.model.eval()
        with seeded(self.seed, "test"), torch.no_grad():
            parts = [self._draw(500) for _ in range(max(1, self.settings["test_points"] // 500))]
            claimed, _ = self._measure()
            residual = self.case.statistics(self.draw(RESIDUAL_POINTS)).mean(0)
        self.model.train()
        x, log_p = (torch.cat(part) for part in zip(*parts))
        entropy = -log_p.mean().item()
        return {
            "exact_entropy": self.case.entropy(),
            "entropy": entropy,
            "claimed_entropy": claimed,
            "violation": residual.norm().item(),
            "divergence": -entropy - self.case.log_prob(x).mean().item(),
            "penalty": self.state["penalty"],
            "diverged": self.state["diverged"],
            "cpu_seconds": self.state["seconds"],
        }

    def draw(self, count: int) -> Tensor:
        """x of the model as it is now, ``[count, *]``, without a gradient."""
        with torch.no_grad():
            return self._forward(base_of(self.model)().rsample((count,)), torch.zeros(()))[0]

    def _step(self) -> float:
        state = self.state
        x, log_p = self._draw_for_training(self.settings["batch"])
        first, second = (part.mean(0) for part in self.case.statistics(x).chunk(2))
        linear = (state["multipliers"] * (first + second)).sum() / 2
        loss = log_p.mean() + linear + state["penalty"] / 2 * (first * second).sum()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, self.settings["clip"])
        self.optimizer.step()
        return loss.item()

    def _update(self, residual: Tensor, violation: float) -> None:
        state, settings = self.state, self.settings
        state["multipliers"] = state["multipliers"] + state["penalty"] * residual
        if violation > 0.25 * state["violation"]:
            state["penalty"] = min(state["penalty"] * settings["penalty_growth"], settings["penalty_limit"])
        state["violation"] = violation

    def _measure(self) -> tuple[float, Tensor]:
        """Entropy by the objective's own density, and R, of many draws."""
        with torch.no_grad():
            x, log_p = self._draw_for_training(self.settings["measure_points"])
            return -log_p.mean().item(), self.case.statistics(x).mean(0)

    def _draw_for_training(self, count: int) -> tuple[Tensor, Tensor]:
        """x, and its log-density with the density of the objective in the base."""
        base = base_of(self.model)()
        if self.objective.name == "joint":
            z, log_base = base.rsample_joint((count,))
        else:
            z = base.rsample((count,))
            density = base.exact() if self.objective.name == "exact" else base
            if isinstance(density, RelaxedMixture):
                # rows x M x D numbers at a time
                log_base = torch.cat([density.log_prob(part) for part in z.split(512)])
            else:
                log_base = density.log_prob(z)
        return self._forward(z, log_base)

    def _draw(self, count: int) -> tuple[Tensor, Tensor]:
        """x, and its log-density with the base's own density."""
        base = base_of(self.model)()
        z = base.rsample((count,))
        return self._forward(z, base.log_prob(z))

    def _forward(self, z: Tensor, log_base: Tensor) -> tuple[Tensor, Tensor]:
        """z through the flow and to where the case lives; log p = log p(z) - log |det| of both."""
        y, ladj = self.model.transform().inv.call_and_ladj(z)
        x, more = self.case.place(y)
        return x, log_base - ladj - more

    def _count_constraints(self) -> int:
        with torch.no_grad():
            return self.case.statistics(self.case.place(torch.zeros(1, self.case.features))[0]).shape[-1]
