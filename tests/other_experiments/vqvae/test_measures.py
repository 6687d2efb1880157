"""Supports, targets outside of them, and bits per code in one currency."""

import math

import pytest
import torch

from onmt_evsoftmax.normalizers import get, log_evsoftmax
from other_experiments.common.plots import METHODS
from other_experiments.vqvae.measures import bits, measure, support, unigram_bits
from other_experiments.vqvae.pixelcnn import PixelCNN

CODES = 13


@pytest.fixture
def scores():
    return 2 * torch.randn(4, CODES, 3, 5, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def targets():
    return torch.randint(CODES, (4, 3, 5), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("method", METHODS)
def test_support_and_own_bits_are_those_of_the_mapping_position_by_position(method, scores, targets):
    sizes, outside, own = [], [], []
    for image in range(4):
        for i in range(3):
            for j in range(5):
                probabilities = get(method).function(scores[image, :, i, j])
                chosen = probabilities[targets[image, i, j]].item()
                sizes.append((probabilities > 0).sum().item())
                outside.append(chosen == 0)
                own.append(-math.log2((chosen + 1e-6) / (1 + CODES * 1e-6)))
    found = support(scores, targets, method)
    assert found["K"] == pytest.approx(sum(sizes) / 60)
    assert found["outside"] == pytest.approx(sum(outside) / 60)
    assert found["own"] == pytest.approx(sum(own) / 60, rel=1e-5)


def test_bits_are_log_probabilities_whose_distributions_sum_to_one(scores, targets):
    readings = {"softmax": torch.log_softmax(scores, 1), "epsilon": log_evsoftmax(scores, dim=1, eps=1e-6)}
    for name, logs in readings.items():
        torch.testing.assert_close(logs.exp().sum(1), torch.ones(4, 3, 5))
        expected = -logs.gather(1, targets[:, None]).mean().item() / math.log(2)
        assert bits(scores, targets)[name] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mapping", ["softmax", "sparsemax", "entmax15", "evsoftmax"])
def test_losses_and_measures_do_not_depend_on_the_memory_layout(mapping, scores, targets):
    layouts = [
        scores.contiguous(),
        scores.contiguous(memory_format=torch.channels_last),
        scores.permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1),
    ]
    losses, gradients = [], []
    for layout in layouts:
        layout = layout.detach().requires_grad_()
        loss = get(mapping).loss(layout, targets)
        gradients.append(torch.autograd.grad(loss, layout)[0])
        losses.append(loss)
        assert support(layout.detach(), targets, mapping) == pytest.approx(support(scores, targets, mapping))
    for loss, gradient in zip(losses, gradients):
        torch.testing.assert_close(loss, losses[0])
        torch.testing.assert_close(gradient, gradients[0])


def test_a_softmax_prior_is_measured_as_post_hoc_evidential_too_and_batches_do_not_matter():
    torch.manual_seed(0)
    model = PixelCNN(CODES, 3, {"layers": 2, "hidden": 4, "head": 8, "output_scale": 1.0})
    codes, labels = torch.randint(CODES, (7, 4, 4)), torch.randint(3, (7,))
    whole = measure(model, "softmax", [(codes, labels)])
    pieces = measure(model, "softmax", zip(codes.split(3), labels.split(3)))
    assert list(whole["methods"]) == ["softmax", "posthoc_evidential"]
    assert whole["methods"]["softmax"]["K"] == CODES and whole["methods"]["softmax"]["outside"] == 0
    assert whole["loss"] == pytest.approx(whole["bits"]["softmax"] * math.log(2))
    for key in ("loss", "head_active"):
        assert pieces[key] == pytest.approx(whole[key])
    for method, found in whole["methods"].items():
        assert pieces["methods"][method] == pytest.approx(found)


def test_unigram_bits_are_the_entropy_where_both_parts_are_alike():
    codes = torch.tensor([0, 1, 2, 3]).repeat(10000).to(torch.int16)
    assert unigram_bits(codes, codes, 4) == pytest.approx(2.0)
    assert math.isfinite(unigram_bits(codes, torch.tensor([7]), 8))
