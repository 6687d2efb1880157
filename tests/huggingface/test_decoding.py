"""Caches, padding and beams: the same words and logits whatever a sentence is computed with."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers")

import torch  # noqa: E402

from .families import END, VERSION, WORDS, build, family, inputs  # noqa: E402
from .oracle import register_oracle  # noqa: E402

DECODERS = ["GPT-2", "Llama", "Mistral"]
TRANSLATORS = ["Marian", "BART", "M2M100 and NLLB", "T5"]
CLOSE = dict(atol=5e-4, rtol=0)


def sentences(chosen, count=4):
    """Pieces of random length, and the one batch of them all."""
    generator = torch.Generator().manual_seed(3)
    lengths = [3, 9, 5, 7][:count]
    alone = [torch.randint(3, WORDS, (1, length), generator=generator) for length in lengths]
    ids = torch.zeros(count, max(lengths), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, (sentence, length) in enumerate(zip(alone, lengths)):
        place = slice(-length, None) if chosen.is_decoder else slice(length)
        ids[row, place], mask[row, place] = sentence[0], 1
    return alone, {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize("name", [*DECODERS, *TRANSLATORS, "BERT"])
def test_a_sentence_is_the_same_alone_and_in_any_batch(name):
    chosen = family(name)
    model = build(chosen, "evsoftmax").float()
    alone, batch = sentences(chosen)
    target = {"decoder_input_ids": torch.randint(3, WORDS, (1, 6))} if chosen.is_seq2seq else {}
    with torch.no_grad():
        given = {key: tensor.expand(len(alone), -1) for key, tensor in target.items()}
        positions = {"position_ids": (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)} if chosen.is_decoder else {}
        together = model(**batch, **given, **positions).logits
        for row, sentence in enumerate(alone):
            single = model(input_ids=sentence, **target).logits[0]
            if not chosen.is_seq2seq:
                together_row = together[row][batch["attention_mask"][row].bool()]
            else:
                together_row = together[row]
            torch.testing.assert_close(together_row, single, **CLOSE)


@pytest.mark.parametrize("cache", ["dynamic", "static"])
@pytest.mark.parametrize("name", [*DECODERS, *TRANSLATORS])
def test_with_a_cache_as_without(name, cache):
    chosen = family(name)
    model = build(chosen, "evsoftmax").float()
    _, batch = sentences(chosen)
    settings = dict(max_new_tokens=8, do_sample=False, return_dict_in_generate=True, output_logits=True)
    settings.update(eos_token_id=None, forced_eos_token_id=None)
    if cache == "static":
        if VERSION < (4, 54) and name == "M2M100 and NLLB":
            pytest.skip("Transformers 4.53 has no static cache for it")
        settings.update(cache_implementation="static", disable_compile=True)
    with torch.no_grad():
        cached = model.generate(**batch, **settings)
        settings.pop("cache_implementation", None)
        plain = model.generate(**batch, **{**settings, "use_cache": False})
    assert cached.sequences.equal(plain.sequences)
    for step, other in zip(cached.logits, plain.logits):
        torch.testing.assert_close(step, other, **CLOSE)


@pytest.mark.parametrize("name", ["GPT-2", "Llama", *TRANSLATORS])
def test_beams_are_those_of_attention_in_float64(name):
    chosen = family(name)
    _, batch = sentences(chosen)
    settings = dict(num_beams=3, num_return_sequences=3, max_new_tokens=8, eos_token_id=END)
    found, expected = (
        build(chosen, implementation).generate(**batch, **settings)
        for implementation in ("evsoftmax", register_oracle())
    )
    assert found.equal(expected)


@pytest.mark.parametrize("name", ["Llama", "GPT-2"])
def test_a_prompt_in_chunks(name):
    from transformers import DynamicCache

    chosen = family(name)
    model = build(chosen, "evsoftmax")
    ids = inputs(chosen)["input_ids"][:1]
    with torch.no_grad():
        whole = model(input_ids=ids).logits
        cache = DynamicCache()
        parts = [model(input_ids=part, past_key_values=cache).logits for part in ids.split([4, 3, 2], dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-6, rtol=0)


def test_weights_while_generating():
    chosen = family("Marian")
    model = build(chosen, "evsoftmax").float()
    _, batch = sentences(chosen)
    settings = dict(max_new_tokens=4, eos_token_id=None, return_dict_in_generate=True, output_attentions=True)
    found = model.generate(**batch, **settings)
    assert len(found.cross_attentions) == 4
    hidden = batch["attention_mask"][:, None, None] == 0
    for step in found.cross_attentions:
        for weights in step:
            assert not weights.masked_select(hidden.expand_as(weights)).any()
            torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]), atol=1e-5, rtol=0)
