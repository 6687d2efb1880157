"""`replace_attention`: what it changes, what it keeps, and that torch's fused path never runs softmax in its place."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import nn

from onmt_evsoftmax.attention import attention
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.nn import MultiheadAttention, multihead_attention, replace_attention

MODEL, HEADS = 16, 4
SELF = ["encoder.layers.0.self_attn", "encoder.layers.1.self_attn", "decoder.layers.0.self_attn"]
CROSS = ["decoder.layers.0.multihead_attn"]
WITHOUT_GRADIENTS = [torch.no_grad, torch.inference_mode]


@pytest.fixture
def calls(monkeypatch):
    """The functions that attention was called with, in turn."""
    called = []

    def counting(*arguments, **keywords):
        called.append(keywords["function"])
        return attention(*arguments, **keywords)

    monkeypatch.setattr(multihead_attention, "attention", counting)
    return called


def transformer(**options):
    torch.manual_seed(0)
    options = {"batch_first": True, "dropout": 0.0, **options}
    model = nn.Transformer(MODEL, HEADS, 2, 1, 32, **options)
    for parameter in model.parameters():
        if parameter.ndim > 1:  # larger than torch starts with, so that the functions differ
            nn.init.normal_(parameter, std=0.5)
    return model.eval()


def batch():
    """Source, target, and which source positions are padding."""
    padding = torch.tensor([[False] * 6, [False] * 4 + [True] * 2])
    return torch.randn(2, 6, MODEL), torch.randn(2, 5, MODEL), padding


def run(model):
    torch.manual_seed(1)
    source, target, padding = batch()
    causal = nn.Transformer.generate_square_subsequent_mask(5)
    return model(source, target, tgt_mask=causal, src_key_padding_mask=padding, memory_key_padding_mask=padding)


@pytest.mark.parametrize("without_gradients", WITHOUT_GRADIENTS)
def test_torch_bypasses_a_subclass_that_does_not_take_care(without_gradients):
    """The trap itself: once torch's layers call the attention here, the guards below may be simplified."""

    called = []

    class Careless(nn.MultiheadAttention):
        def forward(self, *arguments, **keywords):
            called.append(self)
            return super().forward(*arguments, **keywords)

    layer = nn.TransformerEncoderLayer(MODEL, HEADS, batch_first=True).eval()
    layer.self_attn.__class__ = Careless
    with without_gradients():
        layer(torch.randn(2, 6, MODEL))
    assert not called
    layer(torch.randn(2, 6, MODEL))
    assert called == [layer.self_attn]


@pytest.mark.parametrize("without_gradients", WITHOUT_GRADIENTS)
@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_no_fused_path_runs_in_its_place(calls, without_gradients, norm_first):
    model = transformer(norm_first=norm_first)
    replace_attention(model)
    expected = run(model)  # with gradients, so torch's layers call their parts
    assert calls == ["evsoftmax"] * 4
    with without_gradients():
        torch.testing.assert_close(run(model), expected)
        source, _, padding = batch()
        model.encoder(source)
        model.encoder.layers[0](source, src_key_padding_mask=padding)
        model.encoder.layers[0].self_attn(source, source, source)
    assert calls == ["evsoftmax"] * 12
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize("without_gradients", WITHOUT_GRADIENTS)
def test_it_is_neither_softmax_nor_something_else(without_gradients):
    plain, model = transformer(), transformer()
    replace_attention(model, "softmax")
    with without_gradients():
        expected = run(plain)
        torch.testing.assert_close(run(model), expected, atol=1e-5, rtol=1e-5)
        replace_attention(model, "evsoftmax")
        assert (run(model) - expected).abs().max() > 0.05


def test_nested_tensors_are_switched_off_in_the_encoder_alone_that_is_changed():
    model = nn.ModuleDict({"ours": transformer().encoder, "theirs": transformer().encoder})
    replace_attention(model["ours"])
    assert not model["ours"].use_nested_tensor and model["theirs"].use_nested_tensor


@pytest.mark.parametrize("without_gradients", WITHOUT_GRADIENTS)
def test_built_by_hand_it_is_called_or_says_what_to_do(calls, without_gradients):
    layer = nn.TransformerEncoderLayer(MODEL, HEADS, batch_first=True).eval()
    encoder = nn.TransformerEncoder(layer, 1).eval()
    for part in (layer, encoder.layers[0]):
        part.self_attn = MultiheadAttention(MODEL, HEADS, batch_first=True).eval()
    source, _, padding = batch()
    with without_gradients():
        layer(source, src_key_padding_mask=padding)
        assert calls == ["evsoftmax"]
        with pytest.raises(InputError, match="nested tensor.* use_nested_tensor is False, which replace_attention"):
            encoder(source, src_key_padding_mask=padding)
        with pytest.warns(UserWarning, match="self.use_nested_tensor is False because"):
            encoder = nn.TransformerEncoder(layer, 2).eval()
        encoder(source, src_key_padding_mask=padding)
    assert calls == ["evsoftmax"] * 3


def test_a_fused_path_with_other_conditions_is_an_error(monkeypatch):
    """As of a later torch, or in a layer that somebody copied: torch asks for the merged masks right before it."""
    layer = nn.TransformerEncoderLayer(MODEL, HEADS, batch_first=True).eval()
    replace_attention(layer)
    layer.self_attn._qkv_same_embed_dim = True
    with torch.no_grad(), pytest.raises(RuntimeError, match="would compute softmax here, not evsoftmax"):
        layer(torch.randn(2, 6, MODEL))


