"""The attention archive: complete, normalised, and what decoding really used."""

from __future__ import annotations

import pickle
import subprocess

import numpy as np
import pytest
import torch

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.attended import measure_attended
from onmt_evsoftmax.opennmt.attend import (
    AttentionRecorder,
    LoadedModel,
    load_model,
    longest,
    teacher_forced_attention,
)
from onmt_evsoftmax.opennmt.functions import AttentionFunctions

FUNCTIONS = ("softmax", "evsoftmax", "sparsemax", "entmax15")
SOURCES = [["w1", "w5", "w9", "w2"], ["w3", "w4"], ["w8", "w2", "w6", "w7", "w11", "w12", "w13"]]
HYPOTHESES = [["w4", "w4", "w1"], ["w9", "w7", "w2", "w2", "w5"], ["w1"]]


@pytest.fixture(params=FUNCTIONS)
def loaded(request, build) -> LoadedModel:
    model, vocabs = build(self_attn_function=request.param)
    return LoadedModel(model, vocabs, AttentionFunctions(request.param, request.param))


@pytest.fixture
def sparse(build) -> LoadedModel:
    model, vocabs = build(self_attn_function="evsoftmax")
    return LoadedModel(model, vocabs, AttentionFunctions("evsoftmax", "evsoftmax"))


def attend(loaded, sources=SOURCES, hypotheses=HYPOTHESES, **options):
    return list(teacher_forced_attention(loaded, sources, hypotheses, **options))


def test_every_layer_and_head_is_there_and_rows_sum_to_one(loaded):
    for sentence, source, hypothesis in zip(attend(loaded), SOURCES, HYPOTHESES):
        predictions, length = len(hypothesis) + 1, len(source)
        assert sentence.attention["encoder"].shape == (2, 2, length, length)
        assert sentence.attention["decoder"].shape == (2, 2, predictions, predictions)
        assert sentence.attention["cross"].shape == (2, 2, predictions, length)
        for weights in sentence.attention.values():
            np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_the_decoder_does_not_look_ahead(loaded):
    for sentence in attend(loaded):
        size = len(sentence.target)
        future = np.triu(np.ones((size, size), dtype=bool), k=1)
        assert (sentence.attention["decoder"][..., future] == 0).all()


def test_tokens_name_the_rows_and_columns(sparse):
    sentence = attend(sparse)[0]
    assert sentence.source == SOURCES[0]
    assert sentence.target == ["w4", "w4", "w1", "</s>"]
    assert sentence.target_input == ["<s>", "w4", "w4", "w1"]


def test_the_weights_of_a_sentence_do_not_depend_on_its_batch(loaded):
    for alone, together in zip(attend(loaded, batch_size=1), attend(loaded, batch_size=3)):
        for kind, weights in alone.attention.items():
            np.testing.assert_allclose(weights, together.attention[kind], atol=1e-5)


def test_the_weights_are_those_of_decoding_step_by_step(loaded):
    """What `attend` reads in one teacher-forced pass is what the beam search used."""
    model, vocab = loaded.model, loaded.vocabs["src"]
    for sentence in attend(loaded):
        source = torch.tensor([[[vocab[token]] for token in sentence.source]])
        fed = torch.tensor([[[vocab[token]] for token in sentence.target_input]])
        with AttentionRecorder(model) as recorder, torch.no_grad():
            encoded, state, lengths = model.encoder(source, torch.tensor([source.size(1)]))
            model.decoder.init_state(source, encoded, state)
            recorder.take()
            for step in range(fed.size(1)):
                model.decoder(fed[:, step : step + 1], encoded, src_len=lengths, step=step)
                weights = recorder.take()
                for layer in range(2):
                    cross, decoder = weights["cross"][layer][0, :, 0], weights["decoder"][layer][0, :, 0]
                    np.testing.assert_allclose(cross, sentence.attention["cross"][layer, :, step], atol=1e-5)
                    np.testing.assert_allclose(
                        decoder, sentence.attention["decoder"][layer, :, step, : step + 1], atol=1e-5
                    )


