"""What every mapping promises, whatever its formula: one contract, run over all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import onmt_evsoftmax
from onmt_evsoftmax import log_evsoftmax, normalizers
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers.masking import masked_score

MODULES = {
    "softmax": "Softmax",
    "evsoftmax": "EvSoftmax",
    "sparsemax": "Sparsemax",
    "entmax15": "Entmax15",
    "posthoc_evidential": "PosthocEvidential",
    "sparsehourglass": "SparseHourglass",
    "topk_softmax": "TopkSoftmax",
}


def large(dtype):
    """A finite score that dwarfs ordinary ones, and is no masked one when negated."""
    return 5e4 if dtype == torch.float16 else 9e7


@pytest.mark.parametrize("classes", (1, 2, 3, 17, 128, 4096))
def test_probabilities_sum_to_one(distribution, dtype, classes):
    for scale in (1e-3, 1.0, 10.0):
        result = distribution((torch.randn(20, classes) * scale).to(dtype))
        assert result.dtype == dtype and (result >= 0).all()
        error = (result.double().sum(-1) - 1).abs().max().item()
        assert error <= 4 * torch.finfo(dtype).eps * math.sqrt(classes)


@pytest.mark.parametrize(
    "shape, dim",
    (((6, 7), 0), ((4, 5, 6), 1), ((4, 5, 6), -2), ((4, 5, 6), -1), ((7,), 0), ((2, 3, 4, 5), 0)),
)
def test_any_dimension(mapping, shape, dim):
    scores = torch.randn(shape)
    mask = torch.rand(shape) > 0.3
    by_row = mapping(scores.movedim(dim, -1).contiguous(), mask.movedim(dim, -1).contiguous()).movedim(-1, dim)
    torch.testing.assert_close(mapping(scores, mask, dim), by_row)


def masked_problem(dtype, rows=40, classes=13):
    scores = (torch.randn(rows, classes) * 2).to(dtype)
    mask = torch.rand(rows, classes) > 0.4
    mask[0], mask[1] = True, False
    mask[2] = False
    mask[2, 5] = True
    return scores, mask


def test_masked_is_the_slice_of_the_valid_entries(mapping, dtype, tolerance):
    scores, mask = masked_problem(dtype)
    result = mapping(scores, mask)
    assert result.dtype == dtype
    assert (result[~mask] == 0).all()
    assert (result[1] == 0).all()
    for row in range(len(scores)):
        if mask[row].any():
            torch.testing.assert_close(
                result[row, mask[row]], mapping(scores[row, mask[row]]), rtol=0, atol=tolerance(dtype)
            )


def test_a_single_valid_entry_has_all(distribution, dtype):
    scores, mask = masked_problem(dtype)
    assert distribution(scores, mask)[2, 5] == 1


def test_all_ways_of_masking_agree(mapping, dtype, tolerance):
    scores, mask = masked_problem(dtype)
    expected = mapping(scores, mask)
    for fill in (-math.inf, torch.finfo(dtype).min, -1e18, -1e9):
        if -math.inf < fill < -7e4 and dtype == torch.float16:
            continue  # cannot be written in this type
        filled = scores.masked_fill(~mask, fill)
        torch.testing.assert_close(mapping(filled), expected, rtol=0, atol=tolerance(dtype))
        torch.testing.assert_close(mapping(filled, mask), expected, rtol=0, atol=tolerance(dtype))
        half = torch.rand(mask.shape) > 0.5
        some = mapping(scores.masked_fill(~mask & half, fill), mask | half)
        torch.testing.assert_close(some, expected, rtol=0, atol=tolerance(dtype))


@pytest.mark.parametrize("fill", (-1e18, -1e9, -1.1e8))
def test_a_single_masked_score_among_many_is_seen(mapping, fill):
    scores = torch.randn(3, 20000, dtype=torch.float64)
    scores[1, 777] = fill
    mask = scores > -1e8
    torch.testing.assert_close(mapping(scores), mapping(scores, mask), rtol=0, atol=1e-15)
    torch.testing.assert_close(mapping(scores)[1, mask[1]], mapping(scores[1, mask[1]]), rtol=0, atol=1e-15)


def test_a_masked_float16_score_is_seen_among_large_ones(mapping):
    scores = 1000 + torch.arange(64).remainder(7).half()
    scores[5] = torch.finfo(torch.float16).min
    assert mapping(scores)[5] == 0
    torch.testing.assert_close(mapping(scores), mapping(scores, torch.arange(64) != 5), rtol=0, atol=1e-3)


def test_a_masked_score_next_to_a_valid_one_gets_no_weight(mapping, dtype):
    """The limit itself is masked, and the next number above it is not."""
    limit = torch.tensor(masked_score(dtype)).to(dtype)
    limit = limit if limit <= masked_score(dtype) else limit.nextafter(torch.tensor(-math.inf).to(dtype))
    above = [limit]
    for _ in range(3):
        above.append(above[-1].nextafter(torch.tensor(math.inf).to(dtype)))
    for row in ((1, 0), (0, 1), (0, 2, 0, 1), (1, 1, 0), (0, 0, 3), (2, 0, 2, 0, 2)):
        scores = torch.stack([above[step] for step in row])
        valid = torch.tensor([step > 0 for step in row])
        result = mapping(scores)
        assert (result[~valid] == 0).all(), (row, result)
        torch.testing.assert_close(result, mapping(scores, valid))
        torch.testing.assert_close(result[valid], mapping(scores[valid]))
        for dim in (0, 1):
            block = scores.expand(3, -1) if dim else scores.expand(3, -1).T
            assert torch.equal(mapping(block, dim=dim).select(1 - dim, 1), result)


def test_nearly_masked_as_it_was_reported(distribution):
    scores = torch.tensor([-99999999.9, -1e8], dtype=torch.float64)
    assert distribution(scores).tolist() == [1, 0]


def test_a_low_score_is_not_a_masked_one(distribution, dtype):
    # below the mean of the others, but an ordinary score: it must count in the mean
    scores = torch.tensor([[-1e4, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0]]).to(dtype)
    if distribution is normalizers.evsoftmax:
        assert (distribution(scores)[0] > 0).tolist() == [False, True, True, True]
        assert (distribution(scores)[1] > 0).tolist() == [False, False, True, True]
    only = torch.full((2, 3), -1e4).to(dtype)
    assert (distribution(only).float() - 1 / 3).abs().max() < 0.01


@pytest.mark.parametrize("junk", (math.nan, math.inf, -math.inf, 1e30))
def test_a_masked_entry_may_hold_anything(mapping, dtype, junk, tolerance):
    scores, mask = masked_problem(dtype)
    dirty = torch.where(mask, scores, torch.tensor(junk).to(dtype)).requires_grad_()
    clean = scores.clone().requires_grad_()
    weights = torch.randn(scores.shape).to(dtype)
    torch.testing.assert_close(mapping(dirty, mask), mapping(clean, mask), rtol=0, atol=tolerance(dtype))
    for tensor in (dirty, clean):
        (mapping(tensor, mask) * weights).sum().backward()
    torch.testing.assert_close(dirty.grad, clean.grad, rtol=0, atol=4 * tolerance(dtype))
    assert (dirty.grad[~mask] == 0).all() and (dirty.grad[1] == 0).all()


@pytest.mark.parametrize("mask_shape", ((5, 1, 1, 7), (1, 1, 6, 7), (6, 7), (7,), (1,), (5, 4, 6, 1), ()))
def test_masks_broadcast(mapping, mask_shape):
    scores = torch.randn(5, 4, 6, 7)
    mask = torch.rand(mask_shape) > 0.4
    for dim in (-1, 1):
        full = mask.expand_as(scores).contiguous()
        torch.testing.assert_close(mapping(scores, mask, dim), mapping(scores, full, dim))


def test_a_row_does_not_depend_on_its_batch(mapping):
    sentences = [torch.randn(length) for length in (3, 5, 8, 1)]
    batch = torch.full((4, 8), -1e18)
    for row, sentence in zip(batch, sentences):
        row[: len(sentence)] = sentence
    for row, sentence in zip(mapping(batch), sentences):
        torch.testing.assert_close(row[: len(sentence)], mapping(sentence), rtol=0, atol=1e-6)
        assert (row[len(sentence) :] == 0).all()


def test_decoding_step_by_step_equals_decoding_at_once(mapping):
    scores = torch.randn(2, 9, 9)
    at_once = mapping(scores.masked_fill(torch.ones(9, 9).triu(1).bool(), -1e18))
    for step in range(9):
        alone = mapping(scores[:, step, : step + 1])
        torch.testing.assert_close(at_once[:, step, : step + 1], alone, rtol=0, atol=1e-6)
        assert (at_once[:, step, step + 1 :] == 0).all()


@pytest.mark.parametrize("value", (0.0, -0.0, 0.1, -3.7, 1e-40, "large", "-large"))
def test_equal_scores_share_equally(distribution, dtype, value):
    if isinstance(value, str):
        value = large(dtype) * (-1 if value[0] == "-" else 1)
    for classes in range(1, 65):
        result = distribution(torch.full((2, classes), value).to(dtype))
        assert (result.double() * classes - 1).abs().max() <= 4 * torch.finfo(dtype).eps, classes


def test_extreme_scores(distribution, dtype):
    top = large(dtype)
    result = distribution(torch.tensor([[0.0, top, 1.0, -top], [-top, -top, -top, 0.0]]).to(dtype))
    assert result.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    if dtype != torch.float16:
        scores = torch.tensor([[1e30, 1e30, 0.0, -1e30], [1e30, -1e30, -1e30, -1e30], [-1e30] * 4]).to(dtype)
        # -1e30 counts as masked, a row of it as masked throughout
        expected = torch.tensor([[0.5, 0.5, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]).to(dtype)
        torch.testing.assert_close(distribution(scores), expected, rtol=0, atol=torch.finfo(dtype).eps)


@pytest.mark.parametrize("bad", (math.nan, math.inf))
def test_nan_and_infinity_stay_in_their_row(mapping, dtype, bad, tolerance):
    scores = torch.randn(6, 5).to(dtype)
    expected = mapping(scores)
    scores[2, 3] = bad
    scores[4] = torch.tensor([bad, -math.inf, 0.0, 0.0, 0.0])
    result = mapping(scores)
    assert result[[2, 4]].isnan().all()
    good = [0, 1, 3, 5]
    torch.testing.assert_close(result[good], expected[good], rtol=0, atol=tolerance(dtype))


def test_memory_layout_does_not_matter(mapping):
    scores = torch.randn(6, 8, 10)
    expected = mapping(scores)
    torch.testing.assert_close(mapping(scores.transpose(0, 2).contiguous().transpose(0, 2)), expected)
    torch.testing.assert_close(mapping(scores.permute(2, 0, 1), dim=0), expected.permute(2, 0, 1))
    strided = torch.empty(6, 8, 20)[..., ::2].copy_(scores)
    torch.testing.assert_close(mapping(strided), expected)
    row = torch.randn(10)
    torch.testing.assert_close(mapping(row.expand(4, 10)), mapping(row).expand(4, 10))
    constant = torch.randn(4, 1)
    torch.testing.assert_close(mapping(constant.expand(4, 10)), mapping(constant.repeat(1, 10)))


@pytest.mark.parametrize("fill", (None, -1e18, -math.inf, math.nan))
def test_the_input_is_never_written(mapping, dtype, fill):
    scores, mask = masked_problem(dtype)
    if fill is not None:
        scores = scores.masked_fill(~mask, max(fill, torch.finfo(dtype).min) if fill == -1e18 else fill)
    before, mask_before = scores.clone(), mask.clone()
    for given in (None, mask):
        mapping(scores, given)
        torch.testing.assert_close(scores, before, rtol=0, atol=0, equal_nan=True)
        assert scores._version == 0 or fill is not None
        assert torch.equal(mask, mask_before)


@pytest.mark.parametrize("shape", ((0, 5), (3, 0, 5), (0, 1)))
def test_empty_batches(mapping, shape):
    for mask in (None, torch.ones(shape, dtype=torch.bool)):
        scores = torch.randn(shape, requires_grad=True)
        result = mapping(scores, mask)
        assert result.shape == shape
        result.sum().backward()
        assert scores.grad.shape == shape


def test_works_without_gradients(mapping):
    scores = torch.randn(3, 4, requires_grad=True)
    assert not mapping(scores.detach()).requires_grad
    with torch.no_grad():
        assert not mapping(scores).requires_grad
    with torch.inference_mode():
        torch.testing.assert_close(mapping(scores), mapping(scores.clone()))


@pytest.mark.parametrize(
    "scores, mask, dim, message",
    (
        (torch.zeros(3, 0), None, -1, "no entry along dim"),
        (torch.zeros(0, 3), None, 0, "no entry along dim"),
        (torch.zeros(3, 2), None, 2, "out of range"),
        (torch.zeros(3, 2), None, -3, "out of range"),
        (torch.tensor(1.0), None, -1, "out of range"),
        (torch.zeros(3, 2, dtype=torch.long), None, -1, "floating-point"),
        (torch.zeros(3, 2), torch.ones(3, 2), -1, "boolean"),
        (torch.zeros(3, 2), torch.ones(2, 2, dtype=torch.bool), -1, "does not broadcast"),
        (torch.zeros(3, 2), torch.ones(1, 3, 2, dtype=torch.bool), -1, "does not broadcast"),
    ),
)
def test_unusable_arguments_are_named(mapping, scores, mask, dim, message):
    with pytest.raises(InputError, match=message):
        mapping(scores, mask, dim)


@pytest.mark.parametrize(
    "arguments, message",
    (
        ((torch.zeros(3, 2), 1), r"second argument is the mask, got the number 1; .* write dim=1$"),
        ((torch.zeros(3, 2), -1), r"write dim=-1$"),
        ((torch.zeros(3, 2), np.int64(1)), r"write dim=1$"),
        ((torch.zeros(3, 2), None, (0, 1)), r"dim must be one whole number, got \(0, 1\)"),
        ((torch.zeros(3, 2), None, None), "dim must be one whole number, got None"),
        ((torch.zeros(3, 2), True), "mask must be a boolean tensor .* got bool; write torch.as_tensor"),
        ((torch.zeros(3, 2), [True, False]), "got list; write torch.as_tensor"),
        ((torch.zeros(3, 2), np.ones(2, dtype=bool)), "got numpy.ndarray; write torch.as_tensor"),
        (([0.0, 1.0],), r"scores must be a tensor, got list; write torch.as_tensor\(scores\)"),
        ((np.zeros(3),), "scores must be a tensor, got numpy.ndarray; write"),
        ((1.5,), "scores must be a tensor, got float; write"),
    ),
)
def test_what_is_natural_elsewhere_is_an_error_that_says_what_to_write(mapping, arguments, message):
    modules = (onmt_evsoftmax.EvSoftmax(),) if len(arguments) < 3 else ()  # which have their dim already
    for function in (mapping, log_evsoftmax, *modules):
        with pytest.raises(TypeError, match=message) as caught:
            function(*arguments)
        assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("name", MODULES)
def test_the_module_is_the_function(name):
    function = normalizers.get(name).function
    scores, mask = masked_problem(torch.float32)
    module = getattr(onmt_evsoftmax, MODULES[name])(dim=0).eval()
    torch.testing.assert_close(module(scores, mask), function(scores, mask, 0))
    assert "dim=0" in repr(module)
    assert not list(module.parameters())


NOT_DENSE = {
    "coo": lambda scores: scores.to_sparse(),
    "csr": lambda scores: scores.to_sparse_csr(),
    "mkldnn": lambda scores: scores.to_mkldnn(),
    "nested": lambda scores: torch.nested.nested_tensor([scores[0], scores[1, :2]]),
    "jagged": lambda scores: torch.nested.nested_tensor([scores[0], scores[1, :2]], layout=torch.jagged),
}


@pytest.mark.parametrize("kind", NOT_DENSE)
def test_tensors_that_are_not_dense_are_refused_with_the_way_out(mapping, kind):
    scores = NOT_DENSE[kind](torch.randn(3, 4))
    way_out = "to_padded_tensor" if scores.is_nested else "to_dense"
    with pytest.raises(InputError, match=rf"^scores must .*\.{way_out}\("):
        mapping(scores)


def test_a_sparse_mask_is_refused(mapping):
    with pytest.raises(InputError, match=r"^mask must be a dense tensor"):
        mapping(torch.randn(3, 4), (torch.rand(3, 4) > 0.5).to_sparse())


def test_the_way_out_of_a_nested_tensor_leads_out(mapping):
    scores = torch.randn(4)
    padded = torch.nested.nested_tensor([scores, scores[:2]]).to_padded_tensor(-torch.inf)
    torch.testing.assert_close(mapping(padded)[1, :2], mapping(scores[:2]))


def test_meta_tensors_give_the_shape(mapping):
    scores = torch.randn(2, 3, 5, device="meta", requires_grad=True)
    for mask in (None, torch.ones(2, 1, 5, dtype=torch.bool, device="meta")):
        result = mapping(scores, mask)
        assert result.is_meta and result.shape == scores.shape
    result.sum().backward()
    assert scores.grad.shape == scores.shape
