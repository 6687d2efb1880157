"""Order and noise: complete, standard, and of their own seed and epoch."""

import torch

from other_experiments.cvae.batches import Batches, label_of


def batches(seeds, count=70):
    # the image tells its number
    images, labels = torch.arange(count, dtype=torch.float32)[:, None], torch.arange(count) % 2
    return Batches(images, labels, 2, seeds, 8, 10)


def test_an_epoch_shows_every_image_at_most_once_with_its_label():
    steps = list(batches((0, 1)).epoch(3))
    assert len(steps) == 8
    numbers = torch.cat([step.inputs[0, :, 0] for step in steps]).long()
    assert len(set(numbers.tolist())) == 64
    for step in steps:
        assert torch.equal(step.labels, step.inputs[..., 0].long() % 2)
        assert torch.equal(step.inputs[..., 1:].argmax(-1), step.labels)


def test_draws_depend_on_seed_and_epoch_alone():
    def draws(seeds, epoch, seed):
        place = seeds.index(seed)
        return [(step.inputs[place], step.gumbel[place]) for step in batches(seeds).epoch(epoch)]

    for together, alone in zip(draws((4, 7, 1), 2, 7), draws((7,), 2, 7)):
        assert all(torch.equal(a, b) for a, b in zip(together, alone))
    assert not torch.equal(draws((7,), 2, 7)[0][0], draws((7,), 3, 7)[0][0])
    assert not torch.equal(draws((7,), 2, 7)[0][1], draws((8,), 2, 8)[0][1])


def test_the_noise_is_standard_gumbel():
    noise = torch.cat([step.gumbel.flatten() for step in batches((0, 1), 4000).epoch(0)])
    assert abs(noise.mean().item() - 0.5772) < 0.02
    assert abs(noise.var().item() - torch.pi**2 / 6) < 0.05


def test_labels_follow_the_split():
    split = [[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]]
    assert label_of(torch.tensor([9, 0, 2, 3]), split).tolist() == [1, 0, 0, 1]
