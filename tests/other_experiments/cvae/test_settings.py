"""Presets and protocols, and the summary of a log."""

import argparse

import pytest

from other_experiments.cvae.summary import compared, summarise
from other_experiments.cvae.train import _parser, settings


def parsed(*arguments) -> argparse.Namespace:
    return _parser().parse_args(arguments)


def test_the_default_is_the_paper_and_released_is_the_code():
    paper = settings(parsed())
    assert (paper["kl_weight"], paper["kl_reduction"], paper["epochs"]) == (1.0, "sum", 20)
    released = settings(parsed("--protocol", "released"))
    assert (released["kl_weight"], released["kl_reduction"], released["epochs"]) == (0.01, "mean", 10)
    own = settings(parsed("--protocol", "released", "--kl_weight", "0.3", "--epochs", "20"))
    assert (own["kl_weight"], own["kl_reduction"], own["epochs"]) == (0.3, "mean", 20)


def test_ablations_combine_with_other_presets():
    config = settings(parsed("--preset", "small", "split37", "classes20"))
    assert (config["dataset"], len(config["split"][1]), config["classes"]) == ("digits", 7, 20)


def test_distances_are_means_over_labels_and_the_last_fifth():
    log = [
        {"method": "softmax", "seed": 3, "iteration": i, "wasserstein": [i, i + 2], "released": [0, 0],
         "total_variation": [1, 1], "modes": [10, i]}
        for i in range(10)
    ]  # fmt: skip
    (result,) = summarise(log, [3], [{"posterior_modes": 2.0, "posterior_classes": 4}])
    assert result["wasserstein"] == pytest.approx(9.5)  # iterations 8 and 9
    assert (result["modes"], result["posterior_classes"], result["iteration"]) == ([10, 9], 4, 9)
    assert "| softmax | 1 | 9.500 | 0.000 | 1.000 | 9.5 | 4.0 |" in compared([result])
