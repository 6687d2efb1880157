"""Arguments that do not fit, names that are not known, and which implementation `auto` chooses."""

from __future__ import annotations

import logging
import math

import pytest
import torch

from onmt_evsoftmax.attention import IMPLEMENTATIONS, attention
from onmt_evsoftmax.attention.implementations import CAUSAL_LENGTH, DENSE_SCORES
from onmt_evsoftmax.base.errors import InputError
from tests.attention.functions import FUNCTIONS

TENSOR = torch.randn(2, 4, 6, 8)


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"function": "sharpmax"},
            "unknown function 'sharpmax'; known: softmax, sparsemax, entmax15, posthoc_evidential, evsoftmax",
        ),
        ({"implementation": "fast"}, "unknown implementation 'fast'; known: auto, reference, dense"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"eps": -1.0}, "eps must be finite and not negative"),
        ({"eps": 0.1, "function": "softmax"}, "eps belongs to evsoftmax; softmax has none"),
        ({"eps": "a"}, "eps must be one number, got 'a'"),
        ({"dropout": [0.1]}, r"dropout must be one number, got \[0.1\]"),
        ({"scale": "half"}, "scale must be one number, got 'half'"),
        ({"key": TENSOR.to_sparse()}, r"key must be a dense tensor.* convert it with .to_dense\(\)"),
        ({"mask": (TENSOR[..., :6] > 0).to_sparse()}, "mask must be a dense tensor"),
        ({"bias": TENSOR[..., :6].to_sparse()}, "bias must be a dense tensor"),
        ({"key": TENSOR.to("meta")}, r"key is on meta, the query on cpu; move it with .to\(query.device\)"),
        ({"bias": TENSOR[..., :6].to("meta")}, "bias is on meta, the query on cpu"),
        ({"query": TENSOR[0]}, r"\[batch, heads, length, dim\], got query \(4, 6, 8\)"),
        ({"query": TENSOR.double()}, "one floating-point type, got torch.float64, torch.float32"),
        ({"query": TENSOR[..., :3]}, "do not fit each other"),
        ({"key": TENSOR[:, :, :2]}, "do not fit each other"),
        ({"key": TENSOR[:, :3], "value": TENSOR[:, :3]}, "must be a multiple"),
        ({"key": TENSOR[:, :, :0], "value": TENSOR[:, :, :0]}, "at least one key"),
        ({"mask": torch.ones(6, 6)}, "mask must be a boolean tensor .* go in as bias"),
        ({"bias": torch.ones(6, 6).bool()}, "bias must be a floating-point tensor, .* goes in as mask"),
        ({"bias": [0.0]}, "bias must be a floating-point tensor, got list"),
        ({"bias": torch.ones(5, 6)}, r"bias of shape \(5, 6\) does not broadcast to .* = \(2, 4, 6, 6\)"),
        ({"attn_mask": torch.ones(6, 6).long()}, "mask must be a boolean tensor .*, got torch.int64"),
        ({"attn_mask": torch.ones(6, 6), "bias": torch.ones(6, 6)}, "attn_mask and bias are two names of one"),
        ({"attn_mask": torch.ones(6).bool(), "mask": torch.ones(6).bool()}, "attn_mask and mask are two names"),
        ({"dropout_p": 0.1, "dropout": 0.2}, "dropout_p and dropout are two names of one thing"),
        ({"dropout_p": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"mask": torch.ones(5, 6).bool()}, r"mask of shape \(5, 6\) does not broadcast to .* = \(2, 4, 6, 6\)"),
        ({"key_lengths": torch.ones(3).long()}, r"key_lengths must be integers of shape \(2,\)"),
        ({"key_lengths": torch.ones(2)}, r"key_lengths must be integers of shape \(2,\), got torch.float32"),
    ],
)
def test_bad_arguments(changes, message):
    arguments = {"query": TENSOR, "key": TENSOR, "value": TENSOR, **changes}
    with pytest.raises(InputError, match=message):
        attention(**arguments)


@pytest.mark.parametrize(
    "implementation, options, reason",
    [
        ("sdpa", {"function": "evsoftmax"}, "it computes softmax, not evsoftmax"),
        ("sdpa", {"function": "softmax", "return_weights": True}, "does not return weights; use dense"),
        ("blockwise", {"return_weights": True}, "never has all weights at once; use dense"),
        ("flex", {"return_weights": True}, "never has the weights; use dense"),
        ("flex", {"dropout": 0.1}, "has no dropout; use dense or blockwise"),
        ("flex", {"bias": torch.randn(6, 6)}, "takes no bias, .*; use dense or blockwise"),
        ("flex", {"function": "sparsemax"}, "sparsemax needs a whole row of scores"),
    ],
)
def test_what_was_asked_for_by_name_and_cannot_run_raises(implementation, options, reason):
    with pytest.raises(InputError, match=f"implementation {implementation} cannot run this: .*{reason}"):
        attention(TENSOR, TENSOR, TENSOR, implementation=implementation, **options)


