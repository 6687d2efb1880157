from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.datasets import Images, binarise
from other_experiments.ssvae.data import batches, split


@pytest.fixture()
def images():
    random = torch.Generator().manual_seed(0)
    return Images(
        torch.rand(40, 3, generator=random),
        torch.arange(40),
        torch.rand(6, 3, generator=random),
        torch.arange(6),
    )


def test_split_uses_every_image_once(images):
    data = split(images, labelled=8, validation=5, seed=43)
    parts = [data.labelled.tolist(), data.unlabelled.tolist(), data.validation_labels.tolist()]
    assert [len(part) for part in parts] == [8, 27, 5]
    assert sorted(sum(parts, [])) == list(range(40))


def test_split_depends_on_the_seed_and_the_test_set_does_not(images):
    one, again, other = (split(images, 8, 5, seed) for seed in (43, 43, 44))
    assert torch.equal(one.labelled, again.labelled)
    assert torch.equal(one.validation_images, again.validation_images)
    assert not torch.equal(one.labelled, other.labelled)
    assert torch.equal(one.test_images, other.test_images)


@pytest.mark.parametrize("labelled, validation", [(30, 10), (0, 5), (8, 0)])
def test_split_leaves_something_unlabelled(images, labelled, validation):
    with pytest.raises(InputError, match="unlabelled"):
        split(images, labelled, validation, 43)


def test_binarised_pixels_are_one_with_their_grey_value_as_probability():
    grey = torch.tensor([0.0, 0.3, 1.0]).expand(20000, 3)
    pixels = binarise(grey, torch.Generator().manual_seed(0))
    assert set(pixels.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(pixels.mean(0), grey[0], rtol=0, atol=4 * 0.5 / 20000**0.5)


def test_batches_pass_over_all_numbers_before_any_comes_again():
    numbers = torch.arange(100, 110)
    drawn = torch.cat(list(batches(numbers, 4, 6, torch.Generator().manual_seed(0))))
    assert len(drawn) == 24
    assert sorted(drawn[:10].tolist()) == sorted(drawn[10:20].tolist()) == numbers.tolist()
    assert drawn[:10].tolist() != drawn[10:20].tolist()
