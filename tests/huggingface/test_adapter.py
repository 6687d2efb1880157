"""What Transformers hands to an attention function: translated, or refused by its name."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers")

import torch  # noqa: E402
import transformers  # noqa: E402
from torch import nn  # noqa: E402
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS  # noqa: E402
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS  # noqa: E402

from onmt_evsoftmax.base.errors import InputError  # noqa: E402

from .families import VERSION, build, family, inputs, result  # noqa: E402
from .oracle import NAME, register_oracle, weights_by_definition  # noqa: E402


def attend(module=None, name="evsoftmax", mask=None, shape=(2, 4, 5, 5), key_heads=4, **arguments):
    """(output, weights) of random queries, keys and values, and what float64 makes of them."""
    batch, heads, queries, keys = shape
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(batch, heads, queries, 8, generator=generator)
    key, value = torch.randn(2, batch, key_heads, keys, 8, generator=generator)
    module = nn.Module().eval() if module is None else module
    return ALL_ATTENTION_FUNCTIONS[name](module, query, key, value, mask, **arguments), (query, key, value)


def expected(tensors, visible, scale=8**-0.5, bias=0.0):
    query, key, value = (tensor.double() for tensor in tensors)
    key, value = (tensor.repeat_interleave(query.shape[1] // key.shape[1], 1) for tensor in (key, value))
    scores = query @ key.transpose(-2, -1) * scale + bias
    weights = weights_by_definition(scores, visible.expand_as(scores), "evsoftmax")
    return (weights @ value).transpose(1, 2).float(), weights.float()


def check(found, wanted):
    (output, weights), (context, by_definition) = found, wanted
    torch.testing.assert_close(output, context, atol=2e-6, rtol=0)
    assert output.is_contiguous()
    if weights is not None:
        torch.testing.assert_close(weights, by_definition, atol=2e-6, rtol=0)


class Causal(nn.Module):
    is_causal = True


@pytest.mark.parametrize("asked", [True, False])
def test_weights_are_returned_when_asked_for(asked):
    found, tensors = attend(is_causal=False, output_attentions=asked)
    assert (found[1] is not None) == asked
    check(found, expected(tensors, torch.ones(5, 5, dtype=torch.bool)))


def test_no_mask_means_the_past_where_the_module_is_causal():
    past, everything = torch.ones(5, 5, dtype=torch.bool).tril(), torch.ones(5, 5, dtype=torch.bool)
    for module, is_causal, visible in [
        (Causal(), None, past),
        (nn.Module(), None, past),  # it does not say
        (Causal(), False, everything),
        (nn.Module(), True, past),
    ]:
        found, tensors = attend(module.eval(), is_causal=is_causal)
        check(found, expected(tensors, visible))


def test_one_query_without_a_mask_sees_everything():
    found, tensors = attend(Causal().eval(), shape=(2, 4, 1, 7))
    check(found, expected(tensors, torch.ones(1, 7, dtype=torch.bool)))


def test_of_an_empty_static_cache_the_first_keys_are_seen():
    found, tensors = attend(Causal().eval(), shape=(2, 4, 5, 9), output_attentions=True)
    check(found, expected(tensors, torch.ones(5, 9, dtype=torch.bool).tril()))
    assert found[1].shape == (2, 4, 5, 9)


def test_grouped_heads_scale_and_position_bias():
    bias = torch.randn(1, 4, 5, 5, generator=torch.Generator().manual_seed(2))
    visible = torch.rand(2, 1, 5, 5, generator=torch.Generator().manual_seed(4)) < 0.7
    found, tensors = attend(mask=visible, key_heads=2, scaling=0.5, position_bias=bias, output_attentions=True)
    check(found, expected(tensors, visible, 0.5, bias))


def test_the_bias_of_a_causal_module_without_mask():
    bias = torch.randn(1, 4, 5, 9, generator=torch.Generator().manual_seed(2))
    found, tensors = attend(Causal().eval(), shape=(2, 4, 5, 9), position_bias=bias)
    check(found, expected(tensors, torch.ones(5, 9, dtype=torch.bool).tril(), bias=bias))


@pytest.mark.parametrize("fill", [-torch.inf, torch.finfo(torch.float32).min, -1e9, -1e4])
def test_additive_masks(fill):
    visible = torch.ones(2, 1, 5, 5, dtype=torch.bool).tril()
    visible[1, :, :, 0] = False  # its first query sees nothing
    mask = torch.zeros(2, 1, 5, 5).masked_fill(~visible, fill)
    found, tensors = attend(mask=mask)
    check(found, expected(tensors, visible))
    assert not found[0][1, 0].any()


def test_a_mask_that_is_longer_than_the_keys_ends_with_them():
    visible = torch.ones(2, 1, 5, 7, dtype=torch.bool).tril()
    for mask in (visible, torch.zeros(2, 1, 5, 7).masked_fill(~visible, -torch.inf)):
        found, tensors = attend(mask=mask)
        check(found, expected(tensors, visible[..., :5]))


def test_an_additive_mask_with_terms_of_its_own():
    visible = torch.ones(2, 1, 5, 5, dtype=torch.bool).tril()
    bias = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(2))
    found, tensors = attend(mask=bias.masked_fill(~visible, -torch.inf))
    check(found, expected(tensors, visible, bias=bias))


def test_a_mask_that_hides_with_a_small_number_is_refused():
    mask = torch.zeros(2, 1, 5, 5).masked_fill(~torch.ones(5, 5, dtype=torch.bool).tril(), -100.0)
    with pytest.raises(InputError, match="hides keys by adding -100 .* but evsoftmax would count them"):
        attend(mask=mask)
    attend(mask=mask, name="softmax")  # which drops them


def test_a_mask_that_hides_with_a_small_number_is_refused_in_later_calls_too():
    module = nn.Module().eval()
    attend(module, mask=torch.zeros(2, 1, 5, 5))
    mask = torch.zeros(2, 1, 5, 5).masked_fill(~torch.ones(5, 5, dtype=torch.bool).tril(), -100.0)
    with pytest.raises(InputError, match="hides keys by adding -100"):
        attend(module, mask=mask)


@pytest.mark.parametrize("mask", [torch.ones(2, 5), torch.ones(2, 5, dtype=torch.bool), "flash"])
def test_a_mask_for_another_implementation_is_refused(mask):
    with pytest.raises(InputError, match="was it made for another attn_implementation"):
        attend(mask=mask)


@pytest.mark.parametrize("argument", ["softcap", "s_aux", "sinks", "head_mask", "layer_head_mask", "cache", "indices"])
def test_what_changes_scores_and_is_not_known_is_refused_by_name(argument):
    attend(**{argument: None})
    with pytest.raises(InputError, match=f"passes {argument} to its attention function"):
        attend(**{argument: torch.ones(4)})


def test_packed_sequences_need_a_mask_that_keeps_them_apart():
    lengths = torch.tensor([0, 2, 5])
    with pytest.raises(InputError, match="cu_seq_lens_q"):
        attend(cu_seq_lens_q=lengths)
    attend(cu_seq_lens_q=lengths, mask=torch.ones(2, 1, 5, 5, dtype=torch.bool))


def test_dropout_belongs_to_training():
    module = Causal()
    assert not attend(module, dropout=0.5)[0][0].equal(attend(module.eval(), dropout=0.5)[0][0])
    assert attend(module.eval(), dropout=0.5)[0][0].equal(attend(module.eval())[0][0])


@pytest.mark.parametrize("name", ["self:evsoftmax", "cross:evsoftmax"])
def test_a_module_whose_kind_nobody_noted_is_refused(name):
    with pytest.raises(InputError, match="whether Module is self- or cross-attention is not known"):
        attend(name=name)


@pytest.mark.parametrize("name", ["Marian", "Llama"])
def test_a_mask_function_that_was_removed_is_an_error(name, monkeypatch):
    chosen = family(name)
    model = build(chosen, "evsoftmax")
    monkeypatch.delitem(type(ALL_MASK_ATTENTION_FUNCTIONS)._global_mapping, "evsoftmax")
    with pytest.raises(InputError, match="evsoftmax has no mask function .* so padding and future would be seen"):
        result(chosen, model, inputs(chosen))


def test_without_the_mask_function_transformers_itself_says_nothing(monkeypatch):
    """Why there is a tripwire: the oracle, which looks at no table, sees the future."""
    chosen = family("Llama")
    register_oracle()
    whole = result(chosen, build(chosen, NAME), inputs(chosen))
    monkeypatch.delitem(type(ALL_MASK_ATTENTION_FUNCTIONS)._global_mapping, NAME)
    assert (result(chosen, build(chosen, NAME), inputs(chosen)) - whole).abs().max() > 0.1


def test_output_attentions_belongs_to_the_call():
    with pytest.raises(ValueError, match="output_attentions"):
        build(family("Marian"), "evsoftmax", output_attentions=True)


@pytest.mark.skipif(VERSION >= (5, 0), reason="Transformers 5 has no head masks")
def test_head_masks_of_a_model():
    chosen = family("BART")
    model, batch = build(chosen, "evsoftmax"), inputs(chosen)
    with pytest.raises(InputError, match="head_mask"):
        model(**batch, head_mask=torch.tensor([[1.0, 0.0], [1.0, 1.0]]))


@pytest.mark.parametrize("name", ["cross:evsoftmax", "self:evsoftmax,cross:sparsemax"])
def test_a_kind_of_attention_that_a_model_has_not_is_refused(name, tmp_path):
    build(family("Llama"), "evsoftmax").save_pretrained(tmp_path)
    with pytest.raises(InputError, match="LlamaForCausalLM has no cross-attention"):
        transformers.AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation=name)
    if VERSION >= (4, 54):
        with pytest.raises(InputError, match="LlamaForCausalLM has no cross-attention"):
            build(family("Llama"), "sdpa").set_attn_implementation(name)
    transformers.AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="self:evsoftmax")


@pytest.mark.skipif(VERSION < (4, 54), reason="Transformers 4.53 has no set_attn_implementation")
def test_setting_a_function_by_a_dictionary_is_looked_at_part_by_part():
    model = build(family("GPT-J"), "eager")
    for wanted in ("evsoftmax", {"": "evsoftmax"}):
        with pytest.raises(InputError, match="GPTJForCausalLM would compute softmax and not evsoftmax"):
            model.set_attn_implementation(wanted)
    text, vision = family("Llama"), family("SigLIP's vision")  # which cannot, for its pooling head
    parts = dict(text_config=transformers.LlamaConfig(**text.settings))
    parts["vision_config"] = transformers.SiglipVisionConfig(**vision.settings)
    model = transformers.LlavaForConditionalGeneration(transformers.LlavaConfig(**parts))
    model.set_attn_implementation({"text_config": "evsoftmax", "vision_config": "eager"})
    assert model.config.text_config._attn_implementation == "evsoftmax"
    with pytest.raises(InputError, match="LlavaForConditionalGeneration would compute softmax and not evsoftmax"):
        model.set_attn_implementation({"vision_config": "evsoftmax"})


def test_a_model_without_attention_is_refused(tmp_path):
    settings = dict(vocab_size=40, hidden_size=16, num_hidden_layers=1, state_size=4)
    transformers.MambaForCausalLM(transformers.MambaConfig(**settings)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="MambaForCausalLM has no attention"):
        transformers.AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="evsoftmax")


def test_a_cross_attention_by_another_name_is_no_self_attention():
    chosen = family("Marian")
    model = build(chosen, "eager")
    layer = model.model.decoder.layers[0]
    layer.other = layer.encoder_attn

    from onmt_evsoftmax.huggingface import modules, tripwire

    model.config._attn_implementation = "self:evsoftmax"
    tripwire.arm(model)
    modules.mark_kind("model.decoder.layers.0.other", layer.encoder_attn)
    with pytest.raises(InputError, match="attends to another sequence, but its name does not say so"):
        result(chosen, model, inputs(chosen))
