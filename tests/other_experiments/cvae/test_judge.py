"""The judge: good enough, kept, and refused when it is not."""

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.datasets import load_digits
from other_experiments.cvae import judge as module
from other_experiments.cvae.judge import trained_judge


def test_a_judge_is_trained_once_and_gives_probabilities(cache, monkeypatch):
    digits = load_digits()
    judge, accuracy = trained_judge("digits", digits, cache)
    assert accuracy >= 0.95
    probabilities = judge.probabilities(digits.test_images[:6].view(2, 3, 64))
    torch.testing.assert_close(probabilities.sum(-1), torch.ones(2, 3))
    monkeypatch.setattr(module, "_train", None)  # would raise
    again, same = trained_judge("digits", digits, cache)
    assert same == accuracy
    assert torch.equal(again.probabilities(digits.test_images), judge.probabilities(digits.test_images))


def test_a_poor_or_damaged_judge_is_refused(cache, tmp_path, monkeypatch):
    digits = load_digits()
    trained_judge("digits", digits, cache)
    monkeypatch.setitem(module.REQUIRED, "digits", 0.9999)
    with pytest.raises(InputError, match="right on .* of the test images"):
        trained_judge("digits", digits, cache)
    (file,) = cache.glob("judge-digits*")
    (tmp_path / file.name).write_bytes(b"damaged")
    with pytest.raises(InputError, match="no usable judge"):
        trained_judge("digits", digits, tmp_path)
