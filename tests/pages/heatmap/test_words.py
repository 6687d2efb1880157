import numpy as np
import pytest

from onmt_evsoftmax.archive.words import merge_weights


def test_keys_are_summed_and_queries_averaged():
    weights = np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7], [0.0, 0.0, 1.0]])
    merged = merge_weights(weights, [0, 0, 1], [0, 1, 1])
    np.testing.assert_allclose(merged, [[0.3, 0.7], [0.0, 1.0]])


def test_rows_keep_their_mass_for_every_layer_and_head():
    random = np.random.default_rng(0)
    weights = random.dirichlet(np.ones(7), size=(2, 3, 5))
    merged = merge_weights(weights, [0, 1, 1, 1, 2], [0, 0, 0, 1, 2, 2, 3])
    assert merged.shape == (2, 3, 3, 4)
    np.testing.assert_allclose(merged.sum(-1), 1)


def test_a_merged_weight_is_zero_only_where_every_part_is():
    weights = np.array([[0.0, 0.0, 1e-30, 1.0], [0.0, 0.0, 0.0, 1.0]])
    merged = merge_weights(weights, [0, 0], [0, 0, 1, 2])
    assert merged[0, 0] == 0 and merged[0, 1] > 0


@pytest.mark.parametrize("size", [1, 4])
def test_words_of_one_piece_change_nothing(size):
    weights = np.random.default_rng(1).random((size, size))
    np.testing.assert_array_equal(merge_weights(weights, range(size), range(size)), weights)
