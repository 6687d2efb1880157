"""ev-softmax against its formula, against exact arithmetic, and its fast form against its plain one."""

from __future__ import annotations

import math
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from onmt_evsoftmax import EvSoftmax, LogEvSoftmax, evsoftmax, log_evsoftmax, softmax
from onmt_evsoftmax.base.errors import InputError, InputTypeError
from onmt_evsoftmax.normalizers.evsoftmax_plain import evsoftmax_plain
from onmt_evsoftmax.normalizers.losses import evsoftmax_loss

integers = st.lists(st.integers(-60, 60), min_size=1, max_size=40)


def by_definition(scores, eps=0.0):
    """Equation 10 for integer scores, the comparison with the mean in exact arithmetic."""
    keep = [len(scores) * v >= sum(scores) for v in scores]
    weights = [(k + eps) * math.exp(v - max(scores)) for k, v in zip(keep, scores)]
    return torch.tensor([w / sum(weights) for w in weights], dtype=torch.float64)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(integers, st.sampled_from((torch.float64, torch.float32, torch.float16)))
def test_definition(scores, dtype):
    # integers: ties with the mean are common, and exact
    result = evsoftmax(torch.tensor(scores, dtype=dtype))
    torch.testing.assert_close(result.double(), by_definition(scores), rtol=0, atol=4 * torch.finfo(dtype).eps)
    if dtype != torch.float16:
        keep = torch.tensor([len(scores) * v >= sum(scores) and v > max(scores) - 80 for v in scores])
        assert torch.equal(result > 0, keep)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(integers, st.sampled_from((1e-12, 1e-6, 1e-2, 1.0, 100.0)))
def test_definition_of_the_training_form(scores, eps):
    v = torch.tensor(scores, dtype=torch.float64)
    expected = by_definition(scores, eps)
    torch.testing.assert_close(evsoftmax(v, eps=eps), expected, rtol=1e-9, atol=0)
    torch.testing.assert_close(log_evsoftmax(v, eps=eps), expected.log(), rtol=1e-9, atol=1e-12)
    mask = torch.ones_like(v, dtype=torch.bool)
    torch.testing.assert_close(log_evsoftmax(v, mask, eps=eps), expected.log(), rtol=1e-9, atol=1e-12)


def test_figure_1_of_the_paper():
    assert evsoftmax(torch.tensor([0.4, 1.4, -0.8])).tolist() == pytest.approx([0.27, 0.73, 0], abs=0.005)


@pytest.mark.parametrize("classes", (*range(1, 65), 1000, 4097))
def test_the_largest_score_survives_rounding(classes):
    # scores a few units in the last place apart: the rounded mean may exceed all of them
    value = torch.randn(40, 1) * torch.logspace(-30, 7, 40)[:, None]
    unit = torch.finfo(torch.float32).eps * value.abs()
    for scores in (value.expand(40, classes), value + torch.randint(-3, 4, (40, classes)) * unit):
        for mask in (None, torch.ones(classes, dtype=torch.bool)):
            for result in (
                evsoftmax(scores, mask),
                evsoftmax(scores, mask, eps=1e-6),
                log_evsoftmax(scores, mask, eps=1e-6).exp(),
            ):
                assert ((result.sum(-1) - 1).abs() < 1e-5).all()
                largest = scores == scores.amax(-1, keepdim=True)
                assert (result[largest] >= 0.5 / classes).all()


def test_a_score_below_near_equal_ones_is_dropped_though_the_mean_rounds_up():
    below_mean = 0
    for value in torch.rand(2000):
        scores = value.repeat(37)
        scores[5] -= 1e-3
        below_mean += bool((scores.mean() > scores.max()).item())
        assert (evsoftmax(scores) == 0).nonzero().flatten().tolist() == [5]
    # float32 alone hardly does it with a visible gap; constant rows do it often
    constant = torch.rand(2000, 1).expand(2000, 37)
    assert (constant.mean(-1) > constant.amax(-1)).sum() > 20
    assert (evsoftmax(constant) > 0).all()


def test_denormal_scores_are_compared_exactly():
    scores = torch.tensor([1e-40, 2e-40, 0.0, -1e-40])
    assert evsoftmax(scores).tolist() == [0.5, 0.5, 0, 0]


