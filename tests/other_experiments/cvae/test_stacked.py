"""Stacked layers are so many ordinary layers."""

import torch
from torch import nn

from other_experiments.common.seeding import generator
from other_experiments.cvae.stacked import StackedLinear


def test_each_layer_is_initialised_and_computed_as_an_ordinary_one():
    seeds, inputs = (3, 0, 7), torch.randn(3, 5, 6)
    stacked = StackedLinear([generator(seed, "x") for seed in seeds], 6, 4)
    outputs = stacked(inputs)
    for index, seed in enumerate(seeds):
        with torch.random.fork_rng():
            torch.set_rng_state(generator(seed, "x").get_state())
            layer = nn.Linear(6, 4)
        torch.testing.assert_close(outputs[index], layer(inputs[index]))
