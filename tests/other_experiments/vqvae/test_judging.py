"""Accuracies: ranks, ties, one class, and statistics that stay as they are."""

import pytest
import torch
from torch import nn

from other_experiments.vqvae.data import scaled
from other_experiments.vqvae.judging import accuracies, error_over_images
from other_experiments.vqvae.wide_resnet import WideResNet


class Named(nn.Module):
    """Scores that stand in the pixels of an image."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, images):
        return images.flatten(1) * self.weight


def test_accuracies_are_shares_of_ranks():
    places = torch.arange(20)
    images = torch.stack([torch.arange(20, dtype=torch.uint8).flip(0)] * 20).view(
        20, 1, 4, 5
    )  # class 0 is always first
    result = accuracies(Named(), images, places)
    assert result == {"images": 20, "top1": 0.05, "top5": 0.25, "top10": 0.5}
    assert error_over_images(result, 10) == pytest.approx((0.25 / 20) ** 0.5)


def test_ten_classes_are_all_among_ten_guesses():
    images = torch.randint(256, (7, 1, 2, 5), dtype=torch.uint8)
    assert accuracies(Named(), images, torch.arange(7))["top10"] == 1


def test_constant_scores_are_never_right():
    images = torch.zeros(30, 1, 4, 5, dtype=torch.uint8)
    assert accuracies(Named(), images, torch.arange(30) % 20)["top5"] == 0


def test_the_parts_of_a_batch_do_not_matter(monkeypatch):
    images, labels = torch.randint(256, (11, 1, 4, 5), dtype=torch.uint8), torch.arange(11)
    whole = accuracies(Named(), images, labels)
    monkeypatch.setattr("other_experiments.vqvae.judging.BATCH", 4)
    assert accuracies(Named(), images, labels) == whole


def test_judging_leaves_the_judge_as_it_is():
    torch.manual_seed(0)
    judge = WideResNet(3, 6, 10, 1)
    judge(scaled(torch.randint(256, (16, 3, 16, 16), dtype=torch.uint8)))  # in training: statistics move
    before = {name: value.clone() for name, value in judge.state_dict().items()}
    images, labels = torch.randint(256, (9, 3, 16, 16), dtype=torch.uint8), torch.arange(9) % 6
    in_training = accuracies(judge, images, labels)
    assert judge.training
    assert all(torch.equal(before[name], value) for name, value in judge.state_dict().items())
    assert accuracies(judge.eval(), images, labels) == in_training
    alone = [accuracies(judge, images[i : i + 1], labels[i : i + 1])["top1"] for i in range(9)]
    assert sum(alone) / 9 == pytest.approx(in_training["top1"])
