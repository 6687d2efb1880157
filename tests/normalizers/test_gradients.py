"""Derivatives of every mapping, in every way that torch takes them."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import hessian, jacfwd, jacrev, jvp, vmap

from onmt_evsoftmax import evsoftmax, log_evsoftmax


def away_from_thresholds(mapping, rows=6, classes=7):
    """Scores, one entry at least 1e-3 from any place where the support changes, and a mask."""
    mask = torch.rand(rows, classes) > 0.25
    mask[0], mask[1], mask[2] = True, False, torch.arange(classes) == 3
    for _ in range(1000):
        scores = torch.randn(rows, classes, dtype=torch.float64)
        nudged = scores[None] + 1e-3 * torch.cat((torch.eye(rows * classes), -torch.eye(rows * classes))).reshape(
            -1, rows, classes
        )
        if all(((mapping(nudged, m) > 0) == (mapping(scores, m) > 0)).all() for m in (mask, None)):
            return scores.requires_grad_(), mask
    raise AssertionError("no scores found")


def test_gradcheck(mapping):
    scores, mask = away_from_thresholds(mapping)
    for given in (None, mask):
        masked = partial(mapping, mask=given)
        assert gradcheck(masked, scores, check_forward_ad=True, check_batched_grad=True)
        assert gradgradcheck(masked, scores)
    assert gradcheck(lambda v: mapping(v.T, mask.T, 0), scores)


def test_gradcheck_of_the_training_form():
    scores, mask = away_from_thresholds(evsoftmax)
    for given in (None, mask):
        training_form = partial(evsoftmax, mask=given, eps=1e-2)
        assert gradcheck(training_form, scores, check_forward_ad=True)
        assert gradgradcheck(training_form, scores)
        valid = torch.ones_like(mask) if given is None else given

        def valid_logarithms(v, given=given, valid=valid):
            return log_evsoftmax(v, given, eps=1e-2)[valid]

        assert gradcheck(valid_logarithms, scores, check_forward_ad=True)
        assert gradgradcheck(valid_logarithms, scores)


def test_gradient_is_equation_9():
    scores, mask = away_from_thresholds(evsoftmax)
    p = evsoftmax(scores[0].detach())
    expected = torch.diag(p) - p[:, None] * p
    torch.testing.assert_close(jacrev(evsoftmax)(scores[0].detach()), expected)
    assert (expected[p == 0] == 0).all() and (p == 0).any()


def test_gradient_of_the_logarithm_tends_to_equation_12():
    scores = torch.randn(9, dtype=torch.float64)
    limit = torch.eye(9, dtype=torch.float64) - evsoftmax(scores)
    errors = [
        (jacrev(partial(log_evsoftmax, eps=eps))(scores) - limit).abs().max().item() for eps in (1e-3, 1e-6, 1e-9)
    ]
    assert errors[0] < 2e-3 and errors[1] < 2e-3 * errors[0] and errors[2] < 2e-3 * errors[1]


def test_fully_masked_rows_have_no_gradient(mapping, dtype):
    for fill, mask in (
        (-torch.inf, None),
        (torch.finfo(dtype).min, None),
        (1.0, torch.zeros(2, 5, dtype=torch.bool)),
    ):
        scores = torch.full((2, 5), fill, dtype=dtype)
        scores[0, 1] = 0.0
        if mask is not None:
            mask[0, 1] = True
        scores.requires_grad_()
        (mapping(scores, mask) * torch.randn(2, 5).to(dtype)).sum().backward()
        scores.grad[0, 1] = 0.0  # the only valid one, for which not all mappings are constant
        assert (scores.grad == 0).all()
        assert scores.grad.dtype == dtype


def test_a_single_valid_entry_has_no_gradient(distribution, dtype):
    scores = torch.full((1, 5), -torch.inf, dtype=dtype)
    scores[0, 1] = 0.5
    scores.requires_grad_()
    (distribution(scores) * torch.randn(1, 5).to(dtype)).sum().backward()
    assert (scores.grad == 0).all()


def test_forward_and_reverse_mode_agree_under_vmap(mapping):
    scores, mask = away_from_thresholds(mapping)
    scores = scores.detach()
    reverse = vmap(jacrev(mapping))(scores, mask)
    torch.testing.assert_close(vmap(jacfwd(mapping))(scores, mask), reverse)
    torch.testing.assert_close(vmap(jacrev(mapping))(scores), torch.stack([jacrev(mapping)(row) for row in scores]))
    weights = torch.randn(7, dtype=torch.float64)
    second = vmap(hessian(lambda v, m: (mapping(v, m) * weights).sum()))(scores, mask)
    torch.testing.assert_close(second, vmap(jacrev(jacrev(lambda v, m: (mapping(v, m) * weights).sum())))(scores, mask))


def test_jvp_is_the_jacobian_times_the_tangent(mapping):
    scores, mask = away_from_thresholds(mapping)
    scores, tangent = scores.detach(), torch.randn(6, 7, dtype=torch.float64)
    value, product = jvp(lambda v: mapping(v, mask), (scores,), (tangent,))
    torch.testing.assert_close(value, mapping(scores, mask))
    expected = torch.einsum("nij,nj->ni", vmap(jacrev(mapping))(scores, mask), tangent)
    torch.testing.assert_close(product, expected)


@pytest.mark.parametrize("score_dim, mask_dim", ((0, None), (None, 0), (1, 0), (2, 1), (-1, -1)))
def test_vmap_over_any_dimension(mapping, score_dim, mask_dim):
    def batched(draw, dim):
        return draw() if dim is None else torch.stack([draw() for _ in range(5)], dim)

    def unbatched(tensor, dim, index):
        return tensor if dim is None else tensor.select(dim, index)

    scores = batched(lambda: torch.randn(4, 3, 6), score_dim)
    mask = batched(lambda: torch.rand(3, 6) > 0.3, mask_dim)
    for dim in (-1, 0, 1):
        mapped = vmap(partial(mapping, dim=dim), (score_dim, mask_dim))(scores, mask)
        for index, result in enumerate(mapped):
            expected = mapping(unbatched(scores, score_dim, index), unbatched(mask, mask_dim, index), dim)
            torch.testing.assert_close(result, expected)
    torch.testing.assert_close(vmap(vmap(mapping))(scores), mapping(scores))


@pytest.mark.parametrize("name", ("softmax", "evsoftmax", "sparsemax", "entmax15", "topk_softmax"))
def test_backward_saves_only_the_output(name):
    import onmt_evsoftmax

    saved = []
    scores, mask = torch.randn(8, 9, requires_grad=True), torch.rand(8, 9) > 0.3
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor):
        result = getattr(onmt_evsoftmax, name)(scores, mask)
    assert [tensor.data_ptr() for tensor in saved] == [result.data_ptr()]


def test_autocast(mapping):
    layer = torch.nn.Linear(5, 7)
    inputs = torch.randn(3, 5)
    with torch.autocast("cpu", torch.bfloat16):
        scores = layer(inputs)
        result = mapping(scores)
    assert result.dtype == scores.dtype == torch.bfloat16
    result.float().square().sum().backward()
    exact = mapping(scores.detach().float())
    torch.testing.assert_close(result.float(), exact, rtol=0, atol=1e-2)
    assert layer.weight.grad.dtype == torch.float32 and layer.weight.grad.isfinite().all()


def test_gradients_in_half_precision_are_the_rounded_ones(mapping, dtype):
    scores = torch.randn(5, 40).to(dtype)
    weights = torch.randn(5, 40).to(dtype)
    gradients = []
    for tensor in (scores.clone().requires_grad_(), scores.double().requires_grad_()):
        (mapping(tensor) * weights.to(tensor.dtype)).sum().backward()
        gradients.append(tensor.grad.double())
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0, atol=8 * torch.finfo(dtype).eps)
