"""Attention modules through `onmt_evsoftmax.attention`: the same numbers as through OpenNMT-py's scores."""

from __future__ import annotations

import logging

import pytest
import torch

from onmt_evsoftmax.opennmt.modules import AttentionNormalizer, attention_modules
from onmt_evsoftmax.opennmt.multi_headed import SAYS_WHAT_IT_NEEDS

FUNCTIONS = ("softmax", "evsoftmax", "sparsemax", "entmax15")
SHAW = dict(position_encoding=None, max_relative_positions=4)
T5 = dict(SHAW, relative_positions_buckets=6)
ALIBI = dict(position_encoding=None, max_relative_positions=-2)
ROTARY = dict(position_encoding=None, max_relative_positions=-1)
OF_351 = {
    "t5": T5,
    "alibi": ALIBI,
    "rotary": ROTARY,
    "rotary, interleaved": dict(ROTARY, rotary_interleave=True),
    "grouped heads": dict(ROTARY, num_kv=1),
    "checkpointing": dict(use_ckpting=["mha"]),
    "sliding window": dict(T5, sliding_window=3),
}
LANGUAGE_MODEL = dict(model_task="lm", encoder_type="transformer_lm", decoder_type="transformer_lm")

only_351 = pytest.mark.skipif(not SAYS_WHAT_IT_NEEDS, reason="OpenNMT-py 3.0.4 has learned and Shaw's positions only")
settings_of_351 = pytest.mark.parametrize("settings", OF_351.values(), ids=OF_351)


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


@pytest.fixture
def through_scores(monkeypatch):
    """Function that sends every later call OpenNMT-py's own way."""
    return lambda: monkeypatch.setattr(AttentionNormalizer, "is_watched", True)