def test_flex_refuses_to_train_on_a_cpu_and_float64():
    query = TENSOR.clone().requires_grad_()
    with pytest.raises(InputError, match=r"flex cannot run this: .*no backward pass on a CPU"):
        attention(query, TENSOR, TENSOR, implementation="flex")
    double = TENSOR.double()
    with pytest.raises(InputError, match="at most float32"):
        attention(double, double, double, implementation="flex")


@pytest.mark.parametrize(
    "options, chosen, reason",
    [
        ({"function": "softmax"}, "sdpa", "fused softmax"),
        ({"function": "softmax", "return_weights": True}, "dense", "weights are asked for"),
        ({}, "dense", "288 scores are at most"),
        ({"dropout": 0.1}, "dense", "288 scores are at most"),
        ({"function": "sparsemax"}, "dense", "288 scores are at most"),
    ],
)
def test_auto_says_what_it_chooses_and_why(caplog, options, chosen, reason):
    with caplog.at_level(logging.DEBUG, "onmt_evsoftmax"):
        attention(TENSOR, TENSOR, TENSOR, **options)
    function = options.get("function", "evsoftmax")
    assert f"attention with {function}: {chosen}, because" in caplog.text and reason in caplog.text


def test_auto_takes_blocks_for_a_long_causal_mask(caplog):
    tensor = torch.randn(1, 1, CAUSAL_LENGTH, 8)
    with caplog.at_level(logging.DEBUG, "onmt_evsoftmax"):
        attention(tensor, tensor, tensor, is_causal=True)
        attention(tensor, tensor, tensor)
    assert "blockwise, because it skips the future" in caplog.text and "evsoftmax: dense" in caplog.text


def test_auto_takes_blocks_for_many_scores(caplog, monkeypatch):
    monkeypatch.setitem(DENSE_SCORES, "cpu", 287)
    with caplog.at_level(logging.DEBUG, "onmt_evsoftmax"):
        output = attention(TENSOR, TENSOR, TENSOR)
    assert "blockwise, because 288 scores are more than 287" in caplog.text
    torch.testing.assert_close(output, attention(TENSOR, TENSOR, TENSOR, implementation="reference"))


@pytest.mark.parametrize("implementation", [name for name in IMPLEMENTATIONS if name != "flex"])
def test_inputs_stay_as_they_were_and_layouts_do_not_matter(implementation):
    # as OpenNMT-py makes them: [batch, length, heads, dim] seen from another side
    tensors = [torch.randn(2, 6, 4, 8).transpose(1, 2) for _ in range(3)]
    before = [tensor.clone() for tensor in tensors]
    function = "softmax" if implementation == "sdpa" else "evsoftmax"
    options = {"function": function, "implementation": implementation, "key_lengths": torch.tensor([6, 2])}
    output = attention(*tensors, **options)
    for tensor, copy in zip(tensors, before):
        assert torch.equal(tensor, copy)
    torch.testing.assert_close(output, attention(*(t.contiguous() for t in tensors), **options))


def test_an_expanded_padding_mask_is_as_good_as_lengths():
    mask = (torch.arange(6) < torch.tensor([6, 2])[:, None])[:, None, None].expand(2, 4, 6, 6)
    ours = attention(TENSOR, TENSOR, TENSOR, mask=mask)
    torch.testing.assert_close(ours, attention(TENSOR, TENSOR, TENSOR, key_lengths=torch.tensor([6, 2])))


def test_posthoc_evidential_is_evsoftmax():
    one, other = (attention(TENSOR, TENSOR, TENSOR, function=f) for f in ("evsoftmax", "posthoc_evidential"))
    assert torch.equal(one, other)


@pytest.mark.parametrize("implementation", ["dense", "blockwise", "auto"])
@pytest.mark.parametrize("function", ["evsoftmax", "sparsemax"])
def test_backward_inside_autocast(implementation, function):
    tensors = [torch.randn(2, 2, 5, 4, requires_grad=True) for _ in range(3)]
    attention(*tensors, function=function, implementation="reference").sum().backward()
    expected = [tensor.grad for tensor in tensors]
    for tensor in tensors:
        tensor.grad = None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        attention(*tensors, function=function, implementation=implementation).sum().backward()
    for tensor, gradient in zip(tensors, expected):
        torch.testing.assert_close(tensor.grad, gradient)


