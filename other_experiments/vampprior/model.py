"""The networks: gated layers, q(z | x), p(x | z) for two kinds of pixels, and the two priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, Union

import torch
from torch import Tensor, nn

from . import densities

LOG_VARIANCE = (-6.0, 2.0)
"""Bounds of the posterior's log-variance."""
LOG_SCALE = (-4.5, 0.0)
"""Bounds of the discretised logistic's log-scale."""
HALF_BIN = 1 / 512
"""The logistic's location stays this far from 0 and 1."""


class Gated(nn.Module):
    """(W_h x + b_h) * sigmoid(W_g x + b_g); both products are one (Dauphin et al. 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, 2 * outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        return nn.functional.glu(self.linear(inputs))


class Encoder(nn.Module):
    """q(z | x): a diagonal Gaussian, from two gated layers."""

    def __init__(self, pixels: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Gated(pixels, hidden), Gated(hidden, hidden))
        self.head = nn.Linear(hidden, 2 * latent)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, ``[N, latent]`` each."""
        mean, log_variance = self.head(self.body(images)).chunk(2, -1)
        return mean, log_variance.clamp(*LOG_VARIANCE)


class BernoulliDecoder(nn.Module):
    """p(x | z): independent pixels of zero or one."""

    def __init__(self, pixels: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Gated(latent, hidden), Gated(hidden, hidden), nn.Linear(hidden, pixels))

    def log_prob(self, images: Tensor, latent: Tensor) -> Tensor:
        """log p(x | z), ``[N]``."""
        return densities.bernoulli(images, self.body(latent))

    def mean(self, latent: Tensor) -> Tensor:
        """The expected image of each z, ``[N, pixels]`` in [0, 1]."""
        return self.body(latent).sigmoid()


class LogisticDecoder(nn.Module):
    """p(x | z): independent pixels of 256 grey values, a discretised logistic each."""

    def __init__(self, pixels: int, hidden: int, latent: int, edge_bins: bool, floor: float) -> None:
        super().__init__()
        self.edge_bins, self.floor = edge_bins, floor
        self.body = nn.Sequential(Gated(latent, hidden), Gated(hidden, hidden), nn.Linear(hidden, 2 * pixels))

    def log_prob(self, images: Tensor, latent: Tensor) -> Tensor:
        """log p(x | z), ``[N]``."""
        mean, log_scale = self._location_and_scale(latent)
        return densities.discretised_logistic(images, mean, log_scale, self.edge_bins, self.floor)

    def mean(self, latent: Tensor) -> Tensor:
        """The logistic's location for each z, ``[N, pixels]`` in [0, 1]."""
        return self._location_and_scale(latent)[0]

    def _location_and_scale(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_scale = self.body(latent).chunk(2, -1)
        return mean.sigmoid().clamp(HALF_BIN, 1 - HALF_BIN), log_scale.clamp(*LOG_SCALE)


class Components(NamedTuple):
    """Means and log-variances of the prior's Gaussians, ``[K, latent]`` each."""

    mean: Tensor
    log_variance: Tensor


class Terms(NamedTuple):
    """log p(x | z) and log q(z | x) - log p(z) of one z per image, ``[N]`` each; ELBO is their difference."""

    reconstruction: Tensor
    kl: Tensor


class Model(nn.Module):
    """Encoder, decoder, and a prior: N(0, I), or the mean of q(z | u_k) over K learned pseudo-inputs u_k.

    Args:
        pixels: of an image.
        settings: those of ``config.yaml``.
        pseudo_inputs: what the u_k start from, ``[K, pixels]``; None is the prior N(0, I).
    """

    def __init__(self, pixels: int, settings: Mapping[str, Any], pseudo_inputs: Optional[Tensor]) -> None:
        super().__init__()
        sizes = (pixels, settings["hidden"], settings["latent"])
        self.latent = settings["latent"]
        self.encoder = Encoder(*sizes)
        self.decoder: Union[LogisticDecoder, BernoulliDecoder]
        if settings["decoder"] == "logistic":
            self.decoder = LogisticDecoder(*sizes, settings["edge_bins"], settings["log_floor"])
        else:
            self.decoder = BernoulliDecoder(*sizes)
        self.pseudo_inputs = None if pseudo_inputs is None else nn.Parameter(pseudo_inputs.clone())

    def clamped_pseudo_inputs(self) -> Tensor:
        """The u_k as the encoder sees them. Outside [0, 1] they have no gradient."""
        assert self.pseudo_inputs is not None, "the prior N(0, I) has none"
        return self.pseudo_inputs.clamp(0, 1)

    def components(self) -> Components:
        """The prior's Gaussians; a single standard normal one without pseudo-inputs."""
        if self.pseudo_inputs is None:
            zeros = next(self.parameters()).new_zeros(1, self.latent)
            return Components(zeros, zeros)
        return Components(*self.encoder(self.clamped_pseudo_inputs()))

    def log_prior(self, latent: Tensor, components: Components) -> Tensor:
        """log p(z), ``[N]``."""
        if self.pseudo_inputs is None:
            return densities.gaussian(latent, *components)
        return densities.mixture(latent, *components)

    def forward(self, images: Tensor, noise: Tensor) -> Terms:
        """The terms at z = mean + sigma * noise; images and pseudo-inputs are encoded in one pass."""
        count = len(images)
        if self.pseudo_inputs is None:
            (mean, log_variance), components = self.encoder(images), self.components()
        else:
            means, log_variances = self.encoder(torch.cat([images, self.clamped_pseudo_inputs()]))
            mean, log_variance = means[:count], log_variances[:count]
            components = Components(means[count:], log_variances[count:])
        latent = mean + torch.exp(0.5 * log_variance) * noise
        log_posterior = densities.gaussian(latent, mean, log_variance)
        return Terms(self.decoder.log_prob(images, latent), log_posterior - self.log_prior(latent, components))

    def sample_prior(self, count: int, random: torch.Generator) -> Tensor:
        """z from the prior, ``[count, latent]``: of a component drawn at random, not of the first ones."""
        mean, log_variance = self.components()
        chosen = torch.randint(len(mean), (count,), generator=random).to(mean.device)
        noise = torch.randn(count, self.latent, generator=random).to(mean)
        return mean[chosen] + torch.exp(0.5 * log_variance[chosen]) * noise
