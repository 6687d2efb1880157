"""The judge: its network, augmentation, training that continues after a kill."""

import json

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.training import Training
from other_experiments.vqvae import judge as module
from other_experiments.vqvae.augmentation import augmented
from other_experiments.vqvae.data import Data, Part, load
from other_experiments.vqvae.judge import trained_judge
from other_experiments.vqvae.wide_resnet import WideResNet

SETTINGS = {
    "dataset": "digits",
    "side": 8,
    "validation": 0.1,
    "bfloat16": False,
    "judge": {
        "depth": 10,
        "width": 1,
        "stride": 1,
        "epochs": 4,
        "batch": 64,
        "learning_rates": [1e-2],
        "schedule": "one_cycle",
        "weight_decay": 0.01,
        "crop": 1,
        "flip": False,
        "seed": 0,
    },
}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The first third of the images, to be quick."""
    data = load(SETTINGS, tmp_path_factory.mktemp("none"))
    parts = (Part(part.images[: len(part) // 3], part.labels[: len(part) // 3]) for part in (data.train, data.test))
    train, test = parts
    return Data(train, data.validation, test, data.classes)


def changed(**changes):
    return {**SETTINGS, "judge": {**SETTINGS["judge"], **changes}}


def test_the_network_has_the_published_size():
    # on ten classes, in millions of parameters (Zagoruyko and Komodakis, 2016)
    for depth, width, published in ((40, 1, 0.6), (40, 2, 2.2), (16, 8, 11.0)):
        count = sum(parameter.numel() for parameter in WideResNet(3, 10, depth, width).parameters())
        assert round(count / 1e6, 1) == published
    for depth in (4, 12, 27):
        with pytest.raises(InputError, match="judge.depth"):
            WideResNet(3, 10, depth, 1)


@pytest.mark.parametrize("side", [8, 32, 64])
def test_any_size_of_image_gets_scores(side):
    assert WideResNet(1, 7, 10, 1, stride=2)(torch.zeros(2, 1, side, side)).shape == (2, 7)


def test_augmentation_shifts_and_turns_whole_images():
    images = torch.arange(200 * 64, dtype=torch.int64).remainder(251).to(torch.uint8).view(200, 1, 8, 8)
    still = augmented(images, 0, False, torch.Generator().manual_seed(0))
    assert torch.equal(still, images)
    turned = augmented(images, 0, True, torch.Generator().manual_seed(0))
    same, mirrored = ((turned == way).flatten(1).all(1) for way in (images, images.flip(3)))
    assert (same ^ mirrored).all() and 70 < same.sum() < 130
    shifted = augmented(images, 2, False, torch.Generator().manual_seed(0))
    inside = torch.nn.functional.pad(images.float(), [2] * 4, mode="reflect").to(torch.uint8)
    found = [
        {place for place in range(25) if torch.equal(crop, whole[:, place // 5 :, place % 5 :][:, :8, :8])}
        for crop, whole in zip(shifted, inside)
    ]
    assert all(found) and len(set().union(*found)) == 25


def test_a_judge_of_digits_is_good_and_kept(digits, tmp_path, monkeypatch):
    judge = trained_judge(tmp_path / "judge", changed(learning_rates=[1e-6, 1e-2]), digits)
    results = json.loads((tmp_path / "judge" / "results.json").read_text())
    assert not judge.training and results["learning_rate"] == 1e-2  # the other one hardly learns
    assert results["test"]["images"] == 120 and results["test"]["top1"] > 0.5
    monkeypatch.setattr(module, "_train", None)  # would raise
    again = trained_judge(tmp_path / "judge", changed(learning_rates=[1e-6, 1e-2]), digits)
    images = torch.randn(3, 1, 8, 8)
    assert torch.equal(judge(images), again(images))


def test_other_settings_and_damage_are_refused(digits, tmp_path):
    settings = changed(epochs=1)
    trained_judge(tmp_path, settings, digits)
    with pytest.raises(InputError, match="epochs: 1 there, 2 here"):
        trained_judge(tmp_path, changed(epochs=2), digits)
    (tmp_path / "judge.pt").write_bytes(b"damaged")
    with pytest.raises(InputError, match="judge.pt: no usable judge"):
        trained_judge(tmp_path, settings, digits)
    with pytest.raises(InputError, match="judge.batch: 2000 is more"):
        trained_judge(tmp_path / "other", changed(batch=2000), digits)


@pytest.mark.parametrize("schedule", ["one_cycle", "constant"])
def test_a_killed_training_comes_to_the_same_judge(digits, tmp_path, monkeypatch, schedule):
    settings = changed(epochs=2, batch=16, schedule=schedule)  # two pieces an epoch
    whole = trained_judge(tmp_path / "whole", settings, digits).state_dict()
    advance = module.Trainer.advance

    def killed(self: Training, number: int):
        if number == 3:
            raise KeyboardInterrupt
        return advance(self, number)

    monkeypatch.setattr("other_experiments.common.training.SAVE_SECONDS", 0.0)
    monkeypatch.setattr(module.Trainer, "advance", killed)
    with pytest.raises(KeyboardInterrupt):
        trained_judge(tmp_path / "killed", settings, digits)
    monkeypatch.setattr(module.Trainer, "advance", advance)
    continued = trained_judge(tmp_path / "killed", settings, digits).state_dict()
    assert all(torch.equal(whole[name], continued[name]) for name in whole)


def test_a_loss_that_is_no_number_is_an_error(digits, tmp_path):
    with pytest.raises(InputError, match="no number with a learning rate of 1e\\+30"):
        trained_judge(tmp_path, changed(learning_rates=[1e30]), digits)


def test_classes_and_channels_come_from_the_data(tmp_path):
    images = torch.randint(256, (12, 3, 16, 16), dtype=torch.uint8)
    part = Part(images, torch.arange(12) % 6)
    judge = trained_judge(tmp_path, changed(epochs=1, batch=4), Data(part, part, part, tuple("abcdef")))
    assert judge(torch.zeros(1, 3, 16, 16)).shape == (1, 6)