@pytest.mark.parametrize("eps", (-1e-6, math.nan, math.inf))
def test_an_eps_that_is_no_small_number_is_refused(eps):
    for function in (evsoftmax, log_evsoftmax):
        with pytest.raises(InputError, match="eps must be finite and not negative"):
            function(torch.randn(3), eps=eps)


@pytest.mark.parametrize("eps", ("a", None, [1e-6], torch.tensor([1e-6, 1e-6])))
def test_an_eps_that_is_no_number_is_refused(eps):
    for function in (evsoftmax, log_evsoftmax, lambda scores, eps: evsoftmax_loss(scores, torch.tensor(0), eps=eps)):
        with pytest.raises(InputTypeError, match="eps must be one number, got "):
            function(torch.randn(3), eps=eps)


def test_one_and_two_classes():
    scores = torch.randn(50, 2, requires_grad=True)
    result = evsoftmax(scores)
    assert torch.equal(result, torch.nn.functional.one_hot(scores.argmax(-1), 2).float())
    (result * torch.randn(50, 2)).sum().backward()
    assert (scores.grad == 0).all()
    assert (evsoftmax(torch.randn(50, 1)) == 1).all()


def test_padding_does_not_move_the_mean():
    # the mean of -1e18 and anything is below every score: taking it keeps them all
    scores = torch.tensor([1.0, 2.0, 3.0, 4.0])
    padded = torch.cat((scores, torch.full((3,), -1e18)))
    assert (evsoftmax(padded) > 0).tolist() == [False, False, True, True, False, False, False]


@pytest.mark.parametrize("eps", (0.0, 1e-6))
def test_the_logarithm_is_the_logarithm(eps):
    scores, mask = torch.randn(30, 9, dtype=torch.float64), torch.rand(30, 9) > 0.4
    mask[0] = False
    for given_mask in (None, mask):
        expected = evsoftmax(scores, given_mask, eps=eps).log()
        torch.testing.assert_close(log_evsoftmax(scores, given_mask, eps=eps), expected)
        torch.testing.assert_close(log_evsoftmax(scores.T, None if given_mask is None else mask.T, 0, eps), expected.T)
    filled = scores.masked_fill(~mask, -1e18)
    torch.testing.assert_close(log_evsoftmax(filled, eps=eps), evsoftmax(scores, mask, eps=eps).log())


def test_the_logarithm_does_not_underflow(dtype):
    scores = torch.tensor([0.0, 120.0, -120.0]).to(dtype).requires_grad_()
    logs = log_evsoftmax(scores, eps=1e-6)
    jump = math.log(1e6 + 1)
    assert logs.tolist() == pytest.approx([-120, 0, -240 - jump], rel=8 * torch.finfo(dtype).eps)
    logs[2].backward()
    assert scores.grad.tolist() == pytest.approx([0, -1, 1], abs=1e-3)


def test_a_masked_row_has_logarithm_minus_infinity_and_no_gradient():
    scores = torch.randn(3, 4, requires_grad=True)
    mask = torch.tensor([True, False, True])[:, None]
    for eps in (0.0, 1e-6):
        logs = log_evsoftmax(scores, mask, eps=eps)
        assert (logs[1] == -math.inf).all()
        (gradient,) = torch.autograd.grad(logs[0].max() + logs[2].max(), scores)
        assert (gradient[1] == 0).all() and gradient.isfinite().all() and (gradient[0] != 0).any()


def test_nan_stays_in_its_row_of_logarithms():
    scores = torch.randn(4, 5)
    expected = log_evsoftmax(scores, eps=1e-6)
    scores[1, 2] = math.nan
    result = log_evsoftmax(scores, eps=1e-6)
    assert result[1].isnan().all()
    torch.testing.assert_close(result[[0, 2, 3]], expected[[0, 2, 3]])


def test_modules():
    scores = torch.randn(4, 6)
    module = EvSoftmax(eps=1e-2)
    torch.testing.assert_close(module(scores), evsoftmax(scores, eps=1e-2))
    torch.testing.assert_close(module.eval()(scores), evsoftmax(scores))
    torch.testing.assert_close(LogEvSoftmax(dim=0, eps=1e-3)(scores), log_evsoftmax(scores, dim=0, eps=1e-3))
    assert repr(module) == "EvSoftmax(dim=-1, eps=0.01)"
    assert repr(LogEvSoftmax(eps=0.5)) == "LogEvSoftmax(dim=-1, eps=0.5)"


