"""Seeds on the command line and streams of random numbers."""

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.seeding import generator, parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"), [("0-3,12", [0, 1, 2, 3, 12]), ("7", [7]), (" 2 , 0 - 1", [2, 0, 1]), ("5-5", [5])]
)
def test_ranges_include_both_ends(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1,,2", "3-1", "1-", "-1", "0-4,2"])
def test_anything_else_is_refused_with_the_text(text):
    with pytest.raises(InputError, match="seeds") as error:
        parse_seeds(text)
    assert repr(text) in str(error.value)


def test_streams_differ_by_seed_and_by_purpose_and_repeat():
    def draw(seed, purpose):
        return torch.rand(4, generator=generator(seed, purpose)).tolist()

    streams = [draw(seed, purpose) for seed in (0, 1, 43) for purpose in ("order", "noise")]
    assert len({tuple(stream) for stream in streams}) == len(streams)
    assert draw(43, "order") == draw(43, "order")
