"""The zip file of tiny-imagenet-200: labels, splits, the kept array, damage; digits; scaling."""

import numpy as np
import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.vqvae import tiny_imagenet
from other_experiments.vqvae.data import as_bytes, load, scaled
from other_experiments.vqvae.split import spread, training_count

from .conftest import CLASSES, HELD_OUT, TRAINING, jpeg, write_zip

SETTINGS = {"dataset": "tinyimagenet", "side": 64, "validation": 0.2}
ROOT = "tiny-imagenet-200"


def test_each_image_has_the_label_of_its_class(mirror, tmp_path):
    data = load(SETTINGS, tmp_path / "cache", str(mirror))
    assert data.classes == tuple(CLASSES.values())
    for part, count in ((data.train, 8), (data.validation, 2), (data.test, HELD_OUT)):
        assert part.images.shape == (3 * count, 3, 64, 64) and part.images.dtype == torch.uint8
        assert part.labels.bincount().tolist() == [count] * 3
        # the class says which of the three colours an image has
        assert part.images.float().mean((2, 3)).argmax(1).tolist() == part.labels.tolist()


def test_no_image_is_in_two_parts_and_none_is_lost(mirror, tmp_path):
    data = load(SETTINGS, tmp_path / "cache", str(mirror))
    images = torch.cat([part.images.flatten(1) for part in (data.train, data.validation, data.test)])
    assert len(images.unique(dim=0)) == len(images) == 3 * (TRAINING + HELD_OUT)


def test_the_split_does_not_depend_on_the_order_of_the_zip_file(mirror, tmp_path, files):
    write_zip(
        tmp_path / "other" / "tiny-imagenet-200-subset.zip", dict(sorted(files.items(), key=lambda file: file[1]))
    )
    first, second = (load(SETTINGS, tmp_path / "cache", str(folder)) for folder in (mirror, tmp_path / "other"))
    for one, other in ((first.train, second.train), (first.validation, second.validation), (first.test, second.test)):
        assert torch.equal(one.labels, other.labels) and torch.equal(one.images, other.images)


def test_resizing_takes_means_of_areas(mirror, tmp_path):
    whole, half = (load({**SETTINGS, "side": side}, tmp_path / "cache", str(mirror)) for side in (64, 32))
    means = torch.nn.functional.avg_pool2d(whole.train.images.float(), 2)
    assert (means - half.train.images).abs().max() <= 1  # rounding, once for each direction
    with pytest.raises(InputError, match="8 to 64"):
        load({**SETTINGS, "side": 128}, tmp_path / "cache", str(mirror))


def test_images_are_decoded_once(mirror, tmp_path, monkeypatch):
    first = load(SETTINGS, tmp_path / "cache", str(mirror))
    kept = list((tmp_path / "cache" / "tinyimagenet").iterdir())
    assert [file.suffix for file in kept] == [".npy"]  # and no copy of the mirror's zip file
    monkeypatch.setattr(tiny_imagenet, "_decode", None)
    again = load(SETTINGS, tmp_path / "cache", str(mirror))
    assert torch.equal(first.train.images, again.train.images)


def test_a_damaged_array_is_made_anew(mirror, tmp_path):
    first = load(SETTINGS, tmp_path / "cache", str(mirror)).test.images.clone()
    (file,) = (tmp_path / "cache" / "tinyimagenet").iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    assert torch.equal(load(SETTINGS, tmp_path / "cache", str(mirror)).test.images, first)


def test_other_images_under_the_same_name_are_not_taken_for_the_kept_ones(mirror, tmp_path, files):
    load(SETTINGS, tmp_path / "cache", str(mirror))
    files[f"{ROOT}/train/n01910747/images/n01910747_3.JPEG"] = jpeg(np.full((64, 64, 3), 255, np.uint8))
    write_zip(mirror / f"{ROOT}.zip", files)
    data = load(SETTINGS, tmp_path / "cache", str(mirror))
    assert data.train.images.amax() == 255 or data.validation.images.amax() == 255


