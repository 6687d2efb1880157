"""Gated layers, the priors, normalised gradients, and components in use."""

import pytest
import torch

from other_experiments.vampprior.model import LOG_VARIANCE, Gated, Model
from other_experiments.vampprior.optimiser import NormalisedGradients
from other_experiments.vampprior.usage import count, usage

SETTINGS = {"hidden": 8, "latent": 3, "decoder": "logistic", "edge_bins": True, "log_floor": 1e-7}
IMAGES = torch.randint(256, (5, 12)) / 256


def test_a_gated_layer_is_the_product():
    layer, inputs = Gated(4, 3), torch.randn(2, 4)
    hidden, gate = layer.linear(inputs).split(3, -1)
    torch.testing.assert_close(layer(inputs), hidden * gate.sigmoid())


@pytest.mark.parametrize("pseudo", [None, torch.rand(7, 12)])
def test_one_pass_gives_the_terms_of_the_parts(pseudo):
    model, noise = Model(12, SETTINGS, pseudo), torch.randn(5, 3)
    terms = model(IMAGES, noise)
    mean, log_variance = model.encoder(IMAGES)
    z = mean + (log_variance / 2).exp() * noise
    normal = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = model.log_prior(z, model.components())
    torch.testing.assert_close(terms.kl, normal.log_prob(z).sum(-1) - prior, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(terms.reconstruction, model.decoder.log_prob(IMAGES, z))


def test_pseudo_inputs_learn_inside_the_unit_interval_only():
    start = torch.tensor([-0.5, 0.5, 1.5]).repeat(4).expand(7, 12)
    model = Model(12, SETTINGS, start)
    model(IMAGES, torch.randn(5, 3)).kl.sum().backward()
    moved = model.pseudo_inputs.grad != 0
    assert not moved[:, 0::3].any() and moved[:, 1::3].any() and not moved[:, 2::3].any()


def test_the_posterior_variance_is_bounded():
    model = Model(12, SETTINGS, None)
    _, log_variance = model.encoder(1e4 * torch.randn(20, 12))
    assert log_variance.min() >= LOG_VARIANCE[0] and log_variance.max() <= LOG_VARIANCE[1]


def test_samples_come_from_all_components():
    model = Model(2, {**SETTINGS, "latent": 1}, torch.rand(50, 2))
    with torch.no_grad():
        model.components = lambda: (torch.arange(50.0)[:, None], torch.full((50, 1), -20.0))
        drawn = model.sample_prior(2000, torch.Generator().manual_seed(0))
    assert len(drawn.round().unique()) == 50


def test_gradients_are_of_unit_norm_for_each_tensor():
    tensors = [torch.ones(3, requires_grad=True), torch.ones(2, 2, requires_grad=True)]
    still = torch.ones(2, requires_grad=True)
    optimiser = NormalisedGradients(torch.optim.SGD([*tensors, still], lr=1.0))
    optimiser.zero_grad()
    (1e6 * tensors[0].sum() + 1e-6 * tensors[1].sum() + 0 * still.sum()).backward()
    optimiser.step()
    for tensor in tensors:
        assert (1 - tensor).norm().item() == pytest.approx(1, rel=1e-5)
    assert torch.equal(still, torch.ones(2))


def test_components_that_share_the_images_are_used_and_distinct():
    assert count(torch.eye(8)) == pytest.approx((8, 8))
    assert count(torch.eye(8)[[0, 0, 1, 1]]) == pytest.approx((2, 2))
    assert count(torch.full((5, 8), 1 / 8)) == pytest.approx((8, 1))  # the same component eight times


def test_equal_pseudo_inputs_count_as_one():
    model = Model(12, SETTINGS, torch.full((7, 12), 0.5))
    assert usage(model, IMAGES, 0) == pytest.approx((7, 1), rel=1e-4)
