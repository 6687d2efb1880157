"""`MultiheadAttention`: torch's with softmax, whatever the arguments; a reference in float64 with every function."""

from __future__ import annotations

import copy
import io
import math
import warnings

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.nn import MultiheadAttention
from onmt_evsoftmax.normalizers import get, names, register, softmax, unregister

EMBED, HEADS = 12, 4
BATCH, QUERIES, KEYS = 2, 4, 5


class Tempered(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), 2.0))

    def forward(self, scores, mask):
        return softmax(scores * self.temperature, mask)


@pytest.fixture
def mine():
    register("squared", lambda scores, mask: softmax(2 * scores, mask))
    register("tempered", Tempered)
    yield
    unregister("squared")
    unregister("tempered")


def twins(function="softmax", **options):
    """torch's module with random parameters, and ours with the same ones."""
    theirs = nn.MultiheadAttention(EMBED, HEADS, **options)
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.5)
    ours = MultiheadAttention(EMBED, HEADS, function=function, **options)
    missing, unexpected = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert not unexpected and all(name.startswith("learned_") for name in missing)
    return theirs, ours


def random_mask(shape, kind):
    """Random hidden keys, the first one visible; with a bias on the others if ``kind`` is float."""
    hidden = torch.rand(shape) < 0.4
    hidden[..., 0] = False
    if kind == "boolean":
        return hidden
    bias = torch.randn(shape) if kind == "bias" else torch.zeros(shape)
    return bias.masked_fill(hidden, -math.inf)


@st.composite
def calls(draw):
    """Arguments of the constructor, of ``forward``, and the mode: all that torch allows."""
    flag = st.booleans()
    options = {name: draw(flag) for name in ("bias", "add_bias_kv", "add_zero_attn", "batch_first")}
    options |= {"kdim": draw(st.sampled_from([None, 7])), "vdim": draw(st.sampled_from([None, 10]))}
    batched, is_self = draw(flag), draw(flag) and options["kdim"] is None and options["vdim"] is None
    torch.manual_seed(draw(st.integers(0, 1000)))
    keys = QUERIES if is_self else KEYS

    def inputs(length, size):
        shape = (BATCH, length, size) if options["batch_first"] else (length, BATCH, size)
        return torch.randn(shape if batched else (length, size))

    query = inputs(QUERIES, EMBED)
    others = (
        (query, query) if is_self else (inputs(keys, options["kdim"] or EMBED), inputs(keys, options["vdim"] or EMBED))
    )
    arguments = {name: draw(flag) for name in ("need_weights", "average_attn_weights")}
    kinds = st.sampled_from(["boolean", "minus infinity", "bias"])
    if draw(flag):
        arguments["key_padding_mask"] = random_mask((BATCH, keys) if batched else (keys,), draw(kinds))
    mask = draw(st.sampled_from(["none", "flat", "causal", "per head"]))
    if mask in ("flat", "per head"):
        full = (QUERIES, keys) if mask == "flat" else ((BATCH if batched else 1) * HEADS, QUERIES, keys)
        arguments["attn_mask"] = random_mask(full, draw(kinds))
    elif mask == "causal" and not (options["add_bias_kv"] or options["add_zero_attn"]):
        arguments["attn_mask"] = torch.ones(QUERIES, keys, dtype=torch.bool).triu(1)
        arguments["is_causal"] = draw(flag)
    return options, (query, *others), arguments, draw(flag)


def is_additive(value):
    return isinstance(value, torch.Tensor) and value.is_floating_point()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(calls())