@pytest.fixture
def exact(monkeypatch):
    """Double precision throughout: OpenNMT-py takes its scores in single precision."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)


def run(model, source, target, lengths):
    """Output and the gradients of all parameters."""
    model.zero_grad()
    output, _ = model(source, target, lengths)
    output.square().sum().backward()
    return output.detach(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_outputs_and_gradients_equal_those_of_the_mapping_on_the_scores(pairs, calls, through_scores, function):
    model, *batch = pairs(self_attn_function=function)
    output, gradients = run(model, *batch)
    assert len(calls) == len(list(attention_modules(model)))
    through_scores()
    expected_output, expected = run(model, *batch)
    assert len(calls) == len(list(attention_modules(model)))
    torch.testing.assert_close(output, expected_output, atol=1e-4, rtol=1e-4)
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, atol=1e-3, rtol=1e-3, msg=name)


def assert_same_as_through_scores(model, batch, through_scores):
    output, gradients = run(model, *batch)
    through_scores()
    expected_output, expected = run(model, *batch)
    torch.testing.assert_close(output, expected_output)
    assert gradients.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, msg=name)


@only_351
@settings_of_351
def test_positions_windows_and_checkpointing_equal_those_on_the_scores(pairs, calls, through_scores, exact, settings):
    model, *batch = pairs(self_attn_function="evsoftmax", **settings)
    assert_same_as_through_scores(model.double(), batch, through_scores)
    assert len(calls) == len(list(attention_modules(model)))


@only_351
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_bias_of_t5_is_learned_under_every_function(pairs, calls, through_scores, exact, function):
    model, *batch = pairs(self_attn_function=function, **T5)
    assert_same_as_through_scores(model.double(), batch, through_scores)
    assert sum(call["bias"] is not None for call in calls) == len(calls) * 2 / 3  # cross-attention has none
    for name, parameter in model.named_parameters():
        if "relative_attention_bias" in name:
            assert parameter.grad.abs().max() > 1e-6


def decoded(model, source, target, lengths, steps=True):
    """Output of the decoder, one token after the other or all at once."""
    with torch.no_grad():
        encoded, *_ = model.encoder(source, lengths)
        model.decoder.init_state(source, encoded, encoded)
        if not steps:
            return model.decoder(target, encoded, src_len=lengths, step=None)[0]
        outputs = [
            model.decoder(target[:, step : step + 1], encoded, src_len=lengths, step=step)[0]
            for step in range(target.size(1))
        ]
    return torch.cat(outputs, dim=1)


@only_351
@pytest.mark.parametrize("settings", (T5, ALIBI, ROTARY), ids=("t5", "alibi", "rotary"))
def test_decoding_by_steps_equals_teacher_forcing(pairs, calls, exact, settings):
    model, source, target, lengths = pairs(self_attn_function="evsoftmax", **settings)
    target = torch.randint(5, 20, target.shape)  # padding is hidden from the whole, and shown to a step
    at_once = decoded(model.double(), source, target, lengths, steps=False)
    assert calls
    torch.testing.assert_close(decoded(model, source, target, lengths), at_once)


@only_351
@settings_of_351
def test_decoding_by_steps_equals_that_on_the_scores(pairs, through_scores, exact, settings):
    model, *batch = pairs(self_attn_function="evsoftmax", **settings)
    ours = decoded(model.double(), *batch)
    through_scores()
    torch.testing.assert_close(decoded(model, *batch), ours)


@only_351
@pytest.mark.parametrize("settings", ({}, T5, ROTARY), ids=("learned", "t5", "rotary"))
def test_a_language_model_continues_padded_prompts_as_on_the_scores(build, calls, through_scores, exact, settings):
    model, vocabs = build(self_attn_function="evsoftmax", **LANGUAGE_MODEL, **settings)
    prompts, more = torch.randint(5, 20, (3, 5, 1)), torch.randint(5, 20, (3, 3, 1))
    for row, padded in enumerate((0, 2, 4)):
        prompts[row, :padded] = vocabs["tgt"]["<blank>"]

    def continued():
        with torch.no_grad():
            outputs = [model.decoder(prompts, step=0)[0][:, -1:]]
            outputs += [model.decoder(more[:, i : i + 1], step=5 + i)[0] for i in range(3)]
        return torch.cat(outputs, dim=1)

    model.double()
    ours = continued()
    assert len(calls) == 4 * len(list(attention_modules(model)))
    through_scores()
    torch.testing.assert_close(ours, continued())


@only_351
def test_rotary_embeddings_grow_with_the_sentence(pairs, exact):
    model, source, target, lengths = pairs(self_attn_function="evsoftmax", **ROTARY)
    expected, _ = run(model.double(), source, target, lengths)
    for _, _, attention in attention_modules(model):
        if hasattr(attention, "rope"):
            attention.rope = attention.rope[:2]
    torch.testing.assert_close(run(model, source, target, lengths)[0], expected)


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


def test_positions_with_values_keep_to_the_scores(pairs, calls):
    model, *batch = pairs(self_attn_function="evsoftmax", **SHAW)
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
    model, _ = build(self_attn_function="evsoftmax", **LANGUAGE_MODEL)
    tokens = torch.randint(5, 20, (2, 6, 1))
    output, _ = model(tokens, tokens, torch.tensor([6, 6]))
    assert calls and torch.isfinite(output).all()


def test_installing_twice_changes_nothing(build):
    from onmt_evsoftmax.opennmt.functions import AttentionFunctions
    from onmt_evsoftmax.opennmt.modules import install, install_generator

    model, _ = build(self_attn_function="evsoftmax", generator_function="evsoftmax")
    source, lengths = torch.randint(5, 20, (2, 6, 1)), torch.tensor([6, 6])
    expected = model.generator(model(source, source, lengths)[0])
    functions = AttentionFunctions("evsoftmax", "evsoftmax", "evsoftmax")
    install(model, functions)
    install_generator(model.generator, functions)
    torch.testing.assert_close(model.generator(model(source, source, lengths)[0]), expected)
