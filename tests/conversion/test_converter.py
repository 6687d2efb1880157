"""Every old form of one model converts to that model: weights, vocabularies, sizes, translations."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.conversion.converter import convert

from .conftest import load
from .legacy import FIELDS, FIRST, FORMS, LAST, write_legacy

SIZES = ("enc_layers", "dec_layers", "enc_hid_size", "dec_hid_size", "heads", "transformer_ff")


@pytest.fixture(params=FORMS)
def form(request) -> str:
    return request.param


@pytest.fixture
def converted(checkpoint, form, tmp_path):
    """(summary, content) of the conversion of each form."""
    old = write_legacy(checkpoint, tmp_path / "old.pt", form)
    return convert(old, tmp_path / "new.pt"), load(tmp_path / "new.pt")


def test_every_weight_is_the_same_under_todays_name(checkpoint, converted):
    for part in ("model", "generator"):
        assert converted[1][part].keys() == checkpoint[part].keys()
        for name, weight in checkpoint[part].items():
            torch.testing.assert_close(converted[1][part][name], weight, rtol=0, atol=0)


def test_every_token_keeps_its_row(checkpoint, converted):
    sides = {side: checkpoint["vocab"][side] for side in ("src", "tgt")}
    assert converted[1]["vocab"] == {**sides, "data_task": "seq2seq"}


def test_the_options_describe_the_same_model(checkpoint, converted):
    options = converted[1]["opt"]
    assert [getattr(options, name) for name in SIZES] == [getattr(checkpoint["opt"], name) for name in SIZES]
    assert options.add_qkvbias and options.add_ffnbias and options.self_attn_type == "scaled-dot"
    assert not hasattr(options, "rnn_size") and not hasattr(options, "data")
    assert converted[1]["optim"] is None


def test_the_summary_says_what_it_was(checkpoint, converted, form):
    summary = converted[0]
    assert (summary.era, summary.encoder_layers, summary.decoder_layers) == (form, 2, 2)
    assert (summary.hidden_size, summary.heads, summary.feed_forward) == (16, 2, 32)
    assert summary.source_tokens == summary.target_tokens == len(checkpoint["vocab"]["src"])
    generator_bias = checkpoint["generator"]["bias"].numel()  # its weight is the embedding
    weights = {weight.data_ptr(): weight.numel() for weight in checkpoint["model"].values()}
    tables = sum(weight.numel() for name, weight in checkpoint["model"].items() if name.endswith("pe.pe"))
    assert summary.parameters == sum(weights.values()) - tables + generator_bias


def test_dropout_becomes_a_list_and_attention_dropout_follows_it_in_the_first_versions(converted, form):
    options = converted[1]["opt"]
    assert (options.dropout, options.attention_dropout) == ([0.1], [0.1] if form == FIRST else [0.2])


def test_a_vocabulary_for_each_language_may_lack_sentence_marks_on_the_source(checkpoint, tmp_path):
    """Without a shared vocabulary, sources of 0.x to 2.x begin <unk> <blank> and then the words."""
    source = ["<unk>", "<blank>", *checkpoint["vocab"]["src"][4:]]
    checkpoint["vocab"]["src"] = source
    embedding = "encoder.embeddings.make_embedding.emb_luts.0.weight"
    rows = checkpoint["model"][embedding]
    checkpoint["model"][embedding] = torch.cat([rows[:2], rows[4:]])
    old = write_legacy(checkpoint, tmp_path / "old.pt", LAST, share_embeddings=False, share_decoder_embeddings=False)
    convert(old, tmp_path / "new.pt")
    new = load(tmp_path / "new.pt")
    assert new["vocab"]["src"] == source and new["vocab"]["tgt"] == checkpoint["vocab"]["tgt"]
    torch.testing.assert_close(new["model"][embedding], checkpoint["model"][embedding], rtol=0, atol=0)


def test_shared_embeddings_stay_one_tensor_in_the_file(checkpoint, tmp_path):
    convert(write_legacy(checkpoint, tmp_path / "old.pt", FIELDS), tmp_path / "new.pt")
    new = load(tmp_path / "new.pt")
    table = "embeddings.make_embedding.emb_luts.0.weight"
    weights = [new["model"][f"encoder.{table}"], new["model"][f"decoder.{table}"], new["generator"]["weight"]]
    assert len({weight.data_ptr() for weight in weights}) == 1


def test_half_precision_is_stored_as_float32(checkpoint, tmp_path):
    half = {name: weight.half() for name, weight in checkpoint["model"].items()}
    old = write_legacy(checkpoint, tmp_path / "old.pt", FIELDS, model=half, model_dtype="fp16", optim="fusedadam")
    convert(old, tmp_path / "new.pt")
    new = load(tmp_path / "new.pt")
    assert new["opt"].model_dtype == "fp32"
    for name, weight in half.items():
        torch.testing.assert_close(new["model"][name], weight.float(), rtol=0, atol=0)


def test_an_existing_file_is_kept_unless_forced(checkpoint, tmp_path):
    old = write_legacy(checkpoint, tmp_path / "old.pt", LAST)
    new = tmp_path / "new.pt"
    new.write_text("dear")
    with pytest.raises(InputError, match=r"new\.pt: exists; --force replaces it"):
        convert(old, new)
    assert new.read_text() == "dear"
    convert(old, new, force=True)
    assert "model" in load(new)


def test_the_checkpoint_itself_is_never_written(checkpoint, tmp_path):
    old = write_legacy(checkpoint, tmp_path / "old.pt", LAST)
    link = tmp_path / "link.pt"
    link.symlink_to(old)
    content = old.read_bytes()
    for new in (old, link):
        with pytest.raises(InputError, match="is the checkpoint to convert"):
            convert(old, new, force=True)
    assert old.read_bytes() == content


def test_a_failure_leaves_nothing_behind(checkpoint, tmp_path, monkeypatch):
    old = write_legacy(checkpoint, tmp_path / "old.pt", LAST)

    def fill_the_disk(content, stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fill_the_disk)
    with pytest.raises(InputError, match=r"new\.pt: cannot be written \(No space left on device\)"):
        convert(old, tmp_path / "new.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["old.pt"]


@pytest.mark.parametrize(
    "options",
    [
        {"share_decoder_embeddings": False},
        {"max_relative_positions": 3, "position_encoding": False},
        {"self_attn_type": "average", "aan_useffn": True},
    ],
    ids=["own generator", "relative positions", "average attention"],
)
def test_other_transformers_convert_too(checkpoint, tmp_path, options):
    """Weights of a fresh model of the installed OpenNMT-py, written down in the oldest form."""
    from onmt_evsoftmax.conversion.weights import build_model, split_generator

    vars(checkpoint["opt"]).update(options)
    model = build_model(checkpoint["opt"], checkpoint["vocab"])
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    checkpoint.update(split_generator({name: value.clone() for name, value in model.state_dict().items()}))
    old = write_legacy(checkpoint, tmp_path / "old.pt", FIRST, **options)
    convert(old, tmp_path / "new.pt")
    new = load(tmp_path / "new.pt")
    for part in ("model", "generator"):
        assert new[part].keys() == checkpoint[part].keys()
        assert all(torch.equal(new[part][name], weight) for name, weight in checkpoint[part].items())
