"""Today's checkpoint written down as an older version of OpenNMT-py would have written it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import torch

from .old_packages import OldPackages, installed

FORMS = ("0.1 to 0.6", "0.7 or 0.8", "0.9 to 1.x", "2.x")
FIRST, LISTS, FIELDS, LAST = FORMS


def write_legacy(modern: dict, path: Path, form: str, **changes) -> Path:
    """Write ``modern``, a checkpoint of 3.x, to ``path`` in one of the `FORMS`.

    Args:
        changes: what to replace in the old options, or in the checkpoint itself if it has the key.
    """
    with installed() as packages:
        checkpoint = {
            "model": _old_model(modern["model"], modern["opt"].dec_layers, form),
            "generator": {f"0.{name}": weight for name, weight in modern["generator"].items()},
            "vocab": old_vocabulary(packages, modern["vocab"], form),
            "opt": argparse.Namespace(**_old_options(vars(modern["opt"]), form)),
            "optim": _old_optimizer(modern["model"]) if form == FIRST else {"training_step": 7},
        }
        for key, value in changes.items():
            if key in checkpoint:
                checkpoint[key] = value(packages) if callable(value) else value
            else:
                setattr(checkpoint["opt"], key, value)
        # torch had no zip format before 1.6, which came out between OpenNMT-py 1.1 and 1.2
        torch.save(checkpoint, path, _use_new_zipfile_serialization=form == LAST)
    return path


def old_vocabulary(packages: OldPackages, vocab: dict, form: str):
    """The vocabularies as ``form`` stored them."""
    sides = {side: vocab[side] for side in ("src", "tgt")}
    if form == FIRST:
        return [(side, packages.vocabulary(tokens, default_dict=True)) for side, tokens in sides.items()]
    if form == LISTS:
        fields = {side: [(side, packages.field(tokens))] for side, tokens in sides.items()}
        return {**fields, "indices": [("indices", packages.number_field())]}
    fields = {side: packages.multi_field(side, tokens) for side, tokens in sides.items()}
    return {**fields, "indices": packages.number_field()}


def _old_model(model: dict, layers: int, form: str) -> dict:
    if form != FIRST:
        return dict(model)
    model = {re.sub(r"(layer_norm\w*)\.weight", r"\1.a_2", name): weight for name, weight in model.items()}
    model = {re.sub(r"(layer_norm\w*)\.bias", r"\1.b_2", name): weight for name, weight in model.items()}
    mask = torch.triu(torch.ones(1, 50, 50, dtype=torch.uint8), diagonal=1)  # of 5000 by 5000 in real ones
    return {**model, **{f"decoder.transformer_layers.{layer}.mask": mask for layer in range(layers)}}


def _old_options(options: dict, form: str) -> dict:
    kept = (
        "encoder_type decoder_type model_type position_encoding share_embeddings share_decoder_embeddings "
        "heads transformer_ff self_attn_type optim param_init param_init_glorot src_word_vec_size "
        "tgt_word_vec_size enc_layers dec_layers copy_attn"
    ).split()
    old = {name: options[name] for name in kept}
    old.update(data="data/wmt", save_model="wmt", rnn_size=options["hidden_size"], dropout=0.1, layers=-1)
    if form == FIRST:
        return {**old, "generator_function": "log_softmax", "gpuid": [0], "word_vec_size": 16}
    sizes = {"enc_rnn_size": options["enc_hid_size"], "dec_rnn_size": options["dec_hid_size"]}
    old.update(sizes, generator_function="softmax", dropout=[0.1], attention_dropout=[0.2])
    if form == LAST:
        old.update(transforms=["filtertoolong"], _all_transform={"filtertoolong"}, model_task="seq2seq", rnn_size=-1)
    return old


def _old_optimizer(model: dict):
    """OpenNMT-py 0.6 and earlier pickled the optimiser as it was, with torch's inside."""
    from onmt.utils.optimizers import Optimizer

    adam = torch.optim.Adam([torch.nn.Parameter(weight) for weight in list(model.values())[:2]])
    return Optimizer(adam, learning_rate=2.0)
