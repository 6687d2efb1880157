"""The losses: their gradients, their options against torch's cross-entropy, their refusals."""

from __future__ import annotations

import math

import entmax
import pytest
import torch
from torch.nn import functional

from onmt_evsoftmax import (
    EvSoftmaxLoss,
    SparsemaxLoss,
    Tsallis15Loss,
    entmax15,
    evsoftmax,
    evsoftmax_kl,
    log_evsoftmax,
    softmax,
    sparsemax,
)
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers.losses import cross_entropy_loss, evsoftmax_loss, nll, sparsemax_loss, tsallis15_loss

LOSSES = (cross_entropy_loss, evsoftmax_loss, sparsemax_loss, tsallis15_loss)
FENCHEL_YOUNG = ((sparsemax_loss, entmax.sparsemax_loss), (tsallis15_loss, entmax.entmax15_loss))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(
    "loss, mapping",
    (
        (cross_entropy_loss, softmax),
        (sparsemax_loss, sparsemax),
        (tsallis15_loss, entmax15),
        (evsoftmax_loss, lambda v: evsoftmax(v, eps=1e-6)),
    ),
)
def test_the_gradient_is_probability_minus_target(loss, mapping):
    scores = (torch.randn(50, 12, dtype=torch.float64) * 2).requires_grad_()
    target = torch.randint(12, (50,))
    loss(scores, target, reduction="sum").backward()
    torch.testing.assert_close(scores.grad, mapping(scores.detach()) - functional.one_hot(target, 12))


@pytest.mark.parametrize("loss", LOSSES)
def test_gradcheck(loss):
    scores = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(5, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda v: loss(v, torch.tensor([0, 1, 2, 3, 4, -100]), weight, label_smoothing=0.2), scores
    )


@pytest.mark.parametrize("ours, theirs", FENCHEL_YOUNG)
def test_values_equal_those_of_entmax(ours, theirs):
    for scale in (0.1, 1.0, 20.0):
        scores, target = torch.randn(40, 300, dtype=torch.float64) * scale, torch.randint(300, (40,))
        torch.testing.assert_close(ours(scores, target, reduction="none"), theirs(scores, target))


@pytest.mark.parametrize("loss", LOSSES)
def test_not_negative_and_zero_for_a_certain_answer(loss):
    scores, target = torch.randn(200, 9, dtype=torch.float64) * 3, torch.randint(9, (200,))
    assert (loss(scores, target, reduction="none") >= -1e-12).all()
    certain = 50.0 * functional.one_hot(target, 9)
    assert loss(certain, target).item() == pytest.approx(0, abs=1e-6)


def test_evsoftmax_loss_is_the_logarithm_of_equation_10():
    scores, target = torch.randn(30, 8, dtype=torch.float64), torch.randint(8, (30,))
    for eps in (1e-6, 1e-2):
        expected = -evsoftmax(scores, eps=eps).log().gather(1, target[:, None])[:, 0]
        torch.testing.assert_close(evsoftmax_loss(scores, target, reduction="none", eps=eps), expected)


@pytest.mark.parametrize("fill", (-math.inf, -1e18))
def test_masked_classes_are_left_out_of_evsoftmax_loss(fill):
    scores, target = torch.randn(30, 8, dtype=torch.float64), torch.randint(6, (30,))
    scores[:, 6:] = fill
    torch.testing.assert_close(evsoftmax_loss(scores, target), evsoftmax_loss(scores[:, :6], target))


def test_evsoftmax_loss_jumps_by_log_of_eps_at_the_edge_of_the_support():
    inside, outside = (
        evsoftmax_loss(torch.tensor([[1.0, 0.0 + step, -1.0]]), torch.tensor([1])) for step in (1e-3, -1e-3)
    )
    assert (outside - inside).item() == pytest.approx(math.log(1e6), abs=0.7)


def options():
    for reduction in ("mean", "sum", "none"):
        for smoothing in (0.0, 0.1, 1.0):
            for weighted in (False, True):
                yield reduction, smoothing, weighted


