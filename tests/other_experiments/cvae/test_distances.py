"""Distances against scipy's, and the known values of the released one."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from other_experiments.cvae.distances import released, target, total_variation, wasserstein

EVEN = target([[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]])[0]


def test_both_agree_with_scipy():
    rows = torch.softmax(torch.randn(20, 10, dtype=torch.float64) * 2, -1)
    for p, q in zip(rows, rows.flip(0)):
        positions = np.arange(10)
        assert wasserstein(p, q).item() == pytest.approx(wasserstein_distance(positions, positions, p, q))
        assert released(p, q).item() == pytest.approx(wasserstein_distance(p, q))


def test_the_released_distance_does_not_see_which_digit_is_which():
    odd = EVEN.roll(1)
    assert released(odd, EVEN) == 0
    assert wasserstein(odd, EVEN).item() == pytest.approx(1)
    assert total_variation(odd, EVEN).item() == pytest.approx(1)
    collapsed, uniform = torch.eye(10)[3], torch.full((10,), 0.1)
    assert released(collapsed, EVEN).item() == pytest.approx(0.16)
    assert released(uniform, EVEN).item() == pytest.approx(0.1)


def test_the_target_is_uniform_over_each_set():
    rows = target([[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]])
    assert rows.sum(-1).tolist() == pytest.approx([1, 1])
    assert rows[0].tolist() == pytest.approx([1 / 3] * 3 + [0] * 7)
