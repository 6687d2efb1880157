"""Every attention weight of a model on (source, hypothesis) pairs, from one teacher-forced pass."""

from __future__ import annotations

import math
import pickle
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import torch
from torch import Tensor, nn

from ..archive import KINDS, Sentence
from ..base.errors import InputError
from ..base.files import PathLike
from ..plugin.option_keys import CONTEXT, SELF
from .functions import OVERRIDE, AttentionFunctions
from .modules import attention_modules


@dataclass(frozen=True)
class LoadedModel:
    """A translation model as OpenNMT-py loads it, in evaluation mode.

    Attributes:
        model: the `onmt.models.NMTModel`.
        vocabs: OpenNMT-py's dictionary of vocabularies.
        functions: the mappings that are in place.
    """

    model: Any
    vocabs: dict
    functions: AttentionFunctions

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device


def load_model(
    path: PathLike,
    *,
    self_attn_function: Optional[str] = None,
    context_attn_function: Optional[str] = None,
    gpu: int = -1,
) -> LoadedModel:
    """Load a checkpoint the way ``onmt_translate`` does, with the same overrides.

    Raises:
        InputError: no such file, no OpenNMT-py checkpoint, or a model without encoder and decoder.
    """
    import onmt.model_builder

    options = _translate_options(str(path), gpu)
    setattr(options, OVERRIDE + SELF, self_attn_function)
    setattr(options, OVERRIDE + CONTEXT, context_attn_function)
    try:
        vocabs, model, model_options = onmt.model_builder.load_test_model(options)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; --model takes a checkpoint of onmt_train") from None
    except InputError:
        raise
    except Exception as error:  # torch.load raises a dozen kinds of exceptions on a file that is no checkpoint
        raise InputError(f"{path}: not a readable OpenNMT-py checkpoint: {_reason(error)}") from error
    if not hasattr(model, "encoder"):
        raise InputError(f"{path}: a language model has no source; attend needs an encoder-decoder model")
    return LoadedModel(model, vocabs, AttentionFunctions.from_options(model_options, override=options))


def _reason(error: Exception) -> str:
    """One line of what torch says; its advice to turn ``weights_only`` off is not passed on."""
    from ..conversion.checkpoint import refused_class

    if isinstance(error, pickle.UnpicklingError):
        name = refused_class(error)
        if name is not None:
            return (
                f"it asks for {name}, which no checkpoint of OpenNMT-py 3.x needs; nothing was run. "
                "One of an older version: onmt_evsoftmax convert"
            )
        return "it is no file of torch, or a damaged one"
    lines = str(error).splitlines() or ["no more is known"]
    return f"{type(error).__name__}: {lines[0]}"


def longest(loaded: LoadedModel) -> tuple[float, float]:
    """The most pieces that a source, and a hypothesis, can have; infinity without absolute positions."""
    from onmt.modules.embeddings import PositionalEncoding

    limits = [
        min([m.pe.size(0) for m in part.modules() if isinstance(m, PositionalEncoding)], default=math.inf)
        for part in (loaded.model.encoder, loaded.model.decoder)
    ]
    return limits[0], limits[1] - 1  # the decoder reads <s> too


def _translate_options(model: str, gpu: int) -> Namespace:
    """Options of ``onmt_translate`` for ``model``; the source is never opened."""
    from onmt import opts
    from onmt.utils.parse import ArgumentParser

    parser = ArgumentParser()
    opts.translate_opts(parser)
    return parser.parse_args(["-model", model, "-src", "unused", "-gpu", str(gpu)])