def test_with_softmax_it_is_torch_whatever_the_arguments(call):
    options, inputs, arguments, training = call
    theirs, ours = (module.train(training).double() for module in twins(**options))
    inputs = tuple(tensor.double() for tensor in inputs) if inputs[0] is not inputs[1] else (inputs[0].double(),) * 3
    arguments = {name: value.double() if is_additive(value) else value for name, value in arguments.items()}
    with warnings.catch_warnings(), torch.set_grad_enabled(training):
        warnings.simplefilter("ignore", UserWarning)  # masks of two types, which torch deprecates
        expected, expected_weights = theirs(*inputs, **arguments)
    output, weights = ours(*inputs, **arguments)
    torch.testing.assert_close(output, expected, atol=1e-9, rtol=1e-9)
    assert (weights is None) is (expected_weights is None)
    if weights is not None:
        torch.testing.assert_close(weights, expected_weights, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("add_zero_attn", [False, True])
@pytest.mark.parametrize("keys", [QUERIES, KEYS, QUERIES - 1])
@pytest.mark.parametrize("need_weights", [False, True])
def test_the_causal_hint(need_weights, keys, add_zero_attn):
    """With the mask that it describes it changes nothing, whatever the lengths; torch lets it hide the added keys."""
    torch.manual_seed(0)
    theirs, ours = twins(add_zero_attn=add_zero_attn)
    query, key = torch.randn(QUERIES, BATCH, EMBED), torch.randn(keys, BATCH, EMBED)
    mask = torch.ones(QUERIES, keys, dtype=torch.bool).triu(1)
    expected = theirs(query, key, key, attn_mask=mask, need_weights=need_weights)
    for hint in (False, True):
        output = ours(query, key, key, attn_mask=mask, need_weights=need_weights, is_causal=hint)
        torch.testing.assert_close(output, expected, atol=3e-6, rtol=1e-5)


def reference(module, query, key, value, visible=None, bias=0.0):
    """Context ``[batch, queries, embed]`` and weights ``[batch, heads, queries, keys]`` in float64, written out."""
    own = {name: parameter.detach().double() for name, parameter in module.named_parameters()}
    heads = []
    parts = own["in_proj_weight"].chunk(3), own["in_proj_bias"].chunk(3)
    for tensor, weight, shift in zip((query, key, value), *parts):
        heads.append((tensor.double() @ weight.T + shift).unflatten(-1, (HEADS, -1)).transpose(1, 2))
    queries, keys, values = heads
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(EMBED // HEADS) + bias
    visible = torch.ones_like(scores, dtype=torch.bool) if visible is None else visible.expand_as(scores)
    mapping = copy.deepcopy(getattr(module, f"learned_{module.function}", None)) or get(module.function).function
    weights = mapping(scores.masked_fill(~visible, -1e18), visible)
    context = (weights @ values).transpose(1, 2).flatten(2)
    return context @ own["out_proj.weight"].T + own["out_proj.bias"], weights


def evaluated(function, **options):
    return twins(function, batch_first=True, **options)[1].eval()


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("function", [*names(), "squared", "tempered"])
def test_every_function_is_the_reference_in_float64(mine, function, need_weights):
    torch.manual_seed(1)
    module = evaluated(function)
    query, key, value = torch.randn(BATCH, 7, EMBED), torch.randn(BATCH, KEYS, EMBED), torch.randn(BATCH, KEYS, EMBED)
    padding = torch.tensor([[0, 0, 0, 0, 0], [0, 0, 0, 1, 1]]).bool()
    mask, bias = torch.rand(7, KEYS) < 0.2, torch.randn(BATCH * HEADS, 7, KEYS)
    mask[:, 0] = False
    per_head = bias.unflatten(0, (BATCH, HEADS))
    for arguments, visible, added in (
        ({}, None, 0.0),
        ({"key_padding_mask": padding}, ~padding[:, None, None], 0.0),
        ({"key_padding_mask": padding, "attn_mask": mask}, ~(padding[:, None, None] | mask), 0.0),
        ({"attn_mask": bias}, None, per_head.double()),
        ({"attn_mask": bias.masked_fill(mask, -torch.inf)}, ~mask, per_head.double()),
    ):
        output, weights = module(query, key, value, need_weights=need_weights, average_attn_weights=False, **arguments)
        expected, expected_weights = reference(module, query, key, value, visible, added)
        torch.testing.assert_close(output.double(), expected, atol=5e-6, rtol=1e-5)
        if need_weights:
            torch.testing.assert_close(weights.double(), expected_weights, atol=2e-6, rtol=1e-5)


def test_evsoftmax_keeps_the_keys_whose_score_is_at_least_the_mean():
    torch.manual_seed(2)
    module = evaluated("evsoftmax")
    inputs = torch.randn(BATCH, KEYS, EMBED)
    bias = 3 * torch.randn(KEYS, KEYS)
    weights = module(inputs, inputs, inputs, attn_mask=bias, average_attn_weights=False)[1]
    queries, keys, _ = (
        part.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        for part in nn.functional.linear(inputs, module.in_proj_weight, module.in_proj_bias).chunk(3, -1)
    )
    scores = queries @ keys.transpose(-2, -1) / math.sqrt(EMBED // HEADS) + bias
    assert torch.equal(weights > 0, scores >= scores.mean(-1, keepdim=True))
    assert 0.2 < (weights == 0).double().mean() < 0.8


@pytest.mark.parametrize("function", ["softmax", "evsoftmax", "sparsemax", "entmax15", "tempered"])
def test_gradients_in_double_precision(mine, function):
    torch.manual_seed(3)
    options = dict(add_bias_kv=True, add_zero_attn=True, kdim=3, vdim=2, dtype=torch.float64)
    module = MultiheadAttention(4, 2, function=function, **options)
    state = {name: torch.randn_like(parameter) for name, parameter in module.named_parameters()}
    inputs = [torch.randn(length, 2, size, dtype=torch.float64) for length, size in ((2, 4), (3, 3), (3, 2))]
    padding = torch.tensor([[False, False, True], [False, False, False]])
    bias = torch.randn(2, 3, dtype=torch.float64)

    def run(bias, *tensors):
        own, given = dict(zip(state, tensors)), tensors[len(state) :]
        options = dict(attn_mask=bias, key_padding_mask=padding, average_attn_weights=False)
        return torch.func.functional_call(module, own, given, options)

    tensors = [tensor.requires_grad_() for tensor in (bias, *state.values(), *inputs)]
    assert gradcheck(run, tensors)


def test_a_query_that_sees_nothing_has_zeros():
    module = evaluated("evsoftmax")
    inputs = torch.randn(BATCH, KEYS, EMBED)
    nothing = torch.tensor([[True] * KEYS, [False] * KEYS])
    output, weights = module(inputs, inputs, inputs, key_padding_mask=nothing)
    assert weights[0].eq(0).all() and weights[1].sum(-1).allclose(torch.ones(KEYS))
    torch.testing.assert_close(output[0], module.out_proj.bias.expand(KEYS, -1))


def test_dropout_is_of_the_weights_and_only_in_training():
    torch.manual_seed(4)
    module = MultiheadAttention(EMBED, HEADS, dropout=0.5, batch_first=True)
    inputs = torch.randn(1, KEYS, EMBED).expand(4000, -1, -1).contiguous()
    outputs, _ = module(inputs, inputs, inputs, need_weights=False)
    expected = module.eval()(inputs[:1], inputs[:1], inputs[:1], need_weights=False)[0]
    assert torch.equal(module(inputs[:1], inputs[:1], inputs[:1], need_weights=False)[0], expected)
    assert (outputs - expected).abs().max() > 0.01
    assert ((outputs.mean(0) - expected).abs() < 6 * outputs.std(0) / math.sqrt(4000)).all()


def test_autocast():
    module = evaluated("evsoftmax", add_bias_kv=True)
    inputs = torch.randn(BATCH, KEYS, EMBED)
    expected = module(inputs, inputs, inputs)[0]
    with torch.autocast("cpu", torch.bfloat16):
        output = module(inputs, inputs, inputs, attn_mask=torch.zeros(KEYS, KEYS))[0]
    assert output.dtype == torch.bfloat16
    assert (output - expected).norm() < 0.1 * expected.norm()


def test_what_is_not_trained_is_refused_in_training():
    module = MultiheadAttention(EMBED, HEADS, function="posthoc_evidential")
    inputs = torch.randn(KEYS, EMBED)
    with pytest.raises(InputError, match="posthoc_evidential is not trained: train with softmax"):
        module(inputs, inputs, inputs)
    sparse = module.eval()(inputs, inputs, inputs)[1]
    module.set_function("evsoftmax")
    torch.testing.assert_close(module(inputs, inputs, inputs)[1], sparse)


INPUTS = torch.randn(QUERIES, BATCH, EMBED)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"query": INPUTS[..., :5]}, r"query has the shape \(4, 2, 5\), expected \[length, 12\]"),
        ({"key": INPUTS[0]}, r"key has the shape \(2, 12\)"),
        ({"value": INPUTS[:3]}, "do not fit each other"),
        ({"attn_mask": torch.zeros(3, 4)}, r"attn_mask has the shape \(3, 4\), expected \(4, 4\) or \(8, 4, 4\)"),
        ({"attn_mask": torch.zeros(4, 4).long()}, "attn_mask must be boolean, .*; got torch.int64"),
        ({"attn_mask": [[0.0]]}, "attn_mask must be a tensor, got list"),
        ({"key_padding_mask": torch.zeros(4, 2)}, r"key_padding_mask has the shape \(4, 2\), expected \(2, 4\)"),
        ({"is_causal": True}, "is_causal is a hint about attn_mask"),
    ],
)
def test_arguments_that_do_not_fit(changes, message):
    arguments = {"query": INPUTS, "key": INPUTS, "value": INPUTS, **changes}
    with pytest.raises(InputError, match=message):
        MultiheadAttention(EMBED, HEADS)(**arguments)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nested_tensors():
    nested = torch.nested.nested_tensor([INPUTS[0], INPUTS[1]])
    with pytest.raises(InputError, match="query is a nested tensor; pad it"):
        MultiheadAttention(EMBED, HEADS)(nested, nested, nested)


