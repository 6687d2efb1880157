"""A bias of the scores, and torch's names: against torch for softmax, against the reference for the others."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from onmt_evsoftmax.attention import attention
from onmt_evsoftmax.attention.bias import split_bias
from onmt_evsoftmax.normalizers import registry
from tests.attention.functions import FUNCTIONS

FORMS = ("reference", "dense", "blockwise")
SHAPES = ((2, 4, 5, 9), (2, 1, 1, 9), (1, 4, 5, 1), (5, 9), (9,), (1, 1, 5, 9))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def inputs(queries=5, keys=9, heads=4, key_heads=4, dtype=torch.float64, dim=3):
    shapes = ((heads, queries, dim), (key_heads, keys, dim), (key_heads, keys, 6))
    return [torch.randn(2, *shape, dtype=dtype).requires_grad_() for shape in shapes]


def random_masks():
    """Boolean, additive, both at once, and absent; every query sees the first key."""
    visible = torch.rand(2, 1, 5, 9) > 0.4
    visible[..., 0] = True
    hidden = torch.zeros(2, 1, 5, 9, dtype=torch.float64).masked_fill(~visible, -torch.inf)
    bias = torch.randn(1, 4, 5, 9, dtype=torch.float64)
    return {"none": None, "boolean": visible, "additive": hidden, "bias": bias, "both": hidden + bias}


def assert_same(ours, theirs, tensors):
    upstream = torch.randn_like(ours)
    torch.testing.assert_close(ours, theirs)
    for one, other in zip(*(torch.autograd.grad(out, tensors, upstream, retain_graph=True) for out in (ours, theirs))):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("implementation", ("auto", "sdpa", *FORMS))
@pytest.mark.parametrize("kind", ("none", "boolean", "additive", "bias", "both"))
@pytest.mark.parametrize("key_heads", (4, 2, 1))
def test_softmax_is_torchs(implementation, kind, key_heads):
    tensors = inputs(key_heads=key_heads)
    given = dict(attn_mask=random_masks()[kind], scale=0.7, enable_gqa=True)
    ours = attention(*tensors, function="softmax", implementation=implementation, **given)
    assert_same(ours, scaled_dot_product_attention(*tensors, **given), tensors)


def test_the_arguments_have_torchs_names_and_order():
    ours = list(inspect.signature(attention).parameters.values())
    # torch's function is written in C++ and has no signature; its documentation gives it
    assert [(p.name, p.kind.name) for p in ours[:8]] == [
        *((name, "POSITIONAL_OR_KEYWORD") for name in ("query", "key", "value")),
        *((name, "POSITIONAL_OR_KEYWORD") for name in ("attn_mask", "dropout_p", "is_causal")),
        *((name, "KEYWORD_ONLY") for name in ("scale", "enable_gqa")),
    ]
    tensors, mask = inputs(), random_masks()["boolean"]
    for function in (attention, scaled_dot_product_attention):
        assert function(*tensors, mask, 0.0, False, scale=None, enable_gqa=False).shape == (2, 4, 5, 6)


def test_dropout_has_two_names():
    tensors = inputs()
    for implementation in FORMS:
        results = []
        for name in ("dropout", "dropout_p"):
            torch.manual_seed(1)
            results.append(attention(*tensors, implementation=implementation, **{name: 0.5}))
        assert torch.equal(*results) and not torch.equal(results[0], attention(*tensors))


def test_causal_masks_are_aligned_at_the_end_and_torchs_at_the_start():
    square = inputs(7, 7)
    ours = attention(*square, is_causal=True, function="softmax")
    assert_same(ours, scaled_dot_product_attention(*square, is_causal=True), square)
    for queries, keys in ((3, 7), (7, 3)):
        tensors = inputs(queries, keys)
        ours, theirs = torch.ones(2, queries, keys, dtype=torch.bool)
        ours, theirs = ours.tril(keys - queries), theirs.tril()
        for implementation in ("auto", *FORMS):
            options = dict(function="softmax", implementation=implementation)
            result = attention(*tensors, is_causal=True, **options)
            seeing = ours.any(-1)
            expected = scaled_dot_product_attention(*tensors, attn_mask=ours)
            torch.testing.assert_close(result[..., seeing, :], expected[..., seeing, :])
            # torch's alignment, as the documentation says to write it
            torch.testing.assert_close(
                attention(*tensors, theirs, **options), scaled_dot_product_attention(*tensors, is_causal=True)
            )


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_bias_is_added_to_the_scores(function, shape):
    query, key, value = tensors = inputs()
    bias = torch.randn(shape, dtype=torch.float64).requires_grad_()
    options = dict(function=function, is_causal=True, key_lengths=torch.tensor([9, 4]), bias=bias)
    visible = torch.ones(5, 9, dtype=torch.bool).tril(4)
    visible = visible & (torch.arange(9) < torch.tensor([9, 4])[:, None, None, None])
    weights = registry.get(function).function(query @ key.transpose(-2, -1) * 3**-0.5 + bias, visible)
    for implementation in FORMS:
        ours = attention(*tensors, implementation=implementation, **options)
        assert_same(ours, weights @ value, [*tensors, bias])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("implementation", FORMS)
@pytest.mark.parametrize("shape", ((2, 2, 3, 5), (2, 1, 1, 5), (3, 1)))
def test_gradients_are_derivatives(function, implementation, shape):
    tensors = [*inputs(3, 5, heads=2, key_heads=1), torch.randn(shape, dtype=torch.float64).requires_grad_()]

    def context(query, key, value, bias):
        options = dict(function=function, implementation=implementation, is_causal=True)
        return attention(query, key, value, bias=bias, **options)

    assert torch.autograd.gradcheck(context, tensors, atol=1e-5)


def test_the_bias_of_several_blocks(monkeypatch):
    from onmt_evsoftmax.attention.blockwise import BLOCK_SCORES

    monkeypatch.setitem(BLOCK_SCORES, "cpu", 20)
    tensors = inputs()
    for shape in SHAPES:
        bias = torch.randn(shape, dtype=torch.float64).requires_grad_()
        ours, theirs = (
            attention(*tensors, bias=bias, is_causal=True, implementation=name) for name in ("blockwise", "reference")
        )
        assert_same(ours, theirs, [*tensors, bias])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("implementation", FORMS)
@pytest.mark.parametrize(
    "dtype, fills", [(torch.float32, (-torch.inf, -1e9, -3e38)), (torch.float16, (-torch.inf, -65504.0))]
)
def test_an_additive_mask_hides(function, implementation, dtype, fills):
    tensors = [tensor.detach().to(dtype) for tensor in inputs()]
    visible = random_masks()["boolean"].clone()
    visible[0, :, 2] = False  # a query that sees no key
    extra = torch.randn(5, 9).to(dtype)
    options = dict(function=function, implementation=implementation)
    for added in (torch.zeros_like(extra), extra):
        expected = attention(*tensors, visible, bias=added, **options)
        assert (expected[0, :, 2] == 0).all()
        for fill in fills:
            mask = added.expand(2, 1, 5, 9).masked_fill(~visible, fill)
            torch.testing.assert_close(attention(*tensors, mask, **options), expected, rtol=0, atol=0)


@pytest.mark.parametrize("implementation", ("sdpa", *FORMS))
@pytest.mark.parametrize("rubbish", (torch.nan, torch.inf, 1e30))
def test_a_hidden_bias_may_hold_anything(implementation, rubbish):
    tensors = inputs()
    visible = random_masks()["boolean"]
    clean = torch.randn(2, 4, 5, 9, dtype=torch.float64)
    dirty = clean.where(visible, rubbish).requires_grad_()
    options = dict(function="softmax" if implementation == "sdpa" else "evsoftmax", implementation=implementation)
    ours = attention(*tensors, visible, bias=dirty, **options)
    assert_same(ours, attention(*tensors, visible, bias=clean, **options), tensors)
    (gradient,) = torch.autograd.grad(ours.square().sum(), dirty)
    assert gradient.isfinite().all() and (gradient[~visible.expand_as(gradient)] == 0).all()


@pytest.mark.parametrize("implementation", ("sdpa", *FORMS))
def test_a_query_that_a_bias_lets_see_nothing_gets_zeros(implementation):
    tensors = inputs()
    bias = torch.randn(5, 9, dtype=torch.float64)
    bias[3] = -torch.inf
    function = "softmax" if implementation == "sdpa" else "evsoftmax"
    output = attention(*tensors, bias, function=function, implementation=implementation)
    assert (output[..., 3, :] == 0).all() and (output[..., :3, :] != 0).all()
    for gradient in torch.autograd.grad(output.sum(), tensors):
        assert gradient.isfinite().all()


def test_compiled_and_transformed():
    tensors, mask = [tensor.detach() for tensor in inputs()], random_masks()["both"]
    compiled = torch.compile(attention, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(*tensors, mask), attention(*tensors, mask))
    stacked = torch.vmap(lambda bias: attention(*tensors, bias))(torch.stack([mask, mask + 1]))
    torch.testing.assert_close(stacked[1], attention(*tensors, mask + 1))
    # the gradient of the bias with respect to a row sums to zero: no mapping sees a shift
    bias = mask.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(attention(*tensors, bias).square().sum(), bias)
    torch.testing.assert_close(gradient.sum(-1), torch.zeros(2, 4, 5, dtype=torch.float64))


def test_a_mask_of_zeros_and_infinities_keeps_the_fast_way():
    masks = random_masks()
    mask, bias = split_bias(masks["additive"], None)
    assert bias is None and torch.equal(mask, masks["boolean"])
    mask, bias = split_bias(masks["both"], None)
    assert torch.equal(mask, masks["boolean"].expand_as(mask))
    assert torch.equal(bias, masks["bias"].where(mask, 0.0))


def test_compiled_for_other_shapes_before():
    """torch.compile then has symbols for some lengths, and ``4 in (1, symbol)`` is False to it whatever the symbol."""
    torch.compiler.reset()
    compiled = torch.compile(attention, fullgraph=True, backend="eager")
    for heads, keys in ((3, 7), (4, 9)):
        tensors = [torch.randn(2, heads, length, 8) for length in (5, keys, keys)]
        compiled(*tensors)
    bias = torch.randn(2, 4, 5, 9)
    torch.testing.assert_close(compiled(*tensors, bias), attention(*tensors, bias))
