"""The two terms of the bound against other formulations, and independence of the stacked models."""

import math

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from onmt_evsoftmax.normalizers.losses import evsoftmax_kl
from other_experiments.common.datasets import load_digits
from other_experiments.common.plots import METHODS
from other_experiments.cvae.batches import Batches, label_of
from other_experiments.cvae.mapping import log_probabilities, probabilities
from other_experiments.cvae.model import ConditionalVAE
from other_experiments.cvae.training import Data, Trainer

EPS = 1e-6
TRAINED = [name for name in METHODS if name != "posthoc_evidential"]


def batch(config, seeds, steps=1):
    digits = load_digits()
    labels = label_of(digits.train_labels, config["split"])
    batches = Batches(digits.train_images, labels, len(config["split"]), seeds, 32, config["classes"])
    return [step for step, _ in zip(batches.epoch(0), range(steps))]


@pytest.mark.parametrize("name", METHODS)
def test_training_probabilities_are_the_mapping_up_to_eps(name):
    scores = torch.randn(50, 10, dtype=torch.float64) * 3
    trained = log_probabilities(name, scores, EPS).exp()
    torch.testing.assert_close(trained.sum(-1), torch.ones(50, dtype=torch.float64))
    assert (trained > 0).all()
    used = probabilities("softmax" if name == "posthoc_evidential" else name, scores)
    assert (trained - used).abs().max() < 1e-5


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("classes", [10, 20])
def test_terms_agree_with_torch_distributions(name, classes, config):
    config = {**config, "classes": classes, "split": [[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]]}
    model = ConditionalVAE((1, 2), name, 64, config)
    ((inputs, labels, gumbel),) = batch(config, (1, 2))
    terms = model(inputs, labels, gumbel)
    assert terms.reconstruction.shape == terms.kl.shape == (2, 32)
    log_q = log_probabilities(name, model.posterior(inputs), EPS)
    for seed in range(2):
        for image in range(0, 32, 7):
            prior = log_probabilities(name, model.prior_scores()[seed, labels[seed, image]], EPS)
            expected = kl_divergence(Categorical(logits=log_q[seed, image]), Categorical(logits=prior))
            torch.testing.assert_close(terms.kl[seed, image], expected, atol=2e-5, rtol=1e-4)
    z = torch.softmax((log_q + gumbel) / config["temperature"], -1)
    pixels = torch.distributions.Bernoulli(logits=model.decoder(z), validate_args=False)
    expected = -pixels.log_prob(inputs[..., :64]).sum(-1)
    torch.testing.assert_close(terms.reconstruction, expected)


def test_the_divergence_of_evsoftmax_is_the_one_of_the_library(config):
    model = ConditionalVAE((4,), "evsoftmax", 64, config)
    ((inputs, labels, gumbel),) = batch(config, (4,))
    prior = model.prior_scores()[0, labels[0]]
    expected = evsoftmax_kl(model.posterior(inputs)[0], prior, eps=EPS, reduction="none")
    torch.testing.assert_close(model(inputs, labels, gumbel).kl[0], expected)


@pytest.mark.parametrize("name", ["evsoftmax", "sparsemax"])
def test_divergence_jumps_where_a_class_leaves_the_support_and_its_gradient_does_not_show_it(name):
    """A posterior on a class that the prior excludes costs log(1/eps); no gradient brings it back."""
    log_q = torch.log(torch.tensor([1.0, 0, 0, 0]) * (1 - 4 * EPS) + EPS)
    # where the first class is at the edge of the support, given the scores of the others below
    edge = {"evsoftmax": 0.0, "sparsemax": -1.0}[name]

    def divergence(score):
        rest = torch.tensor([1.0, -1.0, 0.0]) if name == "evsoftmax" else torch.tensor([0.0, -9.0, -9.0])
        scores = torch.cat([score[None], rest]).requires_grad_()
        kl = (log_q.exp() * (log_q - log_probabilities(name, scores, EPS))).sum()
        return kl, torch.autograd.grad(kl, scores)[0]

    inside, _ = divergence(torch.tensor(edge + 1e-3))
    outside, gradient = divergence(torch.tensor(edge - 1e-3))
    if name == "evsoftmax":
        assert (outside - inside).item() == pytest.approx(math.log(1 / EPS), abs=0.01)
        assert gradient.abs().max() < 1.5  # softmax's: the jump is not in it
    else:
        assert outside.item() == pytest.approx(math.log(1 / EPS), abs=0.01)
        assert gradient.abs().max() < 1e-6


@pytest.mark.parametrize("name", TRAINED)
def test_a_seed_does_not_depend_on_the_seeds_beside_it(name, config):
    def trained(seeds):
        trainer = Trainer(name, seeds, config, _data())
        for step in batch(config, seeds, steps=15):
            trainer.step(step)
        return trainer.model.state_dict()

    together, alone = trained((5, 0, 9)), trained((9,))
    for key, value in alone.items():
        torch.testing.assert_close(together[key][2], value[0], atol=1e-4, rtol=1e-4)
        assert not torch.allclose(together[key][0], value[0], atol=1e-2)


def _data():
    return Data(load_digits(), None, 1.0)