def test_nothing_is_kept_of_a_decoding_that_ends_early(mirror, tmp_path, monkeypatch):
    def stops(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(tiny_imagenet, "_pixels", stops)
    with pytest.raises(KeyboardInterrupt):
        load(SETTINGS, tmp_path / "cache", str(mirror))
    assert not list((tmp_path / "cache" / "tinyimagenet").iterdir())


def test_grey_images_get_three_equal_channels(mirror, tmp_path, files):
    grey = np.add(*np.mgrid[0:64, 0:64]).astype(np.uint8)
    for number in range(HELD_OUT):
        files[f"{ROOT}/val/images/val_{7 * (TRAINING + number)}.JPEG"] = jpeg(grey, "L")
    write_zip(mirror / f"{ROOT}.zip", files)
    test = load(SETTINGS, tmp_path / "cache", str(mirror)).test
    images = test.images[test.labels == 0]
    assert torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2])
    assert (images[0, 0].int() - torch.from_numpy(grey).int()).abs().max() < 4  # what JPEG costs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({f"{ROOT}/wnids.txt": None}, "holds no .*wnids.txt"),
        ({f"{ROOT}/wnids.txt": b""}, "wnids.txt must name classes"),
        ({f"{ROOT}/wnids.txt": "\n".join([*CLASSES, *CLASSES]).encode()}, "each once"),
        ({f"{ROOT}/words.txt": b"n07715103\tcauliflower\n"}, "class n01910747 has no name"),
        ({f"{ROOT}/wnids.txt": "\n".join([*CLASSES, "n00000001"]).encode()}, "n00000001 has no images in train"),
        ({f"{ROOT}/wnids.txt": b"n07715103\nn01910747\n"}, "'n07711569', no class"),
        ({f"{ROOT}/val/images/val_70.JPEG": None}, "val_70.JPEG, which is not there"),
        ({f"{ROOT}/val/images/val_70.JPEG": b"no image"}, "val_70.JPEG cannot be decoded"),
        ({f"{ROOT}/val/images/val_70.JPEG": jpeg(np.zeros((64, 65, 3), np.uint8))}, "65 x 64 pixels"),
        ({f"{ROOT}/val/images/val_70.JPEG": jpeg(np.zeros((64, 64, 3), np.uint8))[:300]}, "val_70.JPEG cannot"),
        ({f"{ROOT}/words.txt": b"\xff\xfe"}, "words.txt is damaged"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_named(mirror, tmp_path, files, change, message):
    changed = {name: change.get(name, content) for name, content in files.items()}
    write_zip(mirror / f"{ROOT}.zip", {name: content for name, content in changed.items() if content is not None})
    with pytest.raises(InputError, match=f"{ROOT}.zip: .*{message}"):
        load(SETTINGS, tmp_path / "cache", str(mirror))
    assert not list(tmp_path.glob("cache/**/*.npy"))


def test_damage_is_seen_wherever_it_is(mirror, tmp_path):
    path = mirror / f"{ROOT}.zip"
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damaged in (content[: len(content) // 2], b"no zip file", b"", flipped):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=f"{ROOT}.zip: .*fetch it again"):
            load(SETTINGS, tmp_path / "cache", str(mirror))


def test_a_folder_with_neither_name_is_refused(tmp_path):
    with pytest.raises(InputError, match="tiny-imagenet-200.zip: no such file, and no tiny-imagenet-200-subset.zip"):
        load(SETTINGS, tmp_path / "cache", str(tmp_path))


def test_a_full_disk_costs_the_array_but_not_the_downloaded_file(mirror, tmp_path, monkeypatch):
    cache = tmp_path / "cache" / "tinyimagenet"
    cache.mkdir(parents=True)
    (mirror / f"{ROOT}.zip").rename(cache / f"{ROOT}.zip")

    def full(*_arguments):
        raise InputError("no space")

    monkeypatch.setattr(tiny_imagenet, "_decode", full)
    with pytest.raises(InputError, match="no space"):
        load(SETTINGS, tmp_path / "cache")
    assert (cache / f"{ROOT}.zip").is_file()


def test_every_stretch_of_the_order_has_its_share_of_each_class():
    labels = torch.tensor([0] * 40 + [1] * 80 + [2] * 8)
    order = spread(labels)
    assert sorted(order.tolist()) == list(range(128))
    for share in (0.125, 0.25, 0.5):
        count = training_count(labels, share)
        assert labels[order][count:].bincount().tolist() == [40 * share, 80 * share, 8 * share]
    assert not torch.equal(order, spread(labels, seed=1)) and torch.equal(order, spread(labels))
    for share in (0.0, 0.01, 0.99, 1.0):
        with pytest.raises(InputError, match="validation: a share"):
            training_count(labels, share)


def test_digits_need_no_file(tmp_path):
    data = load({"dataset": "digits", "side": 8, "validation": 0.1}, tmp_path)
    assert data.train.images.shape[1:] == (1, 8, 8) and data.classes == tuple("0123456789")
    assert len(data.train) + len(data.validation) == 1437 and len(data.test) == 360
    assert min(data.validation.labels.bincount().tolist()) >= 12
    with pytest.raises(InputError, match="side"):
        load({"dataset": "digits", "side": 16, "validation": 0.1}, tmp_path)


def test_bytes_survive_scaling():
    every = torch.arange(256, dtype=torch.uint8)
    assert scaled(every)[[0, -1]].tolist() == [-1, 1]
    assert torch.equal(as_bytes(scaled(every)), every)
    assert as_bytes(torch.tensor([-3.0, 3.0])).tolist() == [0, 255]


@pytest.mark.realdata
@pytest.mark.slow
def test_the_subset_has_its_known_counts(real_data, tmp_path):
    data = load({**SETTINGS, "side": 32, "validation": 0.1}, tmp_path, str(real_data / "tinyimagenet"))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [18000, 2000, 4000]
    assert len(set(data.classes)) == 200 and {"cauliflower", "jellyfish", "mashed potato"} < set(data.classes)
    assert data.test.labels.bincount().tolist() == [20] * 200
    assert 100 < data.train.images[:500].float().mean() < 125