def ways_of_masking(shape):
    """The same scores unmasked, and masked in the three ways that the fast form tells apart."""
    scores, mask = torch.randn(shape), torch.rand(shape) > 0.3
    mask.select(-1, 0).fill_(True)
    yield scores, None
    yield scores, mask
    yield scores.masked_fill(~mask, -1e18), None
    yield scores.masked_fill(~mask, -torch.inf), mask


@pytest.mark.parametrize("shape", ((3, 5), (300, 40), (70, 1000), (2, 33000), (6, 5, 4, 31), (1, 1), (257, 2)))
def test_the_fast_form_equals_the_plain_one(shape):
    for scores, mask in ways_of_masking(shape):
        for dim in range(-len(shape), 0):
            result, expected = evsoftmax(scores, mask, dim), evsoftmax_plain(scores, mask, dim)
            torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-7)


def test_the_fast_form_with_two_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for scores, mask in ways_of_masking((400, 300)):
            torch.testing.assert_close(evsoftmax(scores, mask), evsoftmax_plain(scores, mask, -1), rtol=1e-5, atol=1e-7)
    finally:
        torch.set_num_threads(threads)


def test_the_fast_form_takes_no_slow_path_on_ordinary_scores(monkeypatch):
    calls = []
    for module in ("evsoftmax", "evsoftmax_cpu"):  # by sys.modules: the package's attribute is the function
        module = sys.modules[f"onmt_evsoftmax.normalizers.{module}"]
        monkeypatch.setattr(module, "evsoftmax_plain", lambda *arguments: calls.append(arguments))
    for scores, mask in ways_of_masking((40, 50)):
        assert evsoftmax(scores, mask).isfinite().all()
    assert not calls


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("magnitude", [0.0, 1e-39, 1e-30, 1e-17, 1e-15, 1e-3, 0.1, 77.7, 255.0, 300.0])
@pytest.mark.parametrize("classes", [2, 3, 7, 64, 1000])
def test_scores_that_differ_in_their_last_digits_have_the_support_of_the_plain_form(magnitude, classes, dtype):
    centre = torch.tensor(magnitude, dtype=dtype)
    steps = torch.randint(-2, 3, (200, classes)) * torch.rand(200, 1).round()  # in half of the rows none
    ulp = torch.nextafter(centre, torch.tensor(torch.inf, dtype=dtype)) - centre
    sign = torch.randint(0, 2, (200, 1)) * 2 - 1
    scores = sign * (centre + steps * ulp)
    for mask in (None, torch.ones_like(scores, dtype=torch.bool)):
        result, expected = evsoftmax(scores, mask), evsoftmax_plain(scores, mask, -1)
        assert (result > 0).equal(expected > 0)
        torch.testing.assert_close(result, expected)


@pytest.mark.parametrize("outlier", [1e4, 1e6, 9e7])
@pytest.mark.parametrize("masked", [False, True])
def test_a_far_outlier_costs_no_digits_of_the_others(outlier, masked):
    scores = torch.tensor([[2.0, 0.3, -outlier], [0.1, 0.2, 0.3]])
    mask = torch.ones_like(scores, dtype=torch.bool) if masked else None
    expected = torch.softmax(torch.tensor([2.0, 0.3]), -1)
    torch.testing.assert_close(evsoftmax(scores, mask)[0, :2], expected)


@pytest.mark.parametrize("function", [evsoftmax, softmax])
def test_a_masked_entry_may_be_the_largest_number_there_is(function):
    largest = torch.finfo(torch.float32).max
    scores = torch.tensor([[-1.0, -2.0, largest], [1.0, 2.0, -1e18], [1.0, 2.0, largest]])
    mask = torch.tensor([[True, True, False], [True, True, True], [False, False, False]])
    probabilities = function(scores, mask)
    torch.testing.assert_close(probabilities[0], function(torch.tensor([-1.0, -2.0, -torch.inf])))
    assert probabilities[2].tolist() == [0, 0, 0]
