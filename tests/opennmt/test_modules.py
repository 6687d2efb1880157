"""The mapping inside OpenNMT-py's modules: in place, called, and independent of the batch."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.opennmt.functions import AttentionFunctions
from onmt_evsoftmax.opennmt.modules import AttentionNormalizer, attention_modules, install

FUNCTIONS = ("softmax", "evsoftmax", "sparsemax", "entmax15")
RELATIVE = dict(position_encoding=None, max_relative_positions=4)


def ids(vocabs, words: list[int]) -> list[int]:
    return [vocabs["src"][f"w{word}"] for word in words]


def batch(sentences: list[list[int]], padding: int):
    lengths = torch.tensor([len(sentence) for sentence in sentences])
    tensor = torch.full((len(sentences), int(lengths.max()), 1), padding)
    for row, sentence in enumerate(sentences):
        tensor[row, : len(sentence), 0] = torch.tensor(sentence)
    return tensor, lengths


def names_of_functions(model) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for kind, _, attention in attention_modules(model):
        names.setdefault(kind, set()).add(attention.softmax.name)
    return names


def test_every_kind_of_attention_gets_its_function(build):
    model, _ = build(self_attn_function="evsoftmax", context_attn_function="entmax15")
    assert names_of_functions(model) == {
        "encoder": {"evsoftmax"},
        "decoder": {"evsoftmax"},
        "cross": {"entmax15"},
    }


def test_without_a_key_the_model_is_softmax_through_the_same_path(build):
    model, _ = build()
    assert names_of_functions(model) == {"encoder": {"softmax"}, "decoder": {"softmax"}, "cross": {"softmax"}}


def test_the_state_dict_does_not_change(build):
    plain, _ = build()
    sparse, _ = build(self_attn_function="evsoftmax", generator_function="evsoftmax")
    assert {key: value.shape for key, value in plain.state_dict().items()} == {
        key: value.shape for key, value in sparse.state_dict().items()
    }
    assert not [name for name in sparse.state_dict() if "softmax" in name]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_encoding_of_a_sentence_does_not_depend_on_its_batch(build, function):
    model, vocabs = build(self_attn_function=function)
    padding = vocabs["src"]["<blank>"]
    short, long = ids(vocabs, [1, 5, 9]), ids(vocabs, [3, 4, 8, 2, 6, 7, 11, 12, 13, 20, 21])
    with torch.no_grad():
        alone = model.encoder(*batch([short], padding))[0][0]
        together = model.encoder(*batch([long, short], padding))[0][1, : len(short)]
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=0)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_decoding_step_by_step_equals_teacher_forcing(build, function):
    model, vocabs = build(self_attn_function=function)
    padding = vocabs["src"]["<blank>"]
    source, lengths = batch([ids(vocabs, [1, 5, 9, 2]), ids(vocabs, [3, 4, 8, 2, 6, 7])], padding)
    target, _ = batch([[2, *ids(vocabs, [4, 4, 1, 9, 7])], [2, *ids(vocabs, [8, 3, 2, 2, 5])]], padding)
    with torch.no_grad():
        encoded, state, lengths = model.encoder(source, lengths)
        model.decoder.init_state(source, encoded, state)
        at_once, _ = model.decoder(target, encoded, src_len=lengths, step=None)
        model.decoder.init_state(source, encoded, state)
        steps = [
            model.decoder(target[:, step : step + 1], encoded, src_len=lengths, step=step)[0]
            for step in range(target.size(1))
        ]
    torch.testing.assert_close(at_once, torch.cat(steps, dim=1), atol=1e-5, rtol=0)


def test_the_tripwire_raises_when_attention_bypasses_the_mapping(build, monkeypatch):
    from onmt.modules import MultiHeadedAttention

    # what `attention` does not cover is left to OpenNMT-py's own code
    model, vocabs = build(self_attn_function="evsoftmax", **RELATIVE)
    monkeypatch.setattr(MultiHeadedAttention, "forward", lambda self, key, value, query, **_: (query, None))
    with pytest.raises(RuntimeError, match=r"encoder.*without evsoftmax"):
        model.encoder(*batch([ids(vocabs, [1, 2])], vocabs["src"]["<blank>"]))


def test_the_tripwire_also_guards_the_softmax_baseline(build, monkeypatch):
    from onmt.modules import MultiHeadedAttention

    model, vocabs = build(**RELATIVE)
    monkeypatch.setattr(MultiHeadedAttention, "forward", lambda self, key, value, query, **_: (query, None))
    with pytest.raises(RuntimeError, match="without softmax"):
        model.encoder(*batch([ids(vocabs, [1, 2])], vocabs["src"]["<blank>"]))


def test_no_module_keeps_the_fused_path(build):
    """OpenNMT-py 3.5.1 would take it on a GPU, where the mapping is never called."""
    model, _ = build(self_attn_function="evsoftmax", self_attn_type=None)
    fused = [
        name
        for _, name, attention in attention_modules(model)
        if getattr(attention, "self_attn_type", "") == "scaled-dot-flash"
    ]
    assert fused == []


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_mapping_runs_on_a_gpu_with_the_default_attention_type(build, zero_counter):
    model, vocabs = build(self_attn_function="evsoftmax", self_attn_type=None)
    source, lengths = batch([ids(vocabs, [1, 5, 9, 2])], vocabs["src"]["<blank>"])
    model.cuda()
    with zero_counter, torch.no_grad():
        model(source.cuda(), source.cuda(), lengths.cuda())
    assert zero_counter.zeros["evsoftmax"] > 0


def test_the_generator_returns_normalised_log_probabilities(build):
    model, _ = build(generator_function="evsoftmax")
    hidden = torch.randn(7, 16)
    log_probabilities = model.generator(hidden)
    torch.testing.assert_close(torch.log_softmax(log_probabilities, -1), log_probabilities)
    logits = torch.nn.functional.linear(hidden, model.generator.weight, model.generator.bias)
    outside = logits < logits.mean(-1, keepdim=True)
    assert outside.any() and not outside.all()
    assert (log_probabilities.exp()[outside] < 1e-5).all()
    assert torch.isfinite(log_probabilities).all()


@pytest.mark.parametrize("relative", [4])
def test_relative_positions_go_through_the_mapping(build, zero_counter, relative):
    model, vocabs = build(self_attn_function="evsoftmax", position_encoding=None, max_relative_positions=relative)
    with zero_counter, torch.no_grad():
        model.encoder(*batch([ids(vocabs, [1, 5, 9, 2, 7])], vocabs["src"]["<blank>"]))
    assert zero_counter.zeros["evsoftmax"] > 0


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            dict(encoder_type="rnn", decoder_type="rnn", position_encoding=None, param_init=0.1),
            "multi-head attention",
        ),
        (dict(self_attn_type="average"), "average attention"),
    ],
)
def test_architectures_without_scores_are_refused(build, changes, message):
    with pytest.raises(InputError, match=message):
        build(self_attn_function="evsoftmax", **changes)


def test_copy_attention_refuses_the_generator_function(build):
    with pytest.raises(InputError, match="copy_attn"):
        build(generator_function="evsoftmax", copy_attn=True)


def test_the_mapping_module_counts_calls_and_names_itself():
    normalizer = AttentionNormalizer("sparsemax", 2)
    normalizer(torch.randn(1, 2, 3, 4))
    assert normalizer.calls == 1 and "sparsemax" in repr(normalizer)


def test_an_unknown_function_is_refused_before_the_model_is_touched(build):
    model, _ = build()
    with pytest.raises(InputError, match="known: softmax"):
        install(model, AttentionFunctions("evsoftmx"))
    assert names_of_functions(model)["encoder"] == {"softmax"}
