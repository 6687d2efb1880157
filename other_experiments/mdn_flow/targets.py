"""Three densities in the plane with samples, an exact log-density and an entropy."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

EXTENT = 4.5
"""Half the side of the square, around the origin, outside which the targets have no mass to speak of."""

RADII, RING_SIGMA = (1.0, 2.0, 3.0), 0.12
MOON_RADIUS, MOON_SIGMA = 2.0, 0.2
CIRCLE, SPOT_SIGMA, SPOTS = 3.0, 0.25, 8


@dataclass(frozen=True)
class Target:
    """``sample``: N to ``[N, 2]``, with torch's global generator; ``log_prob``: ``[N, 2]`` to ``[N]``."""

    name: str
    printed_name: str
    sample: Callable[[int], Tensor]
    log_prob: Callable[[Tensor], Tensor]

    def entropy(self) -> float:
        """-integral of p log p in nats, by the trapezoidal rule; for smooth densities good to 1e-6."""
        return _entropy(self.name)


def grid(points: int, extent: float = EXTENT) -> Tensor:
    """A square grid over the plane, row by row from below, ``[points^2, 2]``."""
    axis = torch.linspace(-extent, extent, points, dtype=torch.float64)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], -1)


@functools.cache
def _entropy(name: str, points: int = 240) -> float:
    places = grid(points)
    cell = (2 * EXTENT / (points - 1)) ** 2
    log_p = torch.cat([TARGETS[name].log_prob(part) for part in places.split(20_000)])
    return -(log_p.exp() * log_p).sum().item() * cell


def _noise(count: int, sigma: float) -> Tensor:
    return sigma * torch.randn(count, 2)


def _spot_centres(dtype: torch.dtype) -> Tensor:
    angle = torch.arange(SPOTS, dtype=dtype) * (2 * math.pi / SPOTS)
    return CIRCLE * torch.stack([angle.cos(), angle.sin()], -1)


def _sample_spots(count: int) -> Tensor:
    centres = _spot_centres(torch.get_default_dtype())
    return centres[torch.randint(SPOTS, (count,))] + _noise(count, SPOT_SIGMA)


def _log_spots(value: Tensor) -> Tensor:
    return _log_blurred(value, _spot_centres(value.dtype), SPOT_SIGMA)


def _sample_rings(count: int) -> Tensor:
    radius = torch.tensor(RADII)[torch.randint(len(RADII), (count,))]
    angle = 2 * math.pi * torch.rand(count)
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], -1) + _noise(count, RING_SIGMA)


def _log_rings(value: Tensor) -> Tensor:
    """A circle blurred by a Gaussian: exp(-(r - R)^2 / 2 s^2) e^-x I_0(x) / (2 pi s^2) with x = r R / s^2."""
    r, radii, variance = value.norm(dim=-1, keepdim=True), value.new_tensor(RADII), RING_SIGMA**2
    log_each = -((r - radii) ** 2) / (2 * variance) + torch.special.i0e(r * radii / variance).log()
    return log_each.logsumexp(-1) - math.log(len(RADII) * 2 * math.pi * variance)


def _moon(angle: Tensor, lower: Tensor) -> Tensor:
    """The upper half of a circle around (-1, -0.5), or the lower half of one around (1, 0.5)."""
    sign = torch.where(lower, -1.0, 1.0).to(angle.dtype)
    x = sign * (MOON_RADIUS * angle.cos() - 1)
    return torch.stack([x, sign * (MOON_RADIUS * angle.sin() - 0.5)], -1)


def _sample_moons(count: int) -> Tensor:
    return _moon(math.pi * torch.rand(count), torch.rand(count) < 0.5) + _noise(count, MOON_SIGMA)


def _log_moons(value: Tensor, points: int = 400) -> Tensor:
    """The arcs are sums of points, far closer together than sigma; midpoints, for the ends matter."""
    angle = (torch.arange(points, dtype=value.dtype) + 0.5) * (math.pi / points)
    arcs = [_moon(angle, torch.full((points,), lower)) for lower in (False, True)]
    return _log_blurred(value, torch.cat(arcs), MOON_SIGMA)


def _log_blurred(value: Tensor, centres: Tensor, sigma: float) -> Tensor:
    """An equal mixture of round Gaussians."""
    square = torch.cdist(value, centres, compute_mode="donot_use_mm_for_euclid_dist").square()
    return (-square / (2 * sigma**2)).logsumexp(-1) - math.log(len(centres) * 2 * math.pi * sigma**2)


TARGETS = {
    target.name: target
    for target in (
        Target("two_moons", "two moons", _sample_moons, _log_moons),
        Target("rings", "rings", _sample_rings, _log_rings),
        Target("eight_gaussians", "eight Gaussians", _sample_spots, _log_spots),
    )
}
