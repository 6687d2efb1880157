"""Activation: hooks the plugin into an imported OpenNMT-py, once."""

from __future__ import annotations

import argparse
import functools
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Optional

from ..base.errors import InputError
from ..base.versions import TESTED_OPENNMT
from ..plugin.startup import ACTIVE
from .functions import AttentionFunctions, resolve

_translate_options: ContextVar[Optional[argparse.Namespace]] = ContextVar("translate_options", default=None)
"""Options of the translation whose model is being loaded; they hold the user's override."""


def activate() -> None:
    """Make ``self_attn_function`` and its kin work in OpenNMT-py. Calling it again does nothing.

    The functions in `_wrap_seams`, which OpenNMT-py looks up whenever it calls them, are wrapped, and
    `argparse.Namespace`, the only class in its checkpoints, is allowed to
    ``torch.load(weights_only=True)``.

    Raises:
        RuntimeError: this OpenNMT-py lacks one of the seams.
    """
    import onmt
    import torch

    if getattr(onmt, ACTIVE, False):
        return
    if onmt.__version__ not in TESTED_OPENNMT:
        warnings.warn(
            f"onmt_evsoftmax is tested with OpenNMT-py {' and '.join(TESTED_OPENNMT)}, found {onmt.__version__}",
            stacklevel=2,
        )
    torch.serialization.add_safe_globals([argparse.Namespace])
    _wrap_seams()
    setattr(onmt, ACTIVE, True)


def _wrap_seams() -> None:
    import onmt.model_builder
    import onmt.opts
    import onmt.train_single
    from onmt.models.model import BaseModel
    from onmt.utils.parse import ArgumentParser

    from .learned import starting_as_registered
    from .options import add_model_options, add_translate_options
    from .train_from import reporting_what_is_ignored
    from .unknown_keys import reporting_unknown_keys

    seams: tuple[tuple[Any, str, Callable], ...] = (
        (ArgumentParser, "parse_known_args", reporting_unknown_keys),
        (onmt.opts, "model_opts", functools.partial(_then_add, add=add_model_options)),
        (onmt.opts, "translate_opts", functools.partial(_then_add, add=add_translate_options)),
        (onmt.train_single, "_init_train", reporting_what_is_ignored),
        (onmt.train_single, "_get_model_opts", _resolving),
        (onmt.train_single, "build_model", starting_as_registered),
        (onmt.model_builder, "load_test_model", _with_override),
        (onmt.model_builder, "build_task_specific_model", _installing),
        (onmt.model_builder, "build_base_model", _installing_generator),
        (BaseModel, "load_state_dict", _fitting),
    )
    missing = [f"{module.__name__}.{name}" for module, name, _ in seams if not hasattr(module, name)]
    if missing:
        raise RuntimeError(
            f"onmt_evsoftmax does not fit this version of OpenNMT-py: no {', '.join(missing)}. Install "
            f"{' or '.join(TESTED_OPENNMT)}, or set ONMT_EVSOFTMAX=0 to run without the plugin"
        )
    if hasattr(BaseModel, "load_safe_state_dict"):  # 3.5.1
        seams = (*seams, (BaseModel, "load_safe_state_dict", _attaching))
    for module, name, wrap in seams:
        original = getattr(module, name)
        setattr(module, name, functools.wraps(original)(wrap(original)))


def _then_add(original: Callable, add: Callable) -> Callable:
    def add_options(parser, *arguments, **keywords):
        result = original(parser, *arguments, **keywords)
        add(parser)
        return result

    return add_options


def _resolving(original: Callable) -> Callable:
    def get_model_opts(opt, checkpoint=None):
        from onmt.utils.logging import logger

        model_opt = original(opt, checkpoint=checkpoint)
        resolve(opt, model_opt, None if checkpoint is None else checkpoint["opt"])
        logger.info("onmt_evsoftmax: %s", AttentionFunctions.from_options(model_opt))
        return model_opt

    return get_model_opts


def _with_override(original: Callable) -> Callable:
    def load_test_model(opt, *arguments, **keywords):
        from .learned import keep_accurate

        token = _translate_options.set(opt)
        try:
            vocabs, model, model_opt = original(opt, *arguments, **keywords)
        except InputError as error:
            raise InputError(f"{keywords.get('model_path') or opt.models[0]}: {error}") from None
        finally:
            _translate_options.reset(token)
        keep_accurate(model)
        return vocabs, model, model_opt

    return load_test_model


def _installing(original: Callable) -> Callable:
    def build_task_specific_model(model_opt, vocabs):
        import torch

        from .learned import check_storable
        from .modules import install

        model = original(model_opt, vocabs)
        functions = AttentionFunctions.from_options(model_opt, override=_translate_options.get())
        # so that a module of the user's does not change the initial values of everything else
        with torch.random.fork_rng(devices=()):
            install(model, functions)
        check_storable(model, model_opt)
        return model

    return build_task_specific_model


def _installing_generator(original: Callable) -> Callable:
    def build_base_model(model_opt, *arguments, **keywords):
        from .modules import install_generator

        model = original(model_opt, *arguments, **keywords)
        functions = AttentionFunctions.from_options(model_opt, override=_translate_options.get())
        install_generator(model.generator, functions)
        return model

    return build_base_model


def _fitting(original: Callable) -> Callable:
    def load_state_dict(model, checkpoint, *arguments, **keywords):
        from .learned import fit

        # 3.5.1 takes the whole checkpoint, 3.0.4 what is "model" in it
        fit(model, checkpoint.get("model", checkpoint), _translate_options.get())
        return original(model, checkpoint, *arguments, **keywords)

    return load_state_dict


def _attaching(original: Callable) -> Callable:
    def load_safe_state_dict(model, *arguments, **keywords):
        from .learned import attach

        attach(model)
        return original(model, *arguments, **keywords)

    return load_safe_state_dict
