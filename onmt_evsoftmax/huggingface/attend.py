"""Every attention weight of a translation model of Transformers on a test set, for an archive."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..archive import KINDS, Sentence
from ..archive.reading import Reading
from ..base import catalogue
from ..base.errors import InputError
from ..base.files import atomic_write
from .languages import with_target_prefix
from .names import CROSS, ELSEWHERE, SELF, AttentionFunctions
from .pieces import SCHEME, Pieces
from .translation import TranslationModel, functions_of, load_model, load_tokenizer, read_config

EAGER = "eager"
"""Softmax of Transformers' own, which more families and versions have than ours, and which hands out its weights."""

OUTPUTS = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}
"""Kind of attention -> where a model's output has it."""


def read_test_set(arguments: argparse.Namespace, sources: list[str], hypotheses: list[str]) -> Reading:
    """Load the model that the options of ``attend`` name and cut the texts into its pieces; or translate them first.

    Args:
        sources: lines of text.
        hypotheses: their translations; none where ``--translate`` asks for them.

    Raises:
        InputError: the model or its tokeniser cannot be read or used, or a language is missing.
    """
    if arguments.segmentation not in (None, "none", SCHEME):
        raise InputError(
            f"--segmentation {arguments.segmentation}: {arguments.model} has a tokeniser that says how its pieces make "
            "up words; leave the option out, or give none"
        )
    translation = open_translation(arguments)
    pieces = Pieces(translation.tokenizer, arguments.model, translation.end, is_marked=arguments.segmentation != "none")
    read = with_target_prefix(translation.tokenizer, arguments.model, sources, arguments.tgt_lang)
    source_ids = translation.encode_sources([(arguments.src_prefix or "") + line for line in read])
    if arguments.translate:
        target_ids = _translate(translation, source_ids, arguments)
        hypotheses = [translation.text(target) for target in target_ids]
        with atomic_write(arguments.translate) as stream:
            stream.writelines(f"{line}\n" for line in hypotheses)
    else:
        target_ids = translation.encode_targets(hypotheses)
    return Reading(
        sources=[pieces.source(ids) for ids in source_ids],
        hypotheses=[pieces.target(ids) for ids in target_ids],
        limits=translation.limits,
        sentences=teacher_forced_attention(
            translation, pieces, source_ids, target_ids, kinds=arguments.kinds, batch_size=arguments.batch_size
        ),
        metadata={**_metadata(arguments, translation), "lines": {"source": sources, "target": hypotheses}},
    )


def open_translation(arguments: argparse.Namespace) -> TranslationModel:
    """The model and the tokeniser of the folder ``--model``, with the functions that the options ask for."""
    tokenizer = load_tokenizer(arguments.model, arguments.src_lang, arguments.tgt_lang)
    functions = _functions(arguments, functions_of(read_config(arguments.model)))
    implementation = EAGER if functions == AttentionFunctions(ELSEWHERE, ELSEWHERE) else functions.name
    model = load_model(arguments.model, attn_implementation=implementation)
    if arguments.gpu >= 0:
        model = model.to(f"cuda:{arguments.gpu}")
    return TranslationModel(model, tokenizer, arguments.model)


def _functions(arguments: argparse.Namespace, stored: AttentionFunctions) -> AttentionFunctions:
    """What the options say wins; cross-attention follows self-attention unless it has a function of its own."""
    own = arguments.self_attn_function or stored.self_attention
    context = arguments.context_attn_function or (stored.cross_attention if stored.has_kinds else own)
    for name in (own, context):
        catalogue.get(name)
    return AttentionFunctions(own, context)


def _translate(
    translation: TranslationModel, sources: list[list[int]], arguments: argparse.Namespace
) -> list[list[int]]:
    from rich.progress import track

    found = translation.translate(sources, beam_size=arguments.beam_size, batch_size=arguments.batch_size)
    return list(track(found, total=len(sources), description="translation"))


def teacher_forced_attention(
    translation: TranslationModel,
    pieces: Pieces,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    *,
    kinds: Sequence[str] = KINDS,
    batch_size: int = 32,
) -> Iterator[Sentence]:
    """Attention of every layer and head, sentence by sentence, in the order given.

    Sources and targets are ids, the special tokens of the model among them: all that the encoder reads are keys, and
    all that the decoder predicts are queries, a language or another forced beginning too.

    Args:
        kinds: of ``encoder``, ``decoder`` and ``cross``.
        batch_size: sentences in one pass; it has no influence on the weights.
    """
    for begin in range(0, len(sources), batch_size):
        batch = sources[begin : begin + batch_size], targets[begin : begin + batch_size]
        weights = attention_weights(translation, *batch, kinds)
        for row, (source, target) in enumerate(zip(*batch)):
            names = pieces.source(source), pieces.target(target)
            yield _sentence(weights, row, *names)


def attention_weights(
    translation: TranslationModel,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    kinds: Sequence[str],
) -> dict[str, list[Tensor]]:
    """kind -> weights ``[batch, heads, queries, keys]`` per layer, from one pass.

    Raises:
        InputError: the model gives no weights of a kind.
    """
    ids, mask = translation.pad_right(sources)
    inputs, inputs_mask = translation.pad_right([[translation.start, *target[:-1]] for target in targets])
    with torch.no_grad():
        output = translation.model(
            input_ids=ids,
            attention_mask=mask,
            decoder_input_ids=inputs,
            decoder_attention_mask=inputs_mask,
            output_attentions=True,
            use_cache=False,
            return_dict=True,
        )
    sizes = {"encoder": (ids, ids), "decoder": (inputs, inputs), "cross": (inputs, ids)}
    weights: dict[str, list[Tensor]] = {}
    for kind in kinds:
        layers = output.get(OUTPUTS[kind]) or [None]
        shape = tuple(side.shape[1] for side in sizes[kind])
        if any(layer is None or layer.shape[2:] != shape for layer in layers):
            name = type(translation.model).__name__
            raise InputError(f"{translation.path}: {name} gives no weights of all pairs in its {kind} attention")
        weights[kind] = [layer.float().cpu() for layer in layers]
    return weights


def _sentence(weights: dict[str, list[Tensor]], row: int, source: list[str], target: list[str]) -> Sentence:
    queries = {"encoder": len(source), "decoder": len(target), "cross": len(target)}
    keys = {"encoder": len(source), "decoder": len(target), "cross": len(source)}
    attention: dict[str, np.ndarray] = {
        kind: np.stack([layer[row, :, : queries[kind], : keys[kind]].numpy() for layer in layers])
        for kind, layers in weights.items()
    }
    return Sentence(source, target, ["<s>", *target[:-1]], attention)


def _metadata(arguments: argparse.Namespace, translation: TranslationModel) -> dict[str, Any]:
    import transformers

    from .. import __version__

    # the smallest pass there is tells what the configurations of all families call by other names
    weights = attention_weights(translation, [[translation.end]], [[translation.end]], arguments.kinds)
    functions = functions_of(translation.model.config)
    return {
        "model": Path(arguments.model).resolve().name,
        "functions": {kind: functions.of(CROSS if kind == "cross" else SELF) for kind in arguments.kinds},
        "kinds": list(arguments.kinds),
        "layers": {kind: len(layers) for kind, layers in weights.items()},
        "heads": next(iter(weights.values()))[0].shape[1],
        "segmentation": arguments.segmentation or SCHEME,
        "versions": {
            "onmt_evsoftmax": __version__,
            "transformers": transformers.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
