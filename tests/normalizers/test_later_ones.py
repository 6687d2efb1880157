"""What the functions that came after the paper compute: formulas written out, limits, learned parameters."""

from __future__ import annotations

import math

import entmax
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from onmt_evsoftmax import attention as attention_room
from onmt_evsoftmax import normalizers
from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import (
    alpha_entmax,
    get,
    multimax,
    sigmoid,
    softmax,
    softmax1,
    softpick,
    sparsemax,
    ssmax,
)
from onmt_evsoftmax.normalizers.multimax import FAR

LEARNED = [name for name in catalogue.names() if get(name).module is not None]
UNNORMALISED = [name for name in catalogue.names() if not catalogue.get(name).sums_to_one]


def rows(count=20, keys=9, scale=2.0):
    return torch.randn(count, keys, dtype=torch.float64) * scale


def close(found, expected, tolerance=1e-12):
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


def test_multimax_as_it_is_written():
    v, (t, r) = rows(), torch.randn(2, 4, dtype=torch.float64)
    modulated = torch.tensor(
        [
            [
                z
                + t[0] * max(0, r[0] - z)
                + t[1] * max(0, z - r[1])
                + t[2] * max(0, r[2] - z) ** 2
                + t[3] * max(0, z - r[3]) ** 2
                for z in row
            ]
            for row in v.tolist()
        ],
        dtype=torch.float64,
    )
    close(multimax(v, t=t, r=r), modulated.softmax(-1))


def test_multimax_without_slopes_is_softmax_at_any_size():
    for size in (1.0, 1e7, 10 * FAR):
        v = rows().float() * size
        close(multimax(v), softmax(v), 1e-7)


def test_a_slope_of_multimax_suppresses_what_is_low():
    v = rows()
    bent = multimax(v, t=(-3.0, 0.0, 0.0, 0.0))
    assert (bent[v < -1] < softmax(v)[v < -1]).all()


@pytest.mark.parametrize("given", [(1.0, 2.0), None, "four", torch.zeros(4, 1), 0.0])
def test_multimax_needs_four_numbers(given):
    with pytest.raises(InputError, match="^r must be four numbers, got "):
        multimax(torch.zeros(3), r=given)


def test_ssmax_as_it_is_written_and_with_the_number_of_visible_keys():
    v = rows(keys=9)
    powers = 9.0 ** (0.7 * v)
    close(ssmax(v, s=0.7), powers / powers.sum(-1, keepdim=True))
    mask = torch.arange(9) < 5
    close(ssmax(v, mask, s=0.7)[:, :5], ssmax(v[:, :5], s=0.7))
    assert (ssmax(v, mask)[:, 5:] == 0).all()


def test_ssmax_of_two_lengths_is_as_peaked():
    """Its purpose: the largest weight does not fade as keys of score 0 are added to one of score 5."""
    largest = {keys: (ssmax(top, s=0.43)[0], softmax(top)[0]) for keys in (10, 10_000) for top in [one_high(keys)]}
    assert largest[10_000][0] > 0.99 and largest[10_000][1] < 0.02 and largest[10][1] > 0.9


def one_high(keys):
    scores = torch.zeros(keys, dtype=torch.float64)
    scores[0] = 5.0
    return scores


def test_softpick_as_it_is_written():
    v = rows()
    e = v.exp() - 1
    close(softpick(v, eps=0.01), e.clamp(min=0) / (e.abs().sum(-1, keepdim=True) + 0.01))
    close(softpick(v[:1] * 1e-9), (v[:1] * 1e-9).clamp(min=0) / ((v[:1] * 1e-9).abs().sum() + 1e-6), 1e-9)


def test_softpick_of_large_scores_is_finite():
    close(softpick(torch.tensor([9e7, 9e7, -9e7, 0.0])), torch.tensor([0.5, 0.5, 0.0, 0.0]), 1e-6)
    assert softpick(torch.tensor([-9e7, -3.0, 0.0])).tolist() == [0, 0, 0]


def test_sigmoid_as_it_is_written_and_with_the_number_of_visible_keys():
    v = rows(keys=6)
    close(sigmoid(v), 1 / (1 + 6 * (-v).exp()))
    close(sigmoid(v, torch.arange(6) < 2)[:, :2], 1 / (1 + 2 * (-v[:, :2]).exp()))
    close(sigmoid(v, bias=0.3), (v + 0.3).sigmoid())


def test_softmax1_is_softmax_beside_a_score_of_zero():
    v = rows()
    close(softmax1(v), torch.cat((v, torch.zeros(20, 1)), -1).softmax(-1)[:, :-1])
    close(softmax1(v), v.exp() / (1 + v.exp().sum(-1, keepdim=True)))


