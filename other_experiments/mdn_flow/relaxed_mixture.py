"""The base of the flow: a mixture of Gaussians whose component is chosen by a Gumbel-softmax."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, Normal, constraints


class RelaxedMixture(Distribution):
    r"""z = c^T mu + w * (c^T sigma), with c ~ Gumbel-softmax(alpha, tau) and w ~ N(0, I).

    Its density is an integral over c, which `log_prob` estimates from M fresh draws c_j:

        log p(z) ~ logsumexp_j log N(z; c_j^T mu, c_j^T sigma) - log M,   w_j = (z - mu_j) / sigma_j.

    The estimate of p is unbiased, so by Jensen's inequality E[log p_M(z)] <= log p(z): the logarithm reads too
    low, by about Var(p_1(z)) / (2 M p(z)^2), and less with every larger M (Burda et al. 2016, theorem 1).

    Args:
        log_weights: log alpha, normalised, ``[K]``; -inf leaves a component out.
        means, log_sigmas: of the components, ``[K, D]``.
        temperature: tau > 0. Towards 0 this becomes the exact mixture, `exact`.
        nested: M, the draws of c behind one call of `log_prob`; all values of the call share them.
    """

    arg_constraints: dict = {}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, log_weights: Tensor, means: Tensor, log_sigmas: Tensor, temperature: float, nested: int = 256
    ) -> None:
        if not temperature > 0 or nested < 1:
            raise ValueError(f"temperature must be positive and nested at least 1, got {temperature} and {nested}")
        self.log_weights, self.means, self.sigmas = log_weights, means, log_sigmas.exp()
        self.temperature, self.nested = temperature, nested
        super().__init__(torch.Size(), means.shape[-1:], validate_args=False)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Reparameterised draws, ``[*sample_shape, D]``."""
        return self._place(self.log_choices(sample_shape))

    def rsample_joint(self, sample_shape: Sequence[int] = ()) -> tuple[Tensor, Tensor]:
        """Draws, and log p(z, c) = log p(z | c) + log p(c) of each with the c that made it."""
        log_c = self.log_choices(sample_shape)
        value = self._place(log_c)
        conditional = log_normal(value, *self._selected(log_c))
        return value, conditional + log_density_of_choice(log_c, self.log_weights, self.temperature)

    def log_prob(self, value: Tensor) -> Tensor:
        """The nested estimate, a different one at each call; ``[..., D]`` to ``[...]``."""
        means, sigmas = self._selected(self.log_choices((self.nested,)))
        return log_normal(value[..., None, :], means, sigmas).logsumexp(-1) - math.log(self.nested)

    def joint_log_prob(self, value: Tensor) -> Tensor:
        """log p(z | c) + log p(c) with one fresh c for each value: the ablation, no density of z."""
        log_c = self.log_choices(value.shape[:-1])
        conditional = log_normal(value, *self._selected(log_c))
        return conditional + log_density_of_choice(log_c, self.log_weights, self.temperature)

    def exact(self) -> MixtureSameFamily:
        """The mixture that this becomes as tau goes to 0 (the note's eq. 1)."""
        return gaussian_mixture(self.log_weights, self.means, self.sigmas)

    def log_choices(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """log c, ``[*sample_shape, K]``: in float32 c itself has exact zeros at tau = 0.1."""
        uniform = torch.rand((*sample_shape, *self.log_weights.shape), dtype=self.means.dtype)
        tiny = torch.finfo(uniform.dtype).tiny
        gumbel = -(-uniform.clamp(tiny, 1 - torch.finfo(uniform.dtype).eps).log()).log()
        return ((self.log_weights + gumbel) / self.temperature).log_softmax(-1)

    def _place(self, log_c: Tensor) -> Tensor:
        mean, sigma = self._selected(log_c)
        return mean + sigma * torch.randn_like(mean)

    def _selected(self, log_c: Tensor) -> tuple[Tensor, Tensor]:
        c = log_c.exp()
        return c @ self.means, c @ self.sigmas


def log_density_of_choice(log_c: Tensor, log_weights: Tensor, temperature: float) -> Tensor:
    r"""Log-density of a Gumbel-softmax at c, ``[..., K]`` to ``[...]``: the note's eq. 2 with both sums up to K.

    log Gamma(K) + (K - 1) log tau - K log sum_k alpha_k c_k^-tau + sum_k [log alpha_k - (tau + 1) log c_k].
    """
    classes = log_c.shape[-1]
    constant = math.lgamma(classes) + (classes - 1) * math.log(temperature)
    total = (log_weights - temperature * log_c).logsumexp(-1)
    return constant - classes * total + (log_weights - (temperature + 1) * log_c).sum(-1)


def log_normal(value: Tensor, mean: Tensor, sigma: Tensor) -> Tensor:
    """log N(value; mean, diag(sigma^2)), summed over the last dimension."""
    w = (value - mean) / sigma
    return -0.5 * w.square().sum(-1) - sigma.log().sum(-1) - 0.5 * value.shape[-1] * math.log(2 * math.pi)


def gaussian_mixture(log_weights: Tensor, means: Tensor, sigmas: Tensor) -> MixtureSameFamily:
    """The exact mixture; log weights of -inf are safe, forwards and backwards."""
    components = Independent(Normal(means, sigmas, validate_args=False), 1, validate_args=False)
    return MixtureSameFamily(Categorical(logits=log_weights, validate_args=False), components, validate_args=False)