def test_an_empty_hypothesis_and_an_empty_source(loaded):
    sentences = attend(loaded, [["w1", "w2"], []], [[], ["w3"]])
    assert sentences[0].target == ["</s>"] and sentences[0].attention["cross"].shape == (2, 2, 1, 2)
    assert sentences[1].attention["cross"].shape == (2, 2, 2, 0)
    assert all(np.isfinite(weights).all() for sentence in sentences for weights in sentence.attention.values())


def test_only_the_kinds_asked_for(sparse):
    assert list(attend(sparse, kinds=["cross"])[0].attention) == ["cross"]
    with pytest.raises(InputError, match="known: encoder"):
        attend(sparse, kinds=["self"])


def test_the_recorder_leaves_no_hook_behind(sparse):
    attend(sparse)
    assert not any(module._forward_hooks for name, module in sparse.model.named_modules() if name.endswith("softmax"))


def test_the_command_writes_an_archive(trained, command, tmp_path):
    source, hypothesis = tmp_path / "src", tmp_path / "hyp"
    source.write_text("w1 w2@@ w3\nw4\n")
    hypothesis.write_text("w3 w2\n\n")
    command(
        "onmt_evsoftmax",
        "attend",
        "--model",
        trained.folder / "evsoftmax_step_6.pt",
        "--src",
        source,
        "--hyp",
        hypothesis,
        "--out",
        tmp_path / "attention.npz",
    )
    archive = AttentionArchive(tmp_path / "attention.npz")
    assert len(archive) == 2 and archive.metadata["heads"] == 2 and archive.metadata["layers"]["cross"] == 2
    assert archive.metadata["functions"] == {
        "encoder": "evsoftmax",
        "decoder": "evsoftmax",
        "cross": "evsoftmax",
    }
    assert (archive[0].attention["encoder"] == 0).any()


@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_a_sentence_without_source_is_empty_and_the_others_are_what_they_were(loaded, batch_size):
    """A batch of empty lines alone too: OpenNMT-py itself fails on it."""
    sources, hypotheses = [[], [], SOURCES[0], SOURCES[1], []], [[], ["w3"], *HYPOTHESES[:2], ["w9", "w7"]]
    sentences = attend(loaded, sources, hypotheses, batch_size=batch_size)
    assert [sentence.source for sentence in sentences] == sources
    for sentence, hypothesis in zip(sentences, hypotheses):
        if not sentence.source:
            predictions = len(hypothesis) + 1
            assert sentence.attention["encoder"].shape == (2, 2, 0, 0)
            assert sentence.attention["cross"].shape == (2, 2, predictions, 0)
            np.testing.assert_allclose(sentence.attention["decoder"].sum(-1), 1, atol=1e-5)
    for alone, beside in zip(attend(loaded, SOURCES[:2], HYPOTHESES[:2]), sentences[2:4]):
        for kind, weights in alone.attention.items():
            np.testing.assert_allclose(weights, beside.attention[kind], atol=1e-5)


def test_empty_lines_are_named_and_scored(trained, command, tmp_path):
    sources = ["", "", "w1 w2 w3", ""]
    tmp_path.joinpath("src").write_text("".join(f"{line}\n" for line in sources))
    tmp_path.joinpath("hyp").write_text("w1\n\nw3 w2\n\n")
    files = {"--src": "src", "--hyp": "hyp", "--out": "a.npz", "--batch_size": "2"}
    words = [word for pair in files.items() for word in pair]
    model = trained.folder / "evsoftmax_step_6.pt"
    result = command("onmt_evsoftmax", "attend", "--model", model, *words, cwd=tmp_path)
    assert "note: src: no source pieces in line 1, 2, 4; " in result.stderr
    archive = AttentionArchive(tmp_path / "a.npz")
    assert [len(sentence.source) for sentence in archive] == [0, 0, 3, 0]
    attended = measure_attended(archive)
    assert attended.sentence_target_tokens == [2, 1, 3, 1]
    assert [words > 0 for words in attended.sentence_words] == [False, False, True, False]


