"""Learned parameters of functions: where they start, and what a checkpoint has of them.

They are part of the state dict, as ``encoder.transformer.0.self_attn.softmax.learned_NAME.PARAMETER``. OpenNMT-py
saves, averages, trains and freezes them like any other. It knows nothing of two things: the values that a function's
module starts with, and a checkpoint of a model that was trained with another function.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Optional

from torch import Tensor, nn

from ..base.errors import InputError
from ..plugin.option_keys import CONTEXT, SELF
from .modules import LEARNED, attention_modules
from .train_from import complain

MARK = f".softmax.{LEARNED}"


def keys_in(state: Iterable[str]) -> set[str]:
    """Of the keys of a state dict, those of learned parameters."""
    return {key for key in state if MARK in key}


def functions_of(keys: Iterable[str]) -> str:
    """The functions whose parameters these are.

    >>> functions_of(["encoder.transformer.0.self_attn.softmax.learned_tempered.temperature"])
    'tempered'
    """
    return ", ".join(sorted({_place_and_function(key)[1] for key in keys}))


def check_storable(model: nn.Module, model_options: Namespace) -> None:
    """Refuse what OpenNMT-py would not save or load, before the training.

    Raises:
        InputError: the message says which parameter, and what to write instead.
    """
    for attention, learned in _with_parameters(model):
        for problem in _not_storable(learned, model_options):
            raise InputError(f"{attention.softmax.name}: {problem}")


def _with_parameters(model: nn.Module) -> Iterator[tuple[Any, nn.Module]]:
    """Attention modules whose mapping is a module with parameters of its own, and that module."""
    for _, _, attention in attention_modules(model):
        if attention.softmax.learned is not None:
            yield attention, attention.softmax.learned


def _not_storable(module: nn.Module, options: Namespace) -> Iterator[str]:
    state = module.state_dict()
    for key, value in state.items():
        if value.ndim == 0:
            yield f"{key} has no dimension, and OpenNMT-py 3.5 cannot load it; give it the shape [1]"
        if "generator" in key:
            yield f"{key}: OpenNMT-py takes what is called so for a part of its generator; choose another name"
    for key, _ in module.named_buffers():
        if key not in state:
            yield f"{key}: OpenNMT-py needs every buffer in the state dict; register it as persistent"
    if state and (getattr(options, "lora_layers", None) or getattr(options, "lora_embedding", False)):
        yield "OpenNMT-py saves LoRA's own parameters alone; train without lora_layers and lora_embedding"
    if state and getattr(options, "parallel_mode", "") == "tensor_parallel" and options.world_size > 1:
        yield "its parameters cannot be divided between GPUs; set parallel_mode: data_parallel"


def attach(model: nn.Module) -> None:
    """Make the functions' modules parts of the model: after OpenNMT-py initialised it, or before it loads a checkpoint.

    Its initialisation would overwrite their values, and draw random numbers for them, so that all others differed
    from those of a softmax model of the same seed.
    """
    for attention, _ in _with_parameters(model):
        attention.softmax.attach(attention.linear_query.weight)


def keep_accurate(model: nn.Module) -> None:
    """Back to float32 after a model was made half: the scores that the functions see are float32, too."""
    for _, learned in _with_parameters(model):
        learned.float()


def fit(model: nn.Module, state: dict[str, Tensor], translation: Optional[Namespace]) -> None:
    """Attach the functions' modules, and make what a checkpoint has of their parameters what the model has.

    In training, parameters that the checkpoint lacks get their initial values; see `report_changes`. A translation
    cannot use untrained ones, and may drop some only where its options name another function.

    Args:
        state: the ``model`` of a checkpoint; changed in place.
        translation: the options of the translation whose model is being loaded.

    Raises:
        InputError: a parameter has another shape, or a translation lacks or would lose one.
    """
    attach(model)
    initial, stored = model.state_dict(), keys_in(state)
    initial = {key: initial[key] for key in keys_in(initial)}
    for key in sorted(initial.keys() & stored):
        ours, theirs = tuple(initial[key].shape), tuple(state[key].shape)
        if ours != theirs:
            raise InputError(f"{key} has the shape {theirs} in the checkpoint, and {ours} as it is registered here")
    missing, unused = sorted(initial.keys() - stored), sorted(stored - initial.keys())
    if translation is not None:
        _check_translation(model, missing, unused)
    state.update({key: initial[key].clone() for key in missing})
    for key in unused:
        del state[key]


def _check_translation(model: nn.Module, missing: list[str], unused: list[str]) -> None:
    from onmt.utils.logging import logger

    if missing:
        place, function = _place_and_function(missing[0])
        option = CONTEXT if place.endswith("context_attn") else SELF
        raise InputError(
            f"{function} has learned parameters that this model was not trained with ({missing[0]}); "
            f"fine-tune it: onmt_train -train_from MODEL -{option} {function}"
        )
    for key in unused:
        place, function = _place_and_function(key)
        attention: Any = model.get_submodule(place)
        if attention.softmax.name == function:
            raise InputError(f"{function} as it is registered here has no parameter {key}")
    if unused:
        message = "onmt_evsoftmax: learned parameters of %s are not used where another function takes its place"
        logger.warning(message, functions_of(unused))


def _place_and_function(key: str) -> tuple[str, str]:
    """The attention module that a learned parameter belongs to, and its function."""
    place, rest = key.split(MARK)
    return place, rest.split(".")[0]


def starting_as_registered(original: Callable) -> Callable:
    """Wrap ``train_single.build_model``: initial values as the function's module has them, and `report_changes`."""

    def build_model(model_opt, opt, vocabs, checkpoint, *arguments):
        in_file = checkpoint is not None and "model" in checkpoint  # and not in one of safetensors
        stored = keys_in(checkpoint["model"]) if in_file else set()
        model = original(model_opt, opt, vocabs, checkpoint, *arguments)
        if checkpoint is None:
            attach(model)
        elif in_file:
            report_changes(opt, checkpoint, stored, keys_in(model.state_dict()))
        return model

    return build_model


def report_changes(opt: Namespace, checkpoint: Mapping[str, Any], stored: set[str], used: set[str]) -> None:
    """Say which parameters start anew, complain of those that are lost.

    Raises:
        InputError: the optimiser's state, which is to be taken over, is that of other parameters; or parameters
            are lost, under ``ONMT_EVSOFTMAX=strict``.
    """
    from onmt.utils.logging import logger

    new, lost = used - stored, stored - used
    if new:
        message = "onmt_evsoftmax: %s has no learned parameters of %s; they start at their initial values"
        logger.info(message, opt.train_from, functions_of(new))
    if lost:
        complain(
            f"{opt.train_from} has learned parameters of {functions_of(lost)}, which this training does not use; "
            f"they are lost. Keep them with {SELF}: {functions_of(lost)}"
        )
    state = checkpoint.get("optim")
    if (new or lost) and isinstance(state, dict) and "optimizer" in state:
        if opt.reset_optim in ("none", "keep_states"):
            raise InputError(
                f"reset_optim: {opt.reset_optim}, but the optimiser of {opt.train_from} has no state for the learned "
                f"parameters of {functions_of(new or lost)}. Set reset_optim: all, or states to keep its options"
            )