@pytest.mark.parametrize("reduction, smoothing, weighted", options())
@pytest.mark.parametrize("shape", ((7,), (20, 7), (4, 7, 5), (3, 7, 2, 4)))
def test_options_mean_what_they_mean_in_torch(shape, reduction, smoothing, weighted):
    scores = torch.randn(shape, dtype=torch.float64)
    class_dim = 0 if len(shape) == 1 else 1
    target = torch.randint(7, shape[:class_dim] + shape[class_dim + 1 :])
    if target.ndim:
        target.view(-1)[::3] = 2
    weight = torch.rand(7, dtype=torch.float64) if weighted else None
    given = dict(weight=weight, ignore_index=2, reduction=reduction, label_smoothing=smoothing)
    expected = functional.cross_entropy(scores, target, **given)
    torch.testing.assert_close(nll(scores.log_softmax(class_dim), target, **given), expected)
    torch.testing.assert_close(cross_entropy_loss(scores, target, **given), expected)
    biased = log_evsoftmax(scores, dim=class_dim, eps=1e-3)
    torch.testing.assert_close(
        evsoftmax_loss(scores, target, **given, eps=1e-3), functional.cross_entropy(biased, target, **given)
    )


@pytest.mark.parametrize("ours, theirs", FENCHEL_YOUNG)
@pytest.mark.parametrize("reduction, smoothing, weighted", options())
def test_options_of_the_fenchel_young_losses(ours, theirs, reduction, smoothing, weighted):
    scores, target = torch.randn(20, 6, dtype=torch.float64), torch.randint(6, (20,))
    target[::4] = 3
    weight = torch.rand(6, dtype=torch.float64) if weighted else None
    weights = torch.ones(6, dtype=torch.float64) if weight is None else weight
    every = torch.stack([theirs(scores, torch.full((20,), c)) for c in range(6)], 1)
    hard = every.gather(1, target[:, None])[:, 0] * weights[target]
    expected = ((1 - smoothing) * hard + smoothing / 6 * (every * weights).sum(1)) * (target != 3)
    if reduction != "none":
        expected = expected.sum() / (1 if reduction == "sum" else weights[target[target != 3]].sum())
    result = ours(scores, target, weight, ignore_index=3, reduction=reduction, label_smoothing=smoothing)
    torch.testing.assert_close(result, expected)


@pytest.mark.parametrize("loss", LOSSES)
def test_scores_far_from_zero_and_far_apart(loss):
    scores = torch.tensor([[1e4, 1e4 + 1, 0.0], [-1e4, 1e4, 1e4]], requires_grad=True)
    result = loss(scores, torch.tensor([1, 2]), reduction="none")
    expected = loss(scores.detach().double() - 1e4, torch.tensor([1, 2]), reduction="none")
    torch.testing.assert_close(result.double(), expected, rtol=1e-4, atol=1e-4)
    result.sum().backward()
    assert scores.grad.isfinite().all()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", (torch.float16, torch.bfloat16))
def test_half_precision(loss, dtype):
    scores, target = torch.randn(10, 50).to(dtype).requires_grad_(), torch.randint(50, (10,))
    result = loss(scores, target)
    assert result.item() == pytest.approx(loss(scores.detach().double(), target).item(), rel=0.02)
    result.backward()
    assert scores.grad.dtype == dtype and scores.grad.isfinite().all()


def test_divergence():
    p, q = torch.randn(20, 9, dtype=torch.float64), torch.randn(20, 9, dtype=torch.float64)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Categorical(evsoftmax(p, eps=1e-6)),
        torch.distributions.Categorical(evsoftmax(q, eps=1e-6)),
    )
    torch.testing.assert_close(evsoftmax_kl(p, q, reduction="none"), expected)
    torch.testing.assert_close(evsoftmax_kl(p, q), expected.mean())
    torch.testing.assert_close(evsoftmax_kl(p, q, reduction="sum"), expected.sum())
    torch.testing.assert_close(evsoftmax_kl(p.T, q.T, dim=0, reduction="none"), expected)
    # one prior for the whole batch
    torch.testing.assert_close(evsoftmax_kl(p, q[0], reduction="none")[3], evsoftmax_kl(p[3], q[0], reduction="none"))
    assert evsoftmax_kl(p, p).item() == pytest.approx(0, abs=1e-12)
    assert evsoftmax_kl(1000 * p, -1000 * p).isfinite()


