"""Every implementation against the reference: outputs, gradients, supports, for all masks that models use."""

from __future__ import annotations

import itertools

import pytest
import torch

from onmt_evsoftmax.attention import attention
from onmt_evsoftmax.attention.blockwise import BLOCK_SCORES
from onmt_evsoftmax.attention.mean_key import mean_key
from onmt_evsoftmax.attention.visibility import Visibility
from onmt_evsoftmax.normalizers import registry
from tests.attention.functions import FUNCTIONS

TRAINABLE = [(name, function) for name in ("dense", "blockwise") for function in FUNCTIONS]
TRAINABLE.append(("sdpa", "softmax"))
LENGTHS = ((1, 1), (2, 2), (3, 3), (17, 17), (129, 129), (1, 17), (5, 17), (17, 5), (129, 3))
DIM = 8


def sliding_window(queries, keys):
    distance = torch.arange(queries)[:, None] + keys - queries - torch.arange(keys)
    return (distance >= 0) & (distance < 3)


MASKS = {
    "none": lambda q, k: {},
    "padding": lambda q, k: {"key_lengths": torch.tensor([k, (k + 1) // 2])},
    "padding of both ends": lambda q, k: {"mask": (torch.arange(k) >= k // 3)[None, None, None]},
    "causal": lambda q, k: {"is_causal": True},
    "causal and padding": lambda q, k: {"is_causal": True, "key_lengths": torch.tensor([k, (k + 1) // 2])},
    "sliding window": lambda q, k: {"mask": sliding_window(q, k)},
    "random, of one head each": lambda q, k: {"mask": torch.rand(2, 4, q, k) > 0.4},
    "an empty sentence": lambda q, k: {"key_lengths": torch.tensor([0, k]), "is_causal": True},
    "nothing visible": lambda q, k: {"mask": torch.zeros(q, k, dtype=torch.bool)},
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def inputs(queries, keys, dtype=torch.float64, heads=4, key_heads=4, batch=2, dim=DIM):
    shapes = ((heads, queries, dim), (key_heads, keys, dim), (key_heads, keys, 5))
    return [torch.randn(batch, *shape).to(dtype).requires_grad_() for shape in shapes]


def exact_scores(query, key, options):
    """Scores in float64, and which of them are visible."""
    heads = query.shape[1] // key.shape[1]
    key = key.detach().double().repeat_interleave(heads, 1)
    scores = query.detach().double() @ key.transpose(-2, -1) * options.get("scale", query.shape[-1] ** -0.5)
    visible = torch.ones_like(scores, dtype=torch.bool)
    queries, keys = scores.shape[-2:]
    if options.get("is_causal"):
        visible &= torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
    if "mask" in options:
        visible &= options["mask"]
    if "key_lengths" in options:
        visible &= torch.arange(keys) < options["key_lengths"][:, None, None, None]
    return scores, visible


def distance_to_mean(query, key, options):
    """|score - mean of its row| in units of what rounding may do; infinite where hidden."""
    scores, visible = exact_scores(query, key, options)
    mean = scores.where(visible, 0).sum(-1, keepdim=True) / visible.sum(-1, keepdim=True)
    # a sum of dim products errs by at most dim units of the last place of |q| |k|, and so does the mean
    largest = key.detach().double().norm(dim=-1).amax()
    rounding = 2 * query.shape[-1] * torch.finfo(query.dtype).eps * query.detach().double().norm(dim=-1)
    rounding = rounding[..., None] * largest * query.shape[-1] ** -0.5
    return ((scores - mean) / rounding).where(visible, torch.inf)


def away_from_mean(query, key, options):
    """Rows ``[batch, heads, queries, 1]`` whose support rounding cannot change, as 0 and 1.

    A row with a single visible key is on its mean and has only one possible result.
    """
    distance = distance_to_mean(query, key, options)
    single = distance.isfinite().sum(-1) <= 1
    return ((distance.abs() > 4).all(-1) | single)[..., None].to(query.dtype)


def result(implementation, tensors, rows, upstream, **options):
    """Context and gradients, of the given rows alone."""
    output = attention(*tensors, implementation=implementation, **options) * rows
    return (output, *torch.autograd.grad(output, tensors, upstream))


def assert_agree(implementation, function, tensors, **options):
    rows = away_from_mean(*tensors[:2], options)
    assert rows.mean() > 0.5
    upstream = torch.randn_like(attention(*tensors, function=function, **options))
    expected = result("reference", tensors, rows, upstream, function=function, **options)
    actual = result(implementation, tensors, rows, upstream, function=function, **options)
    tolerance = 1e-11 if tensors[0].dtype == torch.float64 else 3e-5
    for ours, theirs in zip(actual, expected):
        assert ours.dtype == theirs.dtype
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("implementation, function", TRAINABLE)
def test_agrees_with_the_reference(implementation, function, mask):
    for (queries, keys), dtype in itertools.product(LENGTHS, (torch.float64, torch.float32)):
        options = MASKS[mask](queries, keys)
        assert_agree(implementation, function, inputs(queries, keys, dtype), **options)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_blocks_of_a_few_queries_agree_with_the_reference(monkeypatch, function, mask):
    for size in (1, 40, 300, 2000):
        monkeypatch.setitem(BLOCK_SCORES, "cpu", size)
        for queries, keys in ((3, 3), (17, 17), (5, 17), (17, 5)):
            assert_agree("blockwise", function, inputs(queries, keys), **MASKS[mask](queries, keys))


@pytest.mark.parametrize("implementation", ("dense", "blockwise"))
@pytest.mark.parametrize("eps", (1e-6, 0.01, 3.0))
def test_training_form(implementation, eps):
    for mask in MASKS.values():
        for queries, keys in ((1, 1), (17, 17), (129, 129), (17, 5)):
            options = mask(queries, keys)
            assert_agree(implementation, "evsoftmax", inputs(queries, keys), eps=eps, **options)


@pytest.mark.parametrize("implementation, function", TRAINABLE)
def test_grouped_heads_and_scale(implementation, function):
    tensors = inputs(9, 17, key_heads=2)
    assert_agree(implementation, function, tensors, key_lengths=torch.tensor([17, 4]))
    query, key, value = tensors
    repeated = attention(query, key[:, [0, 0, 1, 1]], value[:, [0, 0, 1, 1]], function=function)
    torch.testing.assert_close(attention(*tensors, function=function), repeated)
    torch.testing.assert_close(
        attention(*tensors, function=function, scale=0.3, implementation=implementation),
        attention(query * 0.3, key, value, function=function, scale=1.0, implementation="reference"),
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_reference_is_the_mapping_of_the_scores(function):
    query, key, value = (tensor.detach() for tensor in inputs(6, 7))
    options = {"key_lengths": torch.tensor([7, 3]), "is_causal": True}
    scores, visible = exact_scores(query, key, options)
    weights = registry.get(function).function(scores, visible)
    output, ours = attention(
        query, key, value, function=function, implementation="reference", return_weights=True, **options
    )
    torch.testing.assert_close(ours, weights)
    torch.testing.assert_close(output, weights @ value)


@pytest.mark.parametrize("implementation, function", [("reference", name) for name in FUNCTIONS] + TRAINABLE)
def test_gradients_are_derivatives(implementation, function):
    for mask in ("none", "causal and padding", "sliding window", "nothing visible"):
        options = MASKS[mask](4, 6)
        tensors = inputs(4, 6, heads=2, key_heads=1, dim=3)
        scores, visible = exact_scores(*tensors[:2], options)
        count = visible.sum(-1, keepdim=True)
        gap = (scores - scores.where(visible, 0).sum(-1, keepdim=True) / count).abs()
        assert (gap[visible & (count > 1)] > 1e-4).all()  # gradcheck's step is 1e-6

        def context(query, key, value, options=options):
            return attention(query, key, value, function=function, implementation=implementation, **options)

        assert torch.autograd.gradcheck(context, tensors, atol=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_gradients_of_weights(function):
    tensors = inputs(5, 17)
    upstream = torch.randn(2, 4, 5, 17, dtype=torch.float64)
    results = []
    for implementation in ("reference", "dense"):
        output, weights = attention(
            *tensors, function=function, implementation=implementation, return_weights=True, is_causal=True
        )
        results.append((weights, *torch.autograd.grad(weights, tensors[:2], upstream, retain_graph=True)))
        both = (output.sum() + (weights * upstream).sum()).reshape(())
        results[-1] += torch.autograd.grad(both, tensors)
    for ours, theirs in zip(*results):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("dtype", (torch.float64, torch.float32, torch.bfloat16))
@pytest.mark.parametrize("mask", MASKS)
def test_supports_differ_only_within_rounding(mask, dtype):
    for queries, keys in ((3, 3), (17, 17), (129, 129), (129, 9)):
        query, key, value = (tensor.detach() for tensor in inputs(queries, keys, dtype))
        # half of the keys alike up to a few units in the last place: most scores are close to each other
        key[..., ::2, :] = key[..., :1, :] * (1 + 2 * torch.finfo(dtype).eps * torch.randn(DIM).to(dtype))
        options = MASKS[mask](queries, keys)
        _, weights = attention(query, key, value, implementation="dense", return_weights=True, **options)
        sums = torch.finfo(dtype).eps if dtype == torch.float32 else torch.finfo(torch.float32).eps
        distance = distance_to_mean(query.float() if dtype == torch.bfloat16 else query, key, options)
        kept = weights > 0
        assert (distance[kept] > -8).all()
        far = (distance > 8) & distance.isfinite()
        assert kept[far].all()
        seen = distance.isfinite().any(-1)
        total = weights.double().sum(-1)
        rounding = keys * max(sums, torch.finfo(dtype).eps)
        torch.testing.assert_close(total, seen.double(), rtol=0, atol=rounding)


@pytest.mark.parametrize("implementation", ("reference", "dense", "blockwise"))
@pytest.mark.parametrize("options", ({}, {"is_causal": True}, {"key_lengths": torch.tensor([64, 3])}))
def test_equal_keys_share_the_weight(implementation, options):
    """All scores of a row are equal; a rounded mean may exceed every one of them."""
    for length in (1, 2, 3, 7, 64):
        query, _, value = (tensor.detach() for tensor in inputs(length, length, torch.float32))
        key = torch.randn(2, 4, 1, DIM).expand(2, 4, length, DIM)
        scores, visible = exact_scores(query, key, options)
        uniform = visible.double() / visible.sum(-1, keepdim=True)
        output = attention(query, key, value, implementation=implementation, **options)
        torch.testing.assert_close(output, (uniform @ value.double()).float(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("implementation", ("reference", "dense"))
@pytest.mark.parametrize("length", (9, 65, 129))
def test_a_score_on_its_mean_is_kept(implementation, length):
    # symmetric integers: the middle key is exactly the mean
    steps = torch.arange(length, dtype=torch.float32) - length // 2
    key = steps[:, None].expand(length, 4)[None, None]
    query = torch.full((1, 1, length, 4), 0.125)
    _, weights = attention(query, key, key, scale=1.0, implementation=implementation, return_weights=True)
    assert torch.equal(weights > 0, (steps >= 0).expand_as(weights))


@pytest.mark.parametrize("implementation, function", [("reference", name) for name in FUNCTIONS] + TRAINABLE)
@pytest.mark.parametrize("rubbish", (torch.nan, torch.inf, -torch.inf, 1e30))
def test_what_is_hidden_may_hold_anything(implementation, function, rubbish):
    lengths = torch.tensor([4, 0])
    tensors = inputs(5, 6, torch.float32)
    clean = attention(*tensors, function=function, implementation=implementation, key_lengths=lengths)
    spoiled = [tensor.detach().clone() for tensor in tensors]
    for tensor in spoiled[1:]:
        tensor[0, :, 4:] = rubbish
        tensor[1] = rubbish
    for tensor in spoiled:
        tensor.requires_grad_()
    output = attention(*spoiled, function=function, implementation=implementation, key_lengths=lengths)
    torch.testing.assert_close(output, clean)
    assert (output[1] == 0).all()
    output.sum().backward()
    clean.sum().backward()
    for ours, theirs in zip(spoiled, tensors):
        torch.testing.assert_close(ours.grad, theirs.grad)
        assert (ours.grad[1] == 0).all()


@pytest.mark.parametrize("implementation, function", TRAINABLE)
def test_nan_that_is_visible_shows(implementation, function):
    query, key, value = (tensor.detach() for tensor in inputs(5, 6, torch.float32))
    query[0, 1, 2] = torch.nan
    output = attention(query, key, value, function=function, implementation=implementation)
    assert output[0, 1, 2].isnan().all()
    output[0, 1, 2] = 0
    assert not output.isnan().any()


@pytest.mark.parametrize("implementation, function", TRAINABLE)
@pytest.mark.parametrize("causal", (False, True))
def test_a_sentence_does_not_depend_on_its_batch(implementation, function, causal):
    options = {"function": function, "implementation": implementation, "is_causal": causal}
    lengths = torch.tensor([17, 5, 1, 11])
    query, key, value = (tensor.detach() for tensor in inputs(17, 17, batch=4))
    together = attention(query, key, value, key_lengths=lengths, **options)
    for index, length in enumerate(lengths.tolist()):
        sentence = (tensor[index : index + 1, :, :length] for tensor in (query, key, value))
        alone = attention(*sentence, **options)
        torch.testing.assert_close(together[index : index + 1, :, :length], alone)


@pytest.mark.parametrize("implementation, function", TRAINABLE)
@pytest.mark.parametrize("step", (1, 2, 5, 16))
def test_decoding_in_steps_equals_the_whole_at_once(implementation, function, step):
    options = {"function": function, "implementation": implementation, "is_causal": True}
    query, key, value = (tensor.detach() for tensor in inputs(33, 33))
    whole = attention(query, key, value, **options)
    for start in range(0, 33, step):
        end = min(start + step, 33)
        part = attention(query[:, :, start:end], key[:, :, :end], value[:, :, :end], **options)
        torch.testing.assert_close(part, whole[:, :, start:end])


def test_mean_key_is_a_running_sum():
    key = torch.randn(2, 3, 9, 4, dtype=torch.float64)
    device = torch.device("cpu")
    means = mean_key(key, Visibility.of(9, 9, device, None, torch.tensor([9, 5]), True))
    running, count = torch.zeros(2, 3, 4, dtype=torch.float64), torch.zeros(2)
    for step in range(9):
        running += key[:, :, step] * torch.tensor([1.0, step < 5])[:, None, None]
        count += torch.tensor([1.0, step < 5])
        torch.testing.assert_close(means[:, :, step], running / count[:, None, None])
    by_mask = mean_key(key, Visibility.of(9, 9, device, torch.ones(9, 9).tril().bool(), torch.tensor([9, 5]), False))
    torch.testing.assert_close(means, by_mask)


@pytest.mark.parametrize("implementation, function", TRAINABLE)
@pytest.mark.parametrize("dtype", (torch.bfloat16, torch.float16))
def test_half_precision_sums_in_float32(implementation, function, dtype):
    if implementation == "sdpa":
        pytest.skip("torch decides how its kernel sums")
    query, key, value = (tensor.detach() for tensor in inputs(17, 40, dtype))
    output = attention(query, key, value, function=function, implementation=implementation)
    accurate = attention(query.float(), key.float(), value.float(), function=function, implementation=implementation)
    assert output.dtype == dtype
    torch.testing.assert_close(output, accurate.to(dtype))


def test_under_autocast_the_result_is_the_same():
    tensors = inputs(17, 17, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        inside = attention(*tensors, implementation="dense")
    torch.testing.assert_close(inside, attention(*tensors, implementation="dense"), rtol=0, atol=0)


@pytest.mark.parametrize("implementation", ("auto", "reference", "dense", "blockwise", "flex"))
@pytest.mark.parametrize("rubbish", (torch.nan, torch.inf, -torch.inf, 1e19, 3e38))
@pytest.mark.parametrize("is_causal", (False, True))
@torch.no_grad()
def test_what_is_hidden_may_hold_anything_without_gradients(implementation, rubbish, is_causal):
    """Then keys and values are not looked at beforehand."""
    query, key, value = torch.randn(3, 2, 2, 6, 4)
    options = dict(implementation=implementation, key_lengths=torch.tensor([4, 6]), is_causal=is_causal)
    clean = attention(query, key, value, **options)
    for spoiled in (key, value):
        spoiled[0, :, 4:] = rubbish
        torch.testing.assert_close(attention(query, key, value, **options), clean)


def test_what_is_hidden_does_not_reach_a_function_that_alone_learns():
    function = registry.get("ssmax").make(2)
    gradients = []
    for junk in (0.0, 3e38):
        torch.manual_seed(0)
        query, key, value = torch.randn(3, 1, 2, 5, 4)
        key[..., 3:, :] = value[..., 3:, :] = junk
        function.zero_grad()
        attention(query, key, value, function=function, key_lengths=torch.tensor([3])).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in function.parameters()])
    torch.testing.assert_close(*gradients)
