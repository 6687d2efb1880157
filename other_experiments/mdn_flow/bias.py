"""How far the estimates are off: ``python -m other_experiments.mdn_flow.bias --out FILE``.

Three questions about the base's density on its own, without training: how the nested estimate is biased by its
size M, how far the relaxed mixture is from the exact one, and what the note's density without a recomputed w
comes to.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import torch
from torch import Tensor

from ..common.command import run_main
from ..common.seeding import seeded
from ..common.tables import table, write_tables
from .relaxed_mixture import RelaxedMixture, log_normal

SIZES = tuple(4**power for power in range(1, 7))
TEMPERATURES = (1.0, 0.5, 0.2, 0.1, 0.01)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Measure, print the tables; with --out, write them too."""
    parser = argparse.ArgumentParser(prog="python -m other_experiments.mdn_flow.bias", allow_abbrev=False)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write FILE.md and FILE.json as well")
    options = parser.parse_args(arguments)
    found = measure()
    text = markdown(found)
    print(text, end="")
    if options.out is not None:
        write_tables(options.out, text, found)


def measure(points: int = 400, repeats: int = 40, seed: int = 0) -> dict[str, Any]:
    """Biases and gaps in nats, means over draws of the relaxed mixture; float64."""
    bias, gaps = [], []
    for temperature in TEMPERATURES:
        with seeded(seed, "bias"):
            two = example(2, temperature)
            value = two.rsample((points,))
            known = density_of_two(two, value)
            for nested in SIZES:
                two.nested = nested
                estimates = torch.stack([two.log_prob(value) for _ in range(repeats)])
                off = (estimates - known).mean(0)
                row = {"temperature": temperature, "nested": nested, "bias": off.mean().item()}
                bias.append({**row, "error": off.std().item() / math.sqrt(points)})
        with seeded(seed, "gap"):
            three = example(3, temperature, nested=16384)
            literal, recomputed, exact = literal_log_prob(three, points)
        gaps.append(
            {
                "temperature": temperature,
                "relaxed_minus_exact": (recomputed - exact).mean().item(),
                "literal_minus_relaxed": (literal - recomputed).mean().item(),
                "literal_off": (literal - recomputed).abs().mean().item(),
            }
        )
    return {"points": points, "repeats": repeats, "seed": seed, "bias": bias, "gaps": gaps}


def markdown(found: dict[str, Any]) -> str:
    """The tables of biases and of gaps."""
    bias = {(row["temperature"], row["nested"]): row for row in found["bias"]}
    sizes = []
    for nested in SIZES:
        row = [bias[temperature, nested] for temperature in TEMPERATURES]
        sizes.append([nested, *(f"{cell['bias']:.3f} ± {cell['error']:.3f}" for cell in row)])
    keys = ("relaxed_minus_exact", "literal_minus_relaxed", "literal_off")
    gaps = [[f"{row['temperature']:g}", *(f"{row[key]:.2f}" for key in keys)] for row in found["gaps"]]
    header = ("tau", "relaxed minus eq. 1", "literal reading minus relaxed", "its mean distance")
    return (
        "Bias of the nested log-density in nats (K = 2, D = 2; exact: an integral over c), "
        "± standard error over points.\n\n"
        + table(["M", *(f"tau {temperature:g}" for temperature in TEMPERATURES)], sizes)
        + "\nK = 3, D = 2, M = 16,384, nats, means over draws of the relaxed mixture.\n\n"
        + table(header, gaps)
    )


def example(components: int, temperature: float, nested: int = 256) -> RelaxedMixture:
    """Equal weights, means on a circle of radius 2, sigmas of 0.3 and 0.5."""
    angle = torch.arange(components, dtype=torch.float64) * (2 * math.pi / components)
    means = 2 * torch.stack([angle.cos(), angle.sin()], -1)
    log_sigmas = torch.tensor([0.3, 0.5], dtype=torch.float64).log().expand(components, 2)
    log_weights = torch.zeros(components, dtype=torch.float64).log_softmax(-1)
    return RelaxedMixture(log_weights, means, log_sigmas, temperature, nested)


def density_of_two(mixture: RelaxedMixture, value: Tensor, nodes: int = 4001) -> Tensor:
    r"""log p of a relaxed mixture with K = 2, by a one-dimensional integral; ``[N, D]`` to ``[N]``.

    The difference of two Gumbels is logistic, so c_1 = sigmoid((log alpha_1 - log alpha_2 + l) / tau), and
    p(z) = integral_0^1 N(z; c^T mu, c^T sigma) du with u the logistic's distribution function: midpoints
    in u.
    """
    u = (torch.arange(nodes, dtype=torch.float64) + 0.5) / nodes
    difference = mixture.log_weights[0] - mixture.log_weights[1] + torch.logit(u)
    first = torch.sigmoid(difference / mixture.temperature)
    c = torch.stack([first, 1 - first], -1)
    means, sigmas = c @ mixture.means, c @ mixture.sigmas
    parts = [log_normal(part[:, None, :], means, sigmas).logsumexp(-1) - math.log(nodes) for part in value.split(100)]
    return torch.cat(parts)


def literal_log_prob(mixture: RelaxedMixture, points: int) -> tuple[Tensor, Tensor, Tensor]:
    """The note's density read literally, the nested estimate, and eq. 1 of draws z = mu_i + w_i sigma_i.

    Each ``[points]``. Literally p(z | c_j) = N(w_i; 0, I) / prod sigma_j with the w that made z, which holds
    for j = i alone.
    """
    log_c = mixture.log_choices((points,))
    c = log_c.exp()
    w = torch.randn(points, mixture.event_shape[0], dtype=mixture.means.dtype)
    value = c @ mixture.means + w * (c @ mixture.sigmas)
    sigmas = mixture.log_choices((mixture.nested,)).exp() @ mixture.sigmas
    volume = (-sigmas.log().sum(-1)).logsumexp(-1) - math.log(mixture.nested)
    literal = log_normal(w, torch.zeros_like(w), torch.ones_like(w)) + volume
    recomputed = torch.cat([mixture.log_prob(part) for part in value.split(100)])
    return literal, recomputed, mixture.exact().log_prob(value)


if __name__ == "__main__":
    run_main(main)