def test_divergence_gradcheck():
    p, q = (torch.randn(4, 6, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda a, b: evsoftmax_kl(a, b, eps=1e-2), (p, q))


@pytest.mark.parametrize(
    "module, function",
    ((EvSoftmaxLoss, evsoftmax_loss), (SparsemaxLoss, sparsemax_loss), (Tsallis15Loss, tsallis15_loss)),
)
def test_modules(module, function):
    scores, target, weight = torch.randn(8, 5), torch.randint(5, (8,)), torch.rand(5)
    torch.testing.assert_close(module()(scores, target), function(scores, target))
    given = dict(weight=weight, ignore_index=1, reduction="sum", label_smoothing=0.1)
    torch.testing.assert_close(module(**given)(scores, target), function(scores, target, **given))
    assert module(**given).double().weight.dtype == torch.float64


def test_module_with_another_eps():
    scores, target = torch.randn(8, 5), torch.randint(5, (8,))
    torch.testing.assert_close(EvSoftmaxLoss(eps=0.1)(scores, target), evsoftmax_loss(scores, target, eps=0.1))


def test_refusals():
    scores, target = torch.randn(3, 4), torch.tensor([0, 1, 2])
    for eps in (0.0, -1.0, math.nan):
        with pytest.raises(InputError, match="eps must be positive"):
            evsoftmax_loss(scores, target, eps=eps)
        with pytest.raises(InputError, match="eps must be positive"):
            evsoftmax_kl(scores, scores, eps=eps)
    with pytest.raises(InputError, match="unknown reduction 'max'; known: mean, sum, none"):
        evsoftmax_kl(scores, scores, reduction="max")
    for loss in (sparsemax_loss, tsallis15_loss):
        with pytest.raises(InputError, match="label_smoothing must be in"):
            loss(scores, target, label_smoothing=1.5)


def layouts():
    """One batch of pictures [N, C, H, W] in the layouts that models make."""
    scores = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    yield scores.clone()
    yield scores.to(memory_format=torch.channels_last)
    yield scores.permute(1, 2, 3, 0).contiguous().permute(3, 0, 1, 2)
    yield torch.cat((scores, scores), 1)[:, :5]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("smoothing", (0.0, 0.1))
def test_memory_layout_does_not_matter(loss, smoothing):
    target, results = torch.randint(5, (2, 3, 4)), []
    for scores in layouts():
        scores.requires_grad_()
        value = loss(scores, target, label_smoothing=smoothing)
        results.append((value.detach(), *torch.autograd.grad(value, scores)))
    for result in results[1:]:
        torch.testing.assert_close(result, results[0])


BROKEN_ROWS = {
    "NaN": (math.nan, 0.0, 1.0, 2.0),
    "masked throughout": (-math.inf,) * 4,
    "infinite": (0.0, math.inf, 1.0, 2.0),
    "two infinities": (math.inf, -math.inf, math.inf, 0.0),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("broken", BROKEN_ROWS)
def test_a_row_without_a_loss_is_nan_and_no_other(loss, broken):
    clean, target = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    spoiled = clean.clone()
    spoiled[2] = torch.tensor(BROKEN_ROWS[broken])
    others = [0, 1, 3, 4, 5]
    results = []
    for scores in (spoiled, clean):
        scores.requires_grad_()
        value = loss(scores, target, reduction="none")
        value.nansum().backward()
        results.append((value, scores.grad))
    (value, gradient), (expected, expected_gradient) = results
    assert value[2].isnan()
    torch.testing.assert_close(value[others], expected[others])
    torch.testing.assert_close(gradient[others], expected_gradient[others])
    assert loss(spoiled, target).isnan()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_of_a_row_without_a_loss_is_nan(loss):
    """So that a check of the gradient's norm, or a scaler of mixed precision, sees it."""
    scores = torch.randn(3, 4)
    scores[1, 2] = math.nan
    scores.requires_grad_()
    loss(scores, torch.tensor([0, 1, 2])).backward()
    assert scores.grad[1].isnan().all() and scores.grad[[0, 2]].isfinite().all()
    unbatched = torch.full((4,), -math.inf)
    assert loss(unbatched, torch.tensor(1)).isnan()
