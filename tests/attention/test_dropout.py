"""Dropout of weights: how much it drops, what it keeps on average, and that a seed repeats it."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax.attention import attention
from onmt_evsoftmax.attention.blockwise import BLOCK_SCORES

IMPLEMENTATIONS = ("reference", "dense", "blockwise")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setitem(BLOCK_SCORES, "cpu", 4096)
    torch.manual_seed(0)


def dropped_weights(implementation, rate, **options):
    """Weights after dropout: with values that are a unit matrix they are the context."""
    query, key = torch.randn(2, 4, 64, 8), torch.randn(2, 4, 64, 8)
    value = torch.eye(64).expand(2, 4, 64, 64)
    plain = attention(query, key, value, implementation="reference", **options)
    return attention(query, key, value, implementation=implementation, dropout=rate, **options), plain


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("function", ("softmax", "evsoftmax", "entmax15"))
@pytest.mark.parametrize("rate", (0.1, 0.6))
def test_weights_are_kept_at_the_rate_and_scaled(implementation, function, rate):
    actual, plain = dropped_weights(implementation, rate, function=function)
    certain = plain > 1e-5  # rounding cannot have put it there
    kept = (actual != 0)[certain]
    deviation = (rate * (1 - rate) / kept.numel()) ** 0.5
    assert abs(kept.float().mean().item() - (1 - rate)) < 5 * deviation
    both = certain & (actual != 0)
    ratio = (actual / plain)[both] * (1 - rate)
    # but for the rows where a score at the mean falls on the other side
    assert ((ratio - 1).abs() < 1e-4).float().mean() > 0.99


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_seed_repeats_it_and_another_does_not(implementation):
    tensors = [torch.randn(2, 4, 33, 8, requires_grad=True) for _ in range(3)]
    results = []
    for seed in (7, 7, 8):
        torch.manual_seed(seed)
        output = attention(*tensors, dropout=0.3, implementation=implementation, is_causal=True)
        torch.rand(5)  # what else draws numbers between forward and backward does not matter
        results.append((output, *torch.autograd.grad(output.square().sum(), tensors)))
    for first, second, other in zip(*results):
        assert torch.equal(first, second)
        assert not torch.equal(first, other)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("options", ({}, {"is_causal": True}, {"key_lengths": torch.tensor([9, 4])}))
def test_the_backward_pass_drops_what_the_forward_pass_dropped(implementation, options):
    tensors = [torch.randn(2, 2, 9, 3, dtype=torch.float64, requires_grad=True) for _ in range(3)]

    def context(*tensors):
        torch.manual_seed(3)
        return attention(*tensors, dropout=0.4, implementation=implementation, **options)

    assert torch.autograd.gradcheck(context, tensors, atol=1e-5)


@pytest.mark.parametrize("implementation", ("reference", "dense"))
def test_returned_weights_are_those_before_dropout(implementation):
    tensors = [torch.randn(2, 2, 9, 3) for _ in range(3)]
    _, weights = attention(*tensors, dropout=0.4, implementation=implementation, return_weights=True)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 9))
