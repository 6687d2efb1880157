"""What the curves of Figure 3 are made of."""

import numpy as np

from other_experiments.cvae.figures import curves


def test_curves_average_over_the_labels_and_keep_the_seeds_apart():
    log = [
        {"seed": seed, "iteration": iteration, "released": [seed, seed + iteration]}
        for iteration in (0, 100) for seed in (1, 5)
    ]  # fmt: skip
    iterations, values = curves(log, "released")
    assert iterations.tolist() == [0, 100]
    assert np.array_equal(values, [[1, 51], [5, 55]])
