"""Weights: no name may be lost, left over or filled with random numbers."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.conversion.converter import convert
from onmt_evsoftmax.conversion.weights import rename_weights

from .conftest import load
from .legacy import FIELDS, FIRST, write_legacy

QUERY = "encoder.transformer.0.self_attn.linear_query.weight"


def test_layer_normalisation_and_generator_get_todays_names():
    one = torch.ones(2)
    model = {
        "encoder.layer_norm.a_2": one,
        "decoder.transformer_layers.0.layer_norm_1.b_2": one,
        "decoder.transformer_layers.11.mask": one,
        "encoder.transformer.0.feed_forward.layer_norm.weight": one,
    }
    assert set(rename_weights(model, {"0.weight": one, "0.bias": one})) == {
        "encoder.layer_norm.weight",
        "decoder.transformer_layers.0.layer_norm_1.bias",
        "encoder.transformer.0.feed_forward.layer_norm.weight",
        "generator.weight",
        "generator.bias",
    }


def refused(checkpoint, tmp_path, message, **changes):
    old = write_legacy(checkpoint, tmp_path / "old.pt", FIELDS, **changes)
    with pytest.raises(InputError, match=message):
        convert(old, tmp_path / "new.pt")


def test_a_missing_weight_is_named(checkpoint, tmp_path):
    del checkpoint["model"][QUERY]
    refused(checkpoint, tmp_path, rf"old\.pt: the model has no weight {QUERY}; its options")


def test_a_weight_without_a_place_is_named(checkpoint, tmp_path):
    checkpoint["model"]["decoder.copy_attn.linear_in.weight"] = torch.ones(2, 2)
    refused(checkpoint, tmp_path, r"no place for the weight decoder\.copy_attn\.linear_in\.weight")


def test_fewer_layers_than_weights_are_refused(checkpoint, tmp_path):
    refused(checkpoint, tmp_path, r"no place for the weight encoder\.transformer\.1.* more\)", enc_layers=1)


def test_a_weight_of_another_shape_is_named(checkpoint, tmp_path):
    checkpoint["model"][QUERY] = torch.ones(16, 8)
    refused(checkpoint, tmp_path, rf"the weight {QUERY} has the shape \(16, 8\), .* needs \(16, 16\)")


def test_a_vocabulary_of_another_size_is_refused(checkpoint, tmp_path):
    """3.x numbers rows by the list, so a list that is one token short would shift nothing but lose a row."""
    for side in ("src", "tgt"):
        checkpoint["vocab"][side] = checkpoint["vocab"][side][:-1]
    refused(checkpoint, tmp_path, r"the weight encoder\.embeddings\..* has the shape")


def test_shared_embeddings_of_two_vocabularies_are_refused(checkpoint, tmp_path):
    checkpoint["vocab"]["src"] = checkpoint["vocab"]["src"][::-1]
    refused(checkpoint, tmp_path, "OpenNMT-py cannot build this model: .*share")


def test_heads_that_do_not_divide_the_width_are_refused(checkpoint, tmp_path):
    refused(checkpoint, tmp_path, "OpenNMT-py cannot build this model", heads=5)


def test_position_encodings_that_were_not_stored_are_written(checkpoint, tmp_path):
    """Without the table, 3.x takes the checkpoint for one of NLLB and uses other encodings."""
    tables = {name: table for name, table in checkpoint["model"].items() if name.endswith("pe.pe")}
    assert len(tables) == 2
    for name in tables:
        del checkpoint["model"][name]
    convert(write_legacy(checkpoint, tmp_path / "old.pt", FIRST), tmp_path / "new.pt")
    new = load(tmp_path / "new.pt")
    for name, table in tables.items():
        torch.testing.assert_close(new["model"][name], table, rtol=0, atol=0)