def test_constructor_refuses_what_would_fail_later():
    with pytest.raises(InputError, match="unknown function 'sharpmax'; known: softmax"):
        MultiheadAttention(EMBED, HEADS, function="sharpmax")
    with pytest.raises(InputError, match="dropout must be at least 0 and below 1, got 1.0"):
        MultiheadAttention(EMBED, HEADS, 1.0)


@pytest.mark.parametrize("options", [{}, {"kdim": 7, "vdim": 10}])
def test_parameters_start_as_in_torch(mine, options):
    """Learned parameters draw no random numbers from the others, and resetting works as in torch."""
    modules = []
    for make in (nn.MultiheadAttention, lambda *sizes, **more: MultiheadAttention(*sizes, function="tempered", **more)):
        torch.manual_seed(5)
        modules.append(make(EMBED, HEADS, **options))
    theirs, ours = modules
    assert ours.state_dict().keys() - theirs.state_dict().keys() == {"learned_tempered.temperature"}
    for _ in range(2):
        assert all(torch.equal(ours.state_dict()[key], value) for key, value in theirs.state_dict().items())
        for module in modules:
            torch.manual_seed(6)
            module._reset_parameters()


def test_copies_and_files(mine):
    inputs = torch.randn(BATCH, KEYS, EMBED)
    for function in ("evsoftmax", "tempered"):
        module = evaluated(function)
        expected = module(inputs, inputs, inputs)
        stream = io.BytesIO()
        torch.save(module, stream)
        stream.seek(0)
        parts = (MultiheadAttention, Tempered, nn.modules.linear.NonDynamicallyQuantizableLinear)
        with torch.serialization.safe_globals([*parts, getattr, set]):
            loaded = torch.load(stream, weights_only=True)
        for other in (copy.deepcopy(module), loaded):
            assert other.function == function and type(other) is MultiheadAttention
            torch.testing.assert_close(other(inputs, inputs, inputs), expected)


@pytest.mark.parametrize("function", ["evsoftmax", "tempered"])
def test_compiled(mine, function):
    module = evaluated(function)
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    padding = torch.zeros(BATCH, KEYS, dtype=torch.bool)
    padding[0, 3:] = True
    for length in (KEYS, KEYS + 2):
        inputs = torch.randn(BATCH, length, EMBED)
        mask = nn.functional.pad(padding, (0, length - KEYS))
        with torch.no_grad():
            expected = module(inputs, inputs, inputs, key_padding_mask=mask)
            torch.testing.assert_close(compiled(inputs, inputs, inputs, key_padding_mask=mask), expected)
