"""Attention modules through `onmt_evsoftmax.attention`: the same numbers as through the scores."""

from __future__ import annotations

import logging

import pytest
import torch

from onmt_evsoftmax.opennmt.modules import AttentionNormalizer, attention_modules

FUNCTIONS = ("softmax", "evsoftmax", "sparsemax", "entmax15")
RELATIVE = dict(position_encoding=None, max_relative_positions=4)


@pytest.fixture
def pairs(build):
    """Function: a model's settings -> the model, sources, targets and lengths, of different lengths."""

    def make(**changes):
        torch.manual_seed(5)
        model, vocabs = build(dropout=[0.0], attention_dropout=[0.0], **changes)
        padding = vocabs["src"]["<blank>"]
        source = torch.full((3, 9, 1), padding)
        target = torch.full((3, 7, 1), padding)
        lengths = torch.tensor([9, 4, 1])
        for row, (words, pieces) in enumerate(((9, 7), (4, 3), (1, 5))):
            source[row, :words, 0] = torch.randint(5, 20, (words,))
            target[row, :pieces, 0] = torch.randint(5, 20, (pieces,))
        return model, source, target, lengths

    return make


@pytest.fixture
def calls(monkeypatch):
    """The keywords of every call of `attention` that the modules make."""
    from onmt_evsoftmax.opennmt import multi_headed

    seen, original = [], multi_headed.attention

    def spy(*tensors, **keywords):
        seen.append(keywords)
        return original(*tensors, **keywords)

    monkeypatch.setattr(multi_headed, "attention", spy)
    return seen


def run(model, source, target, lengths):
    """Output and the gradients of all parameters."""
    model.zero_grad()
    output, _ = model(source, target, lengths)
    output.square().sum().backward()
    return output.detach(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_outputs_and_gradients_equal_those_of_the_mapping_on_the_scores(pairs, calls, monkeypatch, function):
    model, *batch = pairs(self_attn_function=function)
    output, gradients = run(model, *batch)
    assert len(calls) == len(list(attention_modules(model)))
    monkeypatch.setattr(AttentionNormalizer, "is_watched", True)
    through_scores, expected = run(model, *batch)
    assert len(calls) == len(list(attention_modules(model)))
    torch.testing.assert_close(output, through_scores, atol=1e-4, rtol=1e-4)
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, atol=1e-3, rtol=1e-3, msg=name)


def test_the_masks_come_in_their_cheapest_form(pairs, calls):
    model, *batch = pairs(self_attn_function="evsoftmax")
    model(*batch)
    kinds = [kind for kind, _, _ in attention_modules(model)]
    encoder, decoder = calls[kinds.index("encoder")], calls[kinds.index("decoder")]
    assert encoder["mask"].shape[-2] == 1 and not encoder.get("is_causal")
    assert decoder["mask"].shape[-2] == 1 and decoder["is_causal"]


def test_the_softmax_baseline_runs_torchs_fused_attention(pairs, caplog):
    model, *batch = pairs()
    with caplog.at_level(logging.DEBUG, "onmt_evsoftmax"):
        model(*batch)
    assert "attention with softmax: sdpa" in caplog.text


def test_relative_positions_keep_to_the_scores(pairs, calls):
    model, *batch = pairs(self_attn_function="evsoftmax", **RELATIVE)
    model(*batch)
    kinds = [kind for kind, _, _ in attention_modules(model)]
    assert len(calls) == kinds.count("cross")  # which has no relative positions


def test_a_hook_on_the_mapping_gets_the_weights(pairs, calls):
    model, source, target, lengths = pairs(self_attn_function="evsoftmax")
    seen = []
    _, _, attention = next(attention_modules(model))
    handle = attention.softmax.register_forward_hook(lambda _module, _inputs, weights: seen.append(weights))
    model(source, target, lengths)
    handle.remove()
    assert len(calls) == len(list(attention_modules(model))) - 1
    torch.testing.assert_close(seen[0].sum(-1), torch.ones(seen[0].shape[:-1]))


def test_dropout_is_that_of_the_module_and_off_when_evaluating(pairs, calls):
    model, *batch = pairs(self_attn_function="evsoftmax")
    model.update_dropout(0.0, 0.25)
    model.train()
    model(*batch)
    model.eval()
    model(*batch)
    half = len(calls) // 2
    assert {call["dropout"] for call in calls[:half]} == {0.25}
    assert {call["dropout"] for call in calls[half:]} == {0.0}


def test_an_empty_source_line_gives_numbers(pairs):
    model, source, target, lengths = pairs(self_attn_function="evsoftmax")
    output, _ = model(source, target, torch.tensor([9, 4, 0]))
    assert torch.isfinite(output).all()


def test_parameters_are_those_of_the_module_that_was_replaced(build):
    from onmt_evsoftmax.opennmt.functions import AttentionFunctions
    from onmt_evsoftmax.opennmt.modules import install

    model, _ = build()
    before = {name: id(parameter) for name, parameter in model.named_parameters()}
    install(model, AttentionFunctions("evsoftmax", "evsoftmax"))
    assert {name: id(parameter) for name, parameter in model.named_parameters()} == before


def test_the_language_model_decoder_runs_too(build, calls):
    model, vocabs = build(
        self_attn_function="evsoftmax",
        model_task="lm",
        encoder_type="transformer_lm",
        decoder_type="transformer_lm",
    )
    tokens = torch.randint(5, 20, (2, 6, 1))
    output, _ = model(tokens, tokens, torch.tensor([6, 6]))
    assert calls and torch.isfinite(output).all()


def test_installing_twice_changes_nothing(build):
    from onmt_evsoftmax.opennmt.functions import AttentionFunctions
    from onmt_evsoftmax.opennmt.modules import install

    model, _ = build(self_attn_function="evsoftmax", generator_function="evsoftmax")
    source, lengths = torch.randint(5, 20, (2, 6, 1)), torch.tensor([6, 6])
    expected = model.generator(model(source, source, lengths)[0])
    install(model, AttentionFunctions("evsoftmax", "evsoftmax", "evsoftmax"))
    torch.testing.assert_close(model.generator(model(source, source, lengths)[0]), expected)