@pytest.mark.parametrize("which, expected", [("both", SELF + CROSS), ("self", SELF), ("cross", CROSS)])
def test_self_and_cross_attention_can_be_chosen(which, expected):
    model = transformer()
    assert sorted(replace_attention(model, which=which)) == sorted(expected)
    ours = [name for name, module in model.named_modules() if isinstance(module, MultiheadAttention)]
    assert sorted(ours) == sorted(expected)
    assert model.encoder.use_nested_tensor is (which == "cross")
    run(model)


def test_everything_else_stays():
    model = transformer().double().train()
    model.decoder.layers[0].eval()
    model.encoder.layers[0].self_attn.out_proj.weight.requires_grad_(False)
    hooked = []
    model.encoder.layers[0].self_attn.register_forward_hook(lambda *_: hooked.append(1))
    modules, parameters = dict(model.named_modules()), dict(model.named_parameters())
    modes = {name: module.training for name, module in modules.items()}
    frozen = [name for name, parameter in parameters.items() if not parameter.requires_grad]
    state = copy.deepcopy(model.state_dict())
    replace_attention(model)
    output = model(*(tensor.double() for tensor in batch()[:2]))
    assert output.dtype == torch.float64 and hooked == [1]
    assert all(module is modules[name] for name, module in model.named_modules())
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert all(parameter is parameters[name] for name, parameter in model.named_parameters())
    assert [name for name, parameter in model.named_parameters() if not parameter.requires_grad] == frozen
    assert model.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def test_calling_it_again_changes_nothing_or_the_function():
    model = transformer()
    names = replace_attention(model)
    expected = run(model)
    assert replace_attention(model) == names
    torch.testing.assert_close(run(model), expected)
    replace_attention(model, "sparsemax")
    assert (run(model) - expected).abs().max() > 0.01
    replace_attention(model, "posthoc_evidential", which="cross")
    assert [model.get_submodule(name).function for name in SELF + CROSS] == ["sparsemax"] * 3 + ["posthoc_evidential"]


def test_a_module_that_stands_in_two_places_and_a_module_alone():
    shared = nn.MultiheadAttention(MODEL, HEADS)
    model = nn.ModuleList([nn.ModuleDict({"a": shared}), nn.ModuleDict({"b": shared})])
    assert replace_attention(model) == ["0.a"]
    assert model[1]["b"] is model[0]["a"] and isinstance(shared, MultiheadAttention)
    alone = nn.MultiheadAttention(MODEL, HEADS)
    assert replace_attention(alone) == [""] and alone.function == "evsoftmax"


class Special(nn.MultiheadAttention):
    pass


def test_what_it_refuses_it_leaves_as_it_is():
    model = transformer()
    model.decoder.layers[0].multihead_attn = Special(MODEL, HEADS)
    for refused in (
        "decoder.layers.0.multihead_attn is a .*Special, whose own forward would be lost",
        "unknown function 'sharpmax'",
    ):
        function = "sharpmax" if "sharpmax" in refused else "evsoftmax"
        with pytest.raises(InputError, match=refused):
            replace_attention(model, function)
    assert not any(isinstance(module, MultiheadAttention) for module in model.modules())
    replace_attention(model, which="self")  # which the subclass is not


@pytest.mark.parametrize(
    "model, which, message",
    [
        (nn.Linear(2, 2), "both", "Linear has no attention that is a torch.nn.MultiheadAttention"),
        (transformer().encoder, "cross", "TransformerEncoder has no cross-attention"),
        (nn.ModuleList([nn.MultiheadAttention(4, 2)]), "self", "0: whether this is self- or cross-attention"),
        (transformer(), "all", "which must be self, cross or both, got 'all'"),
        (transformer(dropout=1.0), "both", r"encoder.layers.0.self_attn: dropout .* below 1, got 1.0"),
        (torch.ao.nn.quantizable.MultiheadAttention(4, 2), "both", "the model is a torch.ao.*, whose own forward"),
    ],
)
def test_refusals(model, which, message):
    with pytest.raises(InputError, match=message):
        replace_attention(model, which=which)


def test_copies_files_and_state_dicts():
    model = transformer()
    replace_attention(model)
    expected = run(model)
    fresh = transformer()
    for parameter in fresh.parameters():
        nn.init.zeros_(parameter)
    fresh.load_state_dict(model.state_dict())
    stream = io.BytesIO()
    torch.save(model, stream)
    stream.seek(0)
    names = torch.serialization.get_unsafe_globals_in_checkpoint(stream)
    assert "onmt_evsoftmax.nn.multihead_attention.MultiheadAttention" in names
    stream.seek(0)
    loaded = torch.load(stream, weights_only=False)  # written three lines above
    replace_attention(fresh)
    with torch.no_grad():
        for other in (copy.deepcopy(model), loaded, fresh):
            torch.testing.assert_close(run(other), expected)


@pytest.mark.parametrize("way", ["compile", "export"])
def test_compiled_and_exported(way):
    encoder, (source, _, padding) = transformer().encoder, batch()
    replace_attention(encoder)
    arguments = {"src_key_padding_mask": padding}
    with torch.no_grad():
        if way == "compile":
            made = torch.compile(encoder, backend="eager")
        else:
            made = torch.export.export(encoder, (source,), arguments).module()
        torch.testing.assert_close(made(source, **arguments), encoder(source, **arguments))


def test_trains():
    model = transformer(dropout=0.1).train()
    replace_attention(model)
    torch.manual_seed(2)
    optimizer, target = torch.optim.Adam(model.parameters(), 1e-2), torch.randn(2, 5, MODEL)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        losses.append((run(model) - target).square().mean())
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.7 * losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())
