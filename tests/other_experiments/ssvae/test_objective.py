from __future__ import annotations

import math

import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from other_experiments.ssvae.model import LinearWithLabel


def test_elbo_is_that_of_torch_distributions(problem):
    model, image, label = problem.model, torch.tensor([0, 0, 3]), torch.tensor([1, 3, 2])
    one_hot = torch.nn.functional.one_hot(label, 4).double()
    pixels = problem.images[image]
    mean, log_variance = model.encoder(model.encoder.first.features(pixels), one_hot)
    q = Normal(mean, (log_variance / 2).exp())
    latent = q.loc + q.scale * problem.noise[image, label]
    elbo = (
        Bernoulli(logits=model.decoder(latent, one_hot)).log_prob(pixels).sum(-1)
        + math.log(1 / 4)
        - kl_divergence(q, Normal(torch.zeros_like(mean), torch.ones_like(mean))).sum(-1)
    )
    torch.testing.assert_close(problem.objective().pairs(image, label), -elbo)


def test_pairs_and_each_agree(problem):
    label = torch.tensor([2, 0, 3, 1, 0])
    objective = problem.objective()
    each = objective.each(label)
    torch.testing.assert_close(objective.pairs(torch.arange(5), label), each)
    alone = torch.stack([objective.pairs(torch.tensor([i]), label[i : i + 1])[0] for i in range(5)])
    torch.testing.assert_close(alone, each, msg="a pair must not depend on what it is computed with")


def test_weights_of_one_class_are_that_class(problem):
    objective, label = problem.objective(), torch.zeros(5, dtype=torch.long)
    one_hot = torch.nn.functional.one_hot(label, 4).double()
    torch.testing.assert_close(objective.each(one_hot), objective.each(label))


def test_split_layer_is_the_layer_of_the_concatenation():
    torch.manual_seed(0)
    layer = LinearWithLabel(6, 4, 3).double()
    vectors, label = torch.randn(5, 6, dtype=torch.float64), torch.tensor([0, 3, 1, 1, 2])
    whole = torch.nn.Linear(10, 3).double()
    with torch.no_grad():
        whole.weight.copy_(torch.cat([layer.features.weight, layer.labels.T], 1))
        whole.bias.copy_(layer.features.bias)
    wanted = whole(torch.cat([vectors, torch.nn.functional.one_hot(label, 4)], 1))
    torch.testing.assert_close(layer.features(vectors) + layer.label_part(label), wanted)


def test_decoder_counts_pairs(problem):
    decoder = problem.model.decoder
    decoder.calls = 0
    decoder(torch.zeros(3, 2, dtype=torch.float64), torch.tensor([0, 1, 2]))
    decoder(torch.zeros(2, 2, dtype=torch.float64), torch.tensor([0, 1]))
    assert decoder.calls == 5
