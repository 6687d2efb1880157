"""RAD (Dinh et al. 2019): the space is cut into regions over one base, and a gate says how likely each is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, constraints
from zuko.lazy import LazyDistribution

PIECES = 3


class FoldedNormal(Distribution):
    r"""A standard normal z behind a fold of the plane u.

    p(u) = N(z; 0, I) p(k | z) |dz/du|, z = fold(u), k = region(u).

    Each coordinate is folded like the letter N, with slopes a_1, -a_2, a_3 for u < -b, |u| <= b, u > b. The
    images of the pieces are z <= a_2 b, |z| <= a_2 b and z >= -a_2 b, so up to three u belong to one z, and 3^D
    regions of u lie over one base.

    Args:
        slopes: a, ``[D, 3]``, positive.
        border: b, ``[D]``, positive.
        gate: z ``[..., D]`` to scores of the regions, ``[..., 3^D]``. A region without a preimage of z gets none
            of p(k | z).
        continuity: 1 makes p(k | z) vanish at the folds and p(u) continuous, as the paper asks; with 0 p(u) may
            jump there.
    """

    arg_constraints: dict = {}
    support = constraints.real_vector

    def __init__(self, slopes: Tensor, border: Tensor, gate: nn.Module, continuity: float) -> None:
        self.slopes, self.border, self.gate, self.continuity = slopes, border, gate, continuity
        self.top = slopes[:, 1] * border
        choices = list(itertools.product(range(PIECES), repeat=len(border)))
        self.pieces = torch.tensor(choices)
        super().__init__(torch.Size(), border.shape, validate_args=False)

    def fold(self, value: Tensor) -> tuple[Tensor, Tensor]:
        """z and the piece (0, 1, 2) of each coordinate."""
        first, second, third = self.slopes.unbind(-1)
        left, right = value < -self.border, value > self.border
        z = -second * value
        z = torch.where(left, first * (value + self.border) + self.top, z)
        z = torch.where(right, third * (value - self.border) - self.top, z)
        return z, torch.where(left, 0, torch.where(right, 2, 1))

    def unfold(self, z: Tensor, piece: Tensor) -> Tensor:
        """The inverse of `fold` on given pieces."""
        first, second, third = self.slopes.unbind(-1)
        middle = torch.where(piece == 1, -z / second, (z + self.top) / third + self.border)
        return torch.where(piece == 0, (z - self.top) / first - self.border, middle)

    def log_gate(self, z: Tensor) -> Tensor:
        """log p(k | z) of all regions, in the order of ``pieces``; ``[..., 3^D]``."""
        below, above = self.top - z, z + self.top  # room up to the upper fold, and down to the lower one
        tiny = torch.finfo(z.dtype).tiny
        log_below, log_above = (self.continuity * (room / self.top).clamp(tiny, 2).log() for room in (below, above))
        valid = torch.stack([below >= 0, (below >= 0) & (above >= 0), above >= 0], -1)
        room = torch.stack([log_below, log_below + log_above, log_above], -1)
        room = room.masked_fill(~valid, -torch.inf)
        dims = torch.arange(len(self.border))
        return (self.gate(z) + room[..., dims, self.pieces].sum(-1)).log_softmax(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        z, piece = self.fold(value)
        place = PIECES ** torch.arange(len(self.border) - 1, -1, -1)
        gate = self.log_gate(z).gather(-1, (piece * place).sum(-1, keepdim=True)).squeeze(-1)
        slopes = self.slopes.log()[torch.arange(len(self.border)), piece].sum(-1)
        normal = -0.5 * (z.square() + torch.log(torch.tensor(2 * torch.pi))).sum(-1)
        return normal + gate + slopes

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with torch.no_grad():
            z = torch.randn((*sample_shape, *self.border.shape), dtype=self.border.dtype)
            probabilities = self.log_gate(z).exp()
            region = torch.multinomial(probabilities.flatten(0, -2), 1).view(z.shape[:-1])
            return self.unfold(z, self.pieces[region])


class RadBase(LazyDistribution):
    """`FoldedNormal` with learned slopes, borders and gate, as a base of zuko's flows."""

    def __init__(self, features: int, hidden: int, continuity: float) -> None:
        super().__init__()
        self.log_slopes = nn.Parameter(torch.zeros(features, PIECES))
        self.log_border = nn.Parameter(torch.zeros(features))
        self.gate = nn.Sequential(
            nn.Linear(features, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, PIECES**features),
        )
        self.continuity = continuity

    def forward(self, c: None = None) -> FoldedNormal:
        return FoldedNormal(self.log_slopes.exp(), self.log_border.exp(), self.gate, self.continuity)