@pytest.mark.parametrize("name", UNNORMALISED)
def test_a_query_may_attend_to_nothing(name):
    assert get(name).function(torch.full((5,), -40.0)).sum() < 1e-6


@pytest.mark.parametrize("alpha", (1.1, 1.3, 1.5, 1.9, 2.0))
def test_alpha_entmax_equals_the_entmax_package(alpha):
    v = rows()
    close(alpha_entmax(v, alpha=alpha), entmax.entmax_bisect(v, alpha, n_iter=60), 1e-9)


def test_alpha_entmax_between_its_neighbours():
    v = rows()
    close(alpha_entmax(v, alpha=2), sparsemax(v), 1e-9)
    close(alpha_entmax(v, alpha=1.5), normalizers.entmax15(v), 1e-9)
    close(alpha_entmax(v, alpha=1.0001), softmax(v), 2e-3)


def test_a_tensor_of_alphas_gives_each_head_its_own():
    v = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    alphas = torch.tensor([1.2, 1.5, 2.0], dtype=torch.float64).view(3, 1, 1)
    found = alpha_entmax(v, alpha=alphas)
    for head, alpha in enumerate(alphas.flatten().tolist()):
        close(found[:, head], alpha_entmax(v[:, head], alpha=alpha))


@pytest.mark.parametrize("alpha", (1.0, 0.5, 2.1, math.nan))
def test_an_alpha_out_of_range_is_refused(alpha):
    with pytest.raises(InputError, match="alpha must be above 1"):
        alpha_entmax(torch.zeros(3), alpha=alpha)


def with_parameters(name):
    """``function(scores, *parameters)`` of a function that may learn them, and places away from its kinks."""
    v = rows(3, 6)
    if name == "multimax":
        t, r = torch.randn(2, 4, dtype=torch.float64)
        return (lambda v, t, r: multimax(v, t=t, r=r)), (v, t, r)
    if name == "ssmax":
        return (lambda v, s: ssmax(v, s=s)), (v, torch.tensor([0.7], dtype=torch.float64))
    return (lambda v, alpha: alpha_entmax(v, alpha=alpha)), (v, torch.tensor([1.4], dtype=torch.float64))


@pytest.mark.parametrize("name", LEARNED)
def test_gradients_of_parameters(name):
    function, given = with_parameters(name)
    given = [tensor.clone().requires_grad_() for tensor in given]
    assert gradcheck(function, given) and gradgradcheck(function, given)


@pytest.mark.parametrize("name", LEARNED)
def test_masked_keys_do_not_reach_the_parameters(name):
    """Neither do the rows of zeros that a query without a key gets."""
    torch.manual_seed(3)
    v, mask = torch.randn(2, 4, 3, 5), torch.rand(2, 4, 3, 5) > 0.4
    mask[0, 0, 0] = False
    gradients = []
    for junk in (0.0, 1e30, math.nan):
        module = get(name).make(4)
        (module(torch.where(mask, v, torch.tensor(junk)), mask) * torch.arange(5)).sum().backward()
        gradients.append([parameter.grad for parameter in module.parameters()])
    for other in gradients[1:]:
        torch.testing.assert_close(other, gradients[0])


@pytest.mark.parametrize("name", LEARNED)
def test_what_is_learned_starts_at_the_default(name):
    v = torch.randn(2, 4, 3, 5)
    close(get(name).make(4)(v), get(name).function(v), 1e-6)


@pytest.mark.parametrize("name", LEARNED)
def test_attention_wants_the_module_of_what_is_learned(name):
    q = torch.randn(1, 2, 3, 4)
    with pytest.raises(InputError, match=rf"{name} has learned parameters; give a module: .*get\('{name}'\).make"):
        attention_room.attention(q, q, q, function=name)
    assert attention_room.attention(q, q, q, function=get(name).make(2)).shape == q.shape


@pytest.mark.parametrize("name", UNNORMALISED)
def test_attention_takes_weights_that_do_not_sum_to_one(name):
    q, k, v = torch.randn(3, 1, 2, 3, 4, dtype=torch.float64)
    weights = get(name).function(q @ k.transpose(-2, -1) / 2)
    close(attention_room.attention(q, k, v, function=name), weights @ v)


@pytest.mark.parametrize("dtype", (torch.float32, torch.bfloat16, torch.float16))
@pytest.mark.parametrize("name", LEARNED)
def test_rows_of_a_model_in_half_precision_sum_to_one_wherever_its_parameters_went(name, dtype):
    scores = torch.randn(2, 2, 3, 50)
    for value in (-17.0, -6.0, 0.3, 6.0):
        module = get(name).make(2)
        for parameter in module.parameters():
            torch.nn.init.constant_(parameter, value)
        sums = module.to(dtype)(scores).sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-4)
