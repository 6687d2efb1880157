"""Gradients, checkpointing, half precision, compilation, and a change of the function on a live model."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers")

import torch  # noqa: E402

from onmt_evsoftmax.base.errors import InputError  # noqa: E402
from onmt_evsoftmax.huggingface import attention_calls  # noqa: E402

from .families import VERSION, build, family, inputs, result  # noqa: E402
from .oracle import register_oracle  # noqa: E402

NAMES = ["Marian", "T5", "BERT", "GPT-2", "Llama"]
live = pytest.mark.skipif(VERSION < (4, 54), reason="set_attn_implementation came with Transformers 4.54")


def gradients(model, chosen):
    """Of the mean square of the outputs, by parameter; dropout off."""
    model.train()
    for module in model.modules():
        if isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.0
        for name in ("attention_dropout", "activation_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    batch = inputs(chosen)
    logits = model(**batch, use_cache=False).logits if chosen.is_seq2seq or chosen.is_decoder else model(**batch).logits
    rows = logits[batch["attention_mask"].bool()] if not chosen.is_seq2seq else logits
    rows.square().mean().backward()
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_attention_in_float64(name):
    chosen = family(name)
    found, expected = (gradients(build(chosen, one), chosen) for one in ("evsoftmax", register_oracle()))
    assert found.keys() == expected.keys() and any(gradient.any() for gradient in found.values())
    for parameter, gradient in found.items():
        torch.testing.assert_close(gradient, expected[parameter], atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_gradient_checkpointing_changes_nothing(name, reentrant):
    chosen = family(name)
    expected = gradients(build(chosen, "evsoftmax"), chosen)
    model = build(chosen, "evsoftmax")
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": reentrant})
    if reentrant:
        model.enable_input_require_grads()
    found = gradients(model, chosen)
    for parameter, gradient in found.items():
        torch.testing.assert_close(gradient, expected[parameter], atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", ["Marian", "T5", "GPT-2", "Llama"])
def test_bfloat16(name):
    chosen = family(name)
    expected = result(chosen, build(chosen, "evsoftmax").bfloat16().float(), inputs(chosen))
    found = result(chosen, build(chosen, "evsoftmax").bfloat16(), inputs(chosen))
    assert found.dtype == torch.bfloat16 and found.isfinite().all()
    # eight bits: some scores cross the mean
    assert (found.float() - expected).abs().mean() < 0.1 * expected.abs().mean()


@pytest.mark.parametrize("name", ["Marian", "Llama"])
def test_autocast(name):
    chosen = family(name)
    model = build(chosen, "evsoftmax").float()
    expected = result(chosen, model, inputs(chosen))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = result(chosen, model, inputs(chosen))
    assert (found.float() - expected).abs().mean() < 0.1 * expected.abs().mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Marian", "GPT-2", "Llama"])
def test_compiled(name):
    chosen = family(name)
    model = build(chosen, "evsoftmax").float()
    expected = result(chosen, model, inputs(chosen))
    torch._dynamo.reset()
    compiled = torch.compile(model, backend="eager")
    torch.testing.assert_close(result(chosen, compiled, inputs(chosen)), expected, atol=5e-4, rtol=0)


@live
@pytest.mark.parametrize("name", ["Marian", "GPT-2", "Llama", "ViT"])
def test_a_live_model_changes_its_function(name):
    chosen = family(name)
    model, batch = build(chosen, "sdpa"), inputs(chosen)
    softmax = result(chosen, model, batch)
    for implementation in ("evsoftmax", "sparsemax", "posthoc_evidential"):
        model.set_attn_implementation(implementation)
        found = result(chosen, model, batch)
        torch.testing.assert_close(found, result(chosen, build(chosen, implementation), batch), atol=1e-9, rtol=0)
        assert (found - softmax).abs().max() > 1e-3
    model.set_attn_implementation("sdpa")
    torch.testing.assert_close(result(chosen, model, batch), softmax, atol=1e-9, rtol=0)


@live
def test_a_live_model_that_cannot_says_so():
    chosen = family("DeBERTa-v2")
    model = build(chosen, "eager")
    with pytest.raises(InputError, match="does not use Transformers' AttentionInterface"):
        model.set_attn_implementation("evsoftmax")


@pytest.mark.parametrize("kind, other", [("cross", "self"), ("self", "cross")])
@pytest.mark.parametrize("name", ["Marian", "BART", "M2M100 and NLLB", "T5", "Whisper"])
def test_one_kind_of_attention_alone(name, kind, other):
    chosen = family(name)

    def function_of(module):
        modules = dict(map(reversed, model.named_modules()))
        is_cross = any(part in modules[module] for part in ("encoder_attn", "EncDecAttention"))
        return "evsoftmax" if is_cross == (kind == "cross") else "softmax"

    found = result(chosen, build(chosen, f"{kind}:evsoftmax"), inputs(chosen))
    model = build(chosen, register_oracle(function_of=function_of))
    torch.testing.assert_close(found, result(chosen, model, inputs(chosen)), atol=1e-6, rtol=0)
    same = result(chosen, build(chosen, f"{kind}:evsoftmax,{other}:evsoftmax"), inputs(chosen))
    assert (found - same).abs().max() > 1e-3


def test_what_takes_the_place_of_softmax_is_not_trained():
    model = build(family("Marian"), "posthoc_evidential")
    result(family("Marian"), model, inputs(family("Marian")))
    with pytest.raises(InputError, match="train with attn_implementation='softmax'"):
        gradients(model, family("Marian"))


def test_calls_are_counted_by_module():
    chosen = family("Marian")
    model = build(chosen, "evsoftmax")
    assert set(attention_calls(model).values()) == {0}
    result(chosen, model, inputs(chosen))
    result(chosen, model, inputs(chosen))
    assert set(attention_calls(model).values()) == {2} and len(attention_calls(model)) == 6