def test_a_line_that_is_too_long_is_named(trained, command, tmp_path):
    model = trained.folder / "evsoftmax_step_6.pt"
    long, short = "w1 " * 6000 + "\n", "w1\n"
    for name, source, hypothesis in (("src", short + long, short * 2), ("hyp", short * 2, short + long)):
        tmp_path.joinpath("src").write_text(source)
        tmp_path.joinpath("hyp").write_text(hypothesis)
        arguments = ["--model", model, "--src", "src", "--hyp", "hyp", "--out", "a.npz"]
        result = command("onmt_evsoftmax", "attend", *arguments, cwd=tmp_path, check=False)
        limit = 5000 if name == "src" else 4999
        assert result.returncode == 2
        assert result.stderr.splitlines()[-1].startswith(
            f"onmt_evsoftmax attend: error: {name}, line 2: 6000 pieces, but {model} has positions for {limit}"
        )
        assert "Traceback" not in result.stderr and not (tmp_path / "a.npz").exists()


def test_the_longest_lines_fit(sparse):
    """`longest` is exact: one piece more is more than the positions that the model has."""
    from onmt.modules.embeddings import PositionalEncoding, SequenceTooLongError

    for module in sparse.model.modules():
        if isinstance(module, PositionalEncoding):
            module.pe = module.pe[:7]
    source, hypothesis = longest(sparse)
    assert attend(sparse, [["w1"] * source], [["w1"] * hypothesis])
    for lengths in ((source + 1, hypothesis), (source, hypothesis + 1)):
        with pytest.raises(SequenceTooLongError):
            attend(sparse, *([["w1"] * length] for length in lengths))


def test_a_hostile_or_damaged_checkpoint_is_one_line_without_bad_advice(trained, tmp_path):
    good = (trained.folder / "evsoftmax_step_6.pt").read_bytes()
    torch.save({"opt": subprocess.Popen}, tmp_path / "hostile.pt")
    tmp_path.joinpath("pickle.pt").write_bytes(pickle.dumps({"opt": print}))
    tmp_path.joinpath("half.pt").write_bytes(good[: len(good) // 2])
    tmp_path.joinpath("text.pt").write_text("hello\n")
    tmp_path.joinpath("empty.pt").touch()
    for path in sorted(tmp_path.glob("*.pt")):
        with pytest.raises(InputError) as refused:
            load_model(path)
        message = str(refused.value)
        assert message.startswith(f"{path}: not a readable OpenNMT-py checkpoint: ") and "\n" not in message
        assert "weights_only" not in message and "\x1b" not in message
        assert ("Popen" in message) == (path.name == "hostile.pt")


def test_the_command_overrides_the_function(trained, command, tmp_path):
    for name in ("src", "hyp"):
        tmp_path.joinpath(name).write_text("w1 w2 w3 w4\n")
    command(
        "onmt_evsoftmax",
        "attend",
        "--model",
        trained.folder / "softmax_step_6.pt",
        "--src",
        tmp_path / "src",
        "--hyp",
        tmp_path / "hyp",
        "--out",
        tmp_path / "a.npz",
        "--self_attn_function",
        "posthoc_evidential",
    )
    archive = AttentionArchive(tmp_path / "a.npz")
    assert archive.metadata["functions"]["cross"] == "posthoc_evidential"
    assert (archive[0].attention["cross"] == 0).any()


@pytest.mark.parametrize(
    "sources, hypotheses, changes, message",
    [
        ("w1\nw2\n", "w1\n", {}, "2 lines"),
        ("", "", {}, "empty file"),
        ("w1\n", "w1\n", {"--model": "missing.pt"}, "no such file"),
        ("w1\n", "w1\n", {"--model": "src"}, "not a readable OpenNMT-py checkpoint"),
        ("w1\n", "w1\n", {"--self_attn_function": "evsoftmx"}, "known: softmax"),
        ("w1\n", "w1\n", {"--batch_size": "0"}, "from 1 up"),
    ],
)
def test_bad_input_is_one_clear_line(trained, command, tmp_path, sources, hypotheses, changes, message):
    tmp_path.joinpath("src").write_text(sources)
    tmp_path.joinpath("hyp").write_text(hypotheses)
    options = {
        "--model": trained.folder / "evsoftmax_step_6.pt",
        "--src": "src",
        "--hyp": "hyp",
        "--out": "out.npz",
        **changes,
    }
    result = command(
        "onmt_evsoftmax",
        "attend",
        *[word for pair in options.items() for word in pair],
        cwd=tmp_path,
        check=False,
    )
    assert result.returncode == 2 and message in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "out.npz").exists()
