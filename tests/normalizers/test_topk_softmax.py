"""top-k softmax: the support it promises, and its match with ev-softmax."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax import TopkSoftmax, evsoftmax, softmax, topk_softmax
from onmt_evsoftmax.base.errors import InputError


@pytest.mark.parametrize("k", (1, 2, 5, 9, 20))
def test_support_is_the_k_largest(k):
    scores = torch.randn(30, 9)
    result = topk_softmax(scores, k=k)
    assert ((result > 0).sum(-1) == min(k, 9)).all()
    kept = scores.masked_fill(result == 0, -torch.inf)
    torch.testing.assert_close(result, torch.softmax(kept, -1))
    assert (kept.amin(-1) >= 0).all() or (
        scores.masked_fill(result > 0, -torch.inf).amax(-1) < kept.masked_fill(result == 0, torch.inf).amin(-1)
    ).all()


def test_half_of_the_valid_entries_by_default():
    mask = torch.ones(8, 8).tril().bool()
    result = topk_softmax(torch.randn(8, 8), mask)
    assert (result > 0).sum(-1).tolist() == [1, 1, 2, 2, 3, 3, 4, 4]


def test_with_the_support_size_of_evsoftmax_it_is_evsoftmax():
    for row in torch.randn(50, 11):
        p = evsoftmax(row)
        torch.testing.assert_close(topk_softmax(row, k=int((p > 0).sum())), p)


def test_ties_with_the_last_all_count():
    assert (topk_softmax(torch.tensor([1.0, 0.0, 0.0, -1.0]), k=2) > 0).tolist() == [True, True, True, False]


def test_fewer_valid_entries_than_k():
    scores = torch.tensor([1.0, 2.0, -torch.inf, -torch.inf])
    torch.testing.assert_close(topk_softmax(scores, k=3), softmax(scores))
    torch.testing.assert_close(TopkSoftmax(k=3)(scores), softmax(scores))


@pytest.mark.parametrize("k", (0, -2))
def test_k_must_be_positive(k):
    with pytest.raises(InputError, match="k must be at least 1"):
        topk_softmax(torch.zeros(3), k=k)
