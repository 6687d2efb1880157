"""How many digits large scores cost: every form of ev-softmax against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from onmt_evsoftmax import evsoftmax, log_evsoftmax
from onmt_evsoftmax.attention import attention
from onmt_evsoftmax.normalizers.evsoftmax_plain import evsoftmax_plain

UNITS = 3
"""By so many units in the last place of the largest absolute score a log probability may move."""

SOFTMAX = 8
"""And by so many times the precision of the type: what the exponentials, their sum and the quotient round."""


def everything(scores):
    return torch.ones_like(scores, dtype=torch.bool)


def as_attention(implementation, queries):
    """ev-softmax of scores as attention to keys of one dimension: of the row alone, or with others beside it."""

    def weights(scores):
        query = scores.new_ones(1, 1, queries, 1)
        return attention(
            query,
            scores[None, None, :, None],
            torch.eye(len(scores), dtype=scores.dtype)[None, None],
            scale=1.0,
            implementation=implementation,
        )[0, 0, -1]

    return weights


FORMS = {
    "cpu": evsoftmax,
    "cpu, mask": lambda v: evsoftmax(v, everything(v)),
    "cpu, masked scores": lambda v: evsoftmax(torch.cat((v, v.new_full((1,), -1e18))))[:-1],
    "plain": lambda v: evsoftmax_plain(v, None, -1),
    "plain, mask": lambda v: evsoftmax_plain(v, everything(v), -1),
    "logarithm": lambda v: log_evsoftmax(v).exp(),
    "logarithm, mask": lambda v: log_evsoftmax(v, everything(v)).exp(),
    "compiled": torch.compile(evsoftmax, backend="eager", fullgraph=True, dynamic=True),
    "reference": as_attention("reference", 1),
    "dense, by row": as_attention("dense", 1),
    "dense, by key": as_attention("dense", 2),
    "blockwise, by key": as_attention("blockwise", 2),
}


def exact_logarithms(scores):
    """log p in float64, and the distance of each score to the mean, both from exact differences."""
    fractions = [Fraction(v) for v in scores]
    mean, top = sum(fractions) / len(fractions), max(fractions)
    kept = [v >= mean for v in fractions]
    total = math.fsum(math.exp(v - top) for v, k in zip(fractions, kept) if k)
    logs = [float(v - top) - math.log(total) if k else -math.inf for v, k in zip(fractions, kept)]
    return logs, [float(v - mean) for v in fractions]


def worst_excess(form, scores, dtype):
    """The largest error of log p in units of what is allowed; 0 where rounding decides about the support."""
    row = torch.tensor(scores, dtype=dtype)
    limits = torch.finfo(dtype)
    logs, distances = exact_logarithms(row.tolist())
    largest = max(abs(v) for v in row.tolist())
    unit = math.ulp(largest) * limits.eps / torch.finfo(torch.float64).eps
    unit = max(unit, limits.smallest_normal * limits.eps)
    # attention takes a denormal distance for none, as a processor does that flushes such numbers to zero
    if min(abs(d) for d in distances) <= max(8 * len(scores) * unit, limits.smallest_normal):
        return 0.0
    allowed = UNITS * unit + SOFTMAX * limits.eps
    floor = math.log(limits.smallest_normal) + 1  # below it a probability is as good as 0
    ours = form(row).double().log().clamp(min=floor)
    return (ours - torch.tensor(logs, dtype=torch.float64).clamp(min=floor)).abs().max().item() / allowed


@st.composite
def rows(draw):
    """Scores of any size up to 9e7, some of them close together at the top."""
    size = 10.0 ** draw(st.floats(-3, 7.9))
    scores = draw(st.lists(st.floats(-1, 1), min_size=1, max_size=12))
    near = draw(st.lists(st.floats(0, 20), max_size=4))
    top = draw(st.floats(-1, 1)) * size
    return [size * v for v in scores] + [top - gap for gap in near]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(rows(), st.sampled_from((torch.float32, torch.float64)))
def test_log_probabilities_move_by_at_most_three_units_of_the_largest_score(scores, dtype):
    for name, form in FORMS.items():
        assert worst_excess(form, scores, dtype) <= 1, name


@pytest.mark.parametrize("form", FORMS)
def test_scores_as_large_as_float32_counts(form):
    """The row that was reported: the mean is near 0, and no difference of 1 survives its subtraction."""
    scores = [16777116.0, 16777115.0, -16777116.0, -16778115.0]
    assert worst_excess(FORMS[form], scores, torch.float32) <= 1
    expected = torch.softmax(torch.tensor(scores[:2], dtype=torch.float64), -1)
    result = FORMS[form](torch.tensor(scores, dtype=torch.float64))
    torch.testing.assert_close(result[:2], expected, rtol=1e-8, atol=0)