def teacher_forced_attention(
    loaded: LoadedModel,
    sources: Sequence[Sequence[str]],
    hypotheses: Sequence[Sequence[str]],
    *,
    kinds: Sequence[str] = KINDS,
    batch_size: int = 32,
) -> Iterator[Sentence]:
    """Attention of every layer and head, sentence by sentence, in the order given.

    The decoder reads ``<s>`` and the hypothesis and predicts the hypothesis and ``</s>``. What a sentence is
    batched with has no influence on its weights, because the mean score is taken over valid keys only. A
    sentence without source pieces has no keys in ``encoder`` and ``cross``: their arrays are empty.

    Args:
        loaded: from `load_model`.
        sources: pieces of the source sentences, as the model reads them.
        hypotheses: pieces of their translations.
        kinds: of ``encoder``, ``decoder`` and ``cross``.
        batch_size: sentences in one pass.

    Raises:
        onmt.modules.embeddings.SequenceTooLongError: a sentence is longer than `longest` says.
    """
    with AttentionRecorder(loaded.model, kinds) as recorder, torch.no_grad():
        for start in range(0, len(sources), batch_size):
            batch_sources = sources[start : start + batch_size]
            batch_targets = hypotheses[start : start + batch_size]
            _forward(loaded, batch_sources, batch_targets)
            weights = recorder.take()
            for row, (source, target) in enumerate(zip(batch_sources, batch_targets)):
                yield _sentence(weights, row, list(source), list(target))


class AttentionRecorder:
    """Context manager that keeps the output of every mapping, by kind, in layer order."""

    def __init__(self, model: nn.Module, kinds: Sequence[str] = KINDS) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise InputError(f"unknown kind of attention {unknown[0]!r}; known: {', '.join(KINDS)}")
        self._normalizers = [
            (kind, attention.softmax) for kind, _, attention in attention_modules(model) if kind in kinds
        ]
        self._kinds = [kind for kind in KINDS if kind in kinds]
        self._handles: list = []
        self._weights: dict[str, list[Tensor]] = {}

    def __enter__(self) -> AttentionRecorder:
        self.take()
        for kind, normalizer in self._normalizers:
            keep = self._keeper(kind)
            self._handles.append(normalizer.register_forward_hook(keep))
        return self

    def _keeper(self, kind: str):
        def keep(_module, _inputs, weights: Tensor) -> None:
            self._weights[kind].append(weights.detach().float().cpu())

        return keep

    def __exit__(self, *_exception) -> None:
        while self._handles:
            self._handles.pop().remove()

    def take(self) -> dict[str, list[Tensor]]:
        """kind -> weights ``[batch, heads, queries, keys]`` per call since the last take; forgets them."""
        weights, self._weights = self._weights, {kind: [] for kind in self._kinds}
        return weights


def _forward(loaded: LoadedModel, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> None:
    from onmt.constants import DefaultTokens

    source_vocab, target_vocab = loaded.vocabs["src"], loaded.vocabs["tgt"]
    begin, end = _delimiters(loaded)
    if not any(sources):  # OpenNMT-py cannot take a batch without any key
        sources, targets = [*sources, [DefaultTokens.UNK]], [*targets, []]
    source, source_lengths = _pad([list(tokens) for tokens in sources], source_vocab, loaded.device)
    target, _ = _pad([[begin, *tokens, end] for tokens in targets], target_vocab, loaded.device)
    loaded.model(source, target, source_lengths, bptt=False, with_align=False)


def _delimiters(loaded: LoadedModel) -> tuple[str, str]:
    from onmt.constants import DefaultTokens

    return loaded.vocabs.get("decoder_start_token", DefaultTokens.BOS), DefaultTokens.EOS


def _pad(sentences: Sequence[Sequence[str]], vocab, device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids ``[batch, longest, 1]`` and lengths ``[batch]``; an empty sentence is one column of padding."""
    from onmt.constants import DefaultTokens

    lengths = torch.tensor([len(tokens) for tokens in sentences])
    ids = torch.full((len(sentences), max(1, int(lengths.max()))), vocab[DefaultTokens.PAD])
    for row, tokens in enumerate(sentences):
        ids[row, : len(tokens)] = torch.tensor([vocab[token] for token in tokens], dtype=torch.long)
    return ids.unsqueeze(-1).to(device), lengths.to(device)


def _sentence(weights: dict[str, list[Tensor]], row: int, source: list[str], target: list[str]) -> Sentence:
    queries = {"encoder": len(source), "decoder": len(target) + 1, "cross": len(target) + 1}
    keys = {"encoder": len(source), "decoder": len(target) + 1, "cross": len(source)}
    attention: dict[str, np.ndarray] = {
        kind: np.stack([layer[row, :, : queries[kind], : keys[kind]].numpy() for layer in layers])
        for kind, layers in weights.items()
    }
    return Sentence(source, [*target, "</s>"], ["<s>", *target], attention)