@pytest.mark.parametrize("implementation", ["reference", "dense", "blockwise"])
@pytest.mark.parametrize("rubbish", [math.nan, 1e37])
@pytest.mark.parametrize("full", [False, True])
def test_what_no_query_sees_may_hold_anything(implementation, rubbish, full):
    query, key, value = (torch.randn(1, 2, 5, 8) for _ in range(3))
    key[..., 4, :] = value[..., 4, :] = rubbish
    key[..., 4, 1::2] *= -1
    tensors = [tensor.requires_grad_() for tensor in (query, key, value)]
    mask = (torch.arange(5) < 4).expand(1, 1, 5, 5)
    mask = mask.clone() if full else mask
    output = attention(*tensors, mask=mask, implementation=implementation)
    output.square().sum().backward()
    assert output.isfinite().all() and all(tensor.grad.isfinite().all() for tensor in tensors)
    assert (key.grad[..., 4, :] == 0).all()


@pytest.mark.parametrize("implementation", ["reference", "dense", "blockwise"])
@pytest.mark.parametrize("shape", [(1, 1, 0, 4), (0, 2, 3, 4)])
def test_nothing_to_do(implementation, shape):
    batch = shape[0]
    key = torch.randn(batch, shape[1], 5, 4)
    assert attention(torch.randn(shape), key, key, implementation=implementation).shape == shape


def test_compiled_and_transformed_it_is_the_plain_form():
    query, key, value = (torch.randn(2, 2, 5, 4) for _ in range(3))
    lengths = torch.tensor([5, 3])
    expected = attention(query, key, value, key_lengths=lengths)
    compiled = torch.compile(attention, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(query, key, value, key_lengths=lengths), expected)
    stacked = torch.vmap(lambda q: attention(q, key, value))(torch.stack([query, query]))
    torch.testing.assert_close(stacked[1], attention(query, key, value))


def test_queries_that_see_no_key_do_not_slow_the_others_path(monkeypatch):
    """Left padding under a causal mask: rows of zeros, without the plain form of whole heads."""
    from onmt_evsoftmax.attention import block

    monkeypatch.setattr(block, "plain_weights", lambda *_: pytest.fail("computed again"))
    query, key, value = (torch.randn(1, 2, 6, 4) for _ in range(3))
    mask = (torch.arange(6) >= 2)[None, None, None]
    output = attention(query, key, value, mask=mask, is_causal=True, implementation="dense")
    assert (output[..., :2, :] == 0).all() and output[..., 2:, :].isfinite().all()


@pytest.mark.parametrize(
    "changes, message",
    [
        (dict(mask=torch.ones(2, 7, dtype=torch.bool)), "key_lengths"),
        (dict(mask=[True]), "boolean tensor"),
        (dict(key_lengths=[1, 2]), "tensor of integers, got list"),
        (dict(eps=math.inf), "finite"),
    ],
)
def test_more_arguments_that_do_not_fit(changes, message):
    query = torch.randn(2, 2, 5, 4)
    with pytest.raises(InputError, match=message):
        attention(query, torch.randn(2, 2, 7, 4), torch.randn(2, 2, 7, 4), **changes)


def test_an_array_is_refused_by_name():
    query = torch.zeros(1, 1, 2, 4)
    with pytest.raises(TypeError, match="key must be a tensor, got ndarray") as caught:
        attention(query, query.numpy(), query)
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("implementation", ("auto", "reference", "dense"))
def test_meta_tensors_give_the_shapes(function, implementation):
    query, key, value = (
        torch.randn(2, 2, n, d, device="meta", requires_grad=True) for n, d in ((5, 4), (7, 4), (7, 3))
    )
    bias = torch.randn(2, 1, 5, 7, device="meta", requires_grad=True)
    given = dict(function=function, implementation=implementation, is_causal=True, bias=bias)
    context, weights = attention(query, key, value, return_weights=True, **given)
    assert context.is_meta and context.shape == (2, 2, 5, 3) and weights.shape == (2, 2, 5, 7)
    context.sum().backward()
    assert key.grad.shape == key.shape and bias.grad.shape == bias.shape


def test_blockwise_says_why_it_refuses_meta_tensors():
    with pytest.raises(InputError, match="blockwise cannot run this: it draws numbers, which meta tensors do not hold"):
        attention(*[torch.randn(1, 1, 3, 4, device="meta")] * 3, implementation="blockwise")
