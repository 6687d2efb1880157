"""The weights of old checkpoints under the names that OpenNMT-py 3.x gives them."""

from __future__ import annotations

import inspect
import re
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from ..base.errors import InputError

GENERATOR = "generator."
_RENAMED = (
    (re.compile(r"(layer_norm(?:_\d+)?)\.a_2$"), r"\1.weight"),
    (re.compile(r"(layer_norm(?:_\d+)?)\.b_2$"), r"\1.bias"),
    (re.compile(rf"^{re.escape(GENERATOR)}0\."), GENERATOR),
)
_CAUSAL_MASK = re.compile(r"^decoder\.transformer_layers\.\d+\.mask$")


def rename_weights(model: Mapping[str, Tensor], generator: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All weights by their names in ``NMTModel.state_dict()`` of 3.x, in float32.

    The first versions had a layer normalisation of their own (gain ``a_2``, offset ``b_2``); like every
    OpenNMT-py since, this reads it as `torch.nn.LayerNorm`, which divides by the biased rather than the
    unbiased deviation. The generator used to be Linear and LogSoftmax in a Sequential and is the Linear now.
    The causal mask, a constant that was stored with each decoder layer, is left out.
    """
    weights = dict(model)
    weights.update({GENERATOR + name: weight for name, weight in generator.items()})
    renamed = {}
    for name, weight in weights.items():
        if _CAUSAL_MASK.match(name):
            continue
        for pattern, replacement in _RENAMED:
            name = pattern.sub(replacement, name)
        renamed[name] = weight.detach().float()
    return renamed


def build_model(options: Namespace, vocab: Mapping[str, Any]) -> nn.Module:
    """The model that the installed OpenNMT-py builds from converted options and vocabularies, untrained.

    Raises:
        InputError: it cannot build one, for example because embeddings are shared and vocabularies differ.
    """
    import onmt.model_builder
    from onmt.inputters.inputter import dict_to_vocabs

    build = onmt.model_builder.build_base_model
    gpu = (False,) if "gpu" in inspect.signature(build).parameters else ()  # 3.0.4 takes it, 3.5.1 does not
    try:
        return build(options, dict_to_vocabs(dict(vocab)), *gpu)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"OpenNMT-py cannot build this model: {error or type(error).__name__}") from error


def complete_weights(weights: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """``weights``, checked one by one against ``model`` and completed with its constants.

    OpenNMT-py loads with ``strict=False``: a weight under a wrong name would be left random without a word.
    The only thing that may be missing is a constant, the table of position encodings.

    Raises:
        InputError: a weight is missing, is left over or has another shape; the message names it.
    """
    expected = model.state_dict()
    constants = {name for name, _ in model.named_buffers()}
    missing = [name for name in expected if name not in weights and name not in constants]
    if missing:
        raise InputError(f"the model has no weight {_listed(missing)}; its options describe another model")
    left_over = [name for name in weights if name not in expected]
    if left_over:
        raise InputError(f"OpenNMT-py 3.x has no place for the weight {_listed(left_over)}")
    for name, weight in weights.items():
        if weight.shape != expected[name].shape:
            raise InputError(
                f"the weight {name} has the shape {tuple(weight.shape)}, but by its options and vocabularies "
                f"the model needs {tuple(expected[name].shape)}"
            )
    return {name: weights.get(name, expected[name]) for name in expected}


def split_generator(weights: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """The parts ``model`` and ``generator`` of a checkpoint."""
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "generator": {}}
    for name, weight in weights.items():
        if name.startswith(GENERATOR):
            parts["generator"][name[len(GENERATOR) :]] = weight
        else:
            parts["model"][name] = weight
    return parts


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"
