"""The codes: nearest vector, straight-through gradient, two ways to start, and restarts of dead ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

STARTS = ("paper", "kmeans")
KMEANS_ROUNDS = 10


class Quantised(NamedTuple):
    """What `Codebook.forward` returns.

    Attributes:
        vectors: the codes' vectors ``[N, D, H, W]``; their gradient goes to the encoder as it is.
        codes: class numbers, int64 ``[N, H, W]``.
        codebook_loss: mean squared distance, which moves the codebook only.
        commitment_loss: the same distance, which moves the encoder only.
    """

    vectors: Tensor
    codes: Tensor
    codebook_loss: Tensor
    commitment_loss: Tensor


class Usage(NamedTuple):
    """How many codes occur, and two to the power of the entropy of their frequencies in bits."""

    codes_in_use: int
    perplexity: float


class Codebook(nn.Module):
    """K vectors of D numbers (van den Oord et al. 2017).

    They start uniform in ±1/K, as in the paper. Its encoder's outputs are longer by orders, so most of them
    are nearest to the same few codes, and no other code ever has a gradient. `start_from` puts them on the
    encoder's outputs instead.
    """

    def __init__(self, size: int, dimension: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.empty(size, dimension).uniform_(-1 / size, 1 / size))

    def nearest(self, outputs: Tensor) -> Tensor:
        """Rows ``[N, D]`` -> the number of the nearest code, int64 ``[N]``."""
        # bfloat16 would take other codes than the nearest
        with torch.no_grad(), torch.autocast(outputs.device.type, enabled=False):
            # |v|^2 - 2 x.v; |x|^2 is the same for every code
            return torch.addmm(self.vectors.square().sum(1), outputs, self.vectors.T, alpha=-2).argmin(1)

    def encode(self, outputs: Tensor) -> Tensor:
        """The encoder's outputs ``[N, D, H, W]`` -> codes, int64 ``[N, H, W]``."""
        count, _, height, width = outputs.shape
        return self.nearest(rows(outputs)).view(count, height, width)

    def decode(self, codes: Tensor) -> Tensor:
        """Codes ``[N, H, W]`` -> their vectors ``[N, D, H, W]``."""
        return functional.embedding(codes, self.vectors).permute(0, 3, 1, 2)

    def forward(self, outputs: Tensor) -> Quantised:
        codes = self.encode(outputs)
        vectors = self.decode(codes)
        codebook_loss = functional.mse_loss(vectors, outputs.detach())
        commitment_loss = functional.mse_loss(outputs, vectors.detach())
        straight_through = outputs + (vectors - outputs).detach()
        return Quantised(straight_through, codes, codebook_loss, commitment_loss)

    @torch.no_grad()
    def start_from(self, outputs: Tensor, random: torch.Generator) -> None:
        """Put the codes on rows ``[N, D]`` by k-means; a cluster that runs empty is moved to a random row."""
        self.vectors.copy_(draw(outputs, len(self.vectors), random))
        for _ in range(KMEANS_ROUNDS):
            nearest = self.nearest(outputs)
            counts = torch.bincount(nearest, minlength=len(self.vectors))
            sums = torch.zeros_like(self.vectors).index_add_(0, nearest, outputs)
            self.vectors.copy_(sums / counts.clamp(min=1)[:, None])
            self.restart(counts == 0, outputs, random)

    @torch.no_grad()
    def restart(self, dead: Tensor, outputs: Tensor, random: torch.Generator) -> None:
        """Move the codes that ``dead``, ``[K]``, names to random rows of the encoder's outputs ``[N, D]``."""
        if dead.any():
            self.vectors[dead] = draw(outputs, int(dead.sum()), random).to(self.vectors.dtype)


class Restarts:
    """Moves codes that no output chose in the last ``every`` steps; an ``every`` of 0 moves none.

    The window is short and a code has to be chosen once only. An average over hundreds of steps comes
    too late: until it has noticed a code, the encoder has settled on the others.
    """

    def __init__(self, codebook: Codebook, every: int) -> None:
        self._codebook, self._every = codebook, every
        self.state: dict[str, Any] = {"steps": 0, "chosen": torch.zeros(len(codebook.vectors), dtype=torch.bool)}

    def step(self, outputs: Tensor, codes: Tensor, optimiser: torch.optim.Optimizer, random: torch.Generator) -> int:
        """Count a step's codes ``[N, H, W]``; at the end of a window, move the dead. Returns how many were moved."""
        if self._every == 0:
            return 0
        self.state["chosen"][codes.detach().flatten().cpu()] = True
        self.state["steps"] += 1
        if self.state["steps"] % self._every:
            return 0
        dead = ~self.state["chosen"]
        self.state["chosen"] = torch.zeros_like(dead)
        self._codebook.restart(dead.to(outputs.device), rows(outputs.detach()), random)
        for moment in ("exp_avg", "exp_avg_sq"):  # Adam's memory is of another vector
            moments: Mapping[str, Any] = optimiser.state.get(self._codebook.vectors, {})
            if moment in moments:
                moments[moment][dead] = 0
        return int(dead.sum())


def rows(outputs: Tensor) -> Tensor:
    """``[N, D, H, W]`` -> ``[N * H * W, D]``, float32."""
    return outputs.movedim(1, -1).reshape(-1, outputs.shape[1]).float()


def draw(outputs: Tensor, count: int, random: torch.Generator) -> Tensor:
    """So many rows at random, with a trace of noise where there are too few for each to be another one."""
    if count <= len(outputs):
        return outputs[torch.randperm(len(outputs), generator=random)[:count].to(outputs.device)]
    chosen = outputs[torch.randint(len(outputs), (count,), generator=random).to(outputs.device)]
    noise = torch.randn(chosen.shape, generator=random).to(chosen)
    return chosen + 0.01 * outputs.std() * noise


def usage(codes: Tensor, size: int) -> Usage:
    """How codes of any shape use a codebook.

    >>> usage(torch.tensor([0, 1, 1, 0]), 4)
    Usage(codes_in_use=2, perplexity=2.0)
    """
    counts = torch.bincount(codes.flatten().long(), minlength=size).double()
    shares = counts / counts.sum().clamp(min=1)
    return Usage(int((counts > 0).sum()), torch.special.entr(shares).sum().exp().item())
