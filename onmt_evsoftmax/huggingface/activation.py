"""Activation: hooks the plugin into an imported Transformers, once."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from ..base.errors import InputError
from ..plugin.startup import ACTIVE
from .names import names_in

OLDEST = "4.53"
"""The first Transformers with an AttentionMaskInterface."""


def activate() -> None:
    """Make ``attn_implementation="evsoftmax"`` and its kin work in Transformers. Calling it again does nothing.

    Where this Transformers lacks what is needed, nothing is registered: it then refuses the names itself. A broken
    module of the user's does not keep Transformers from working either; it is an error as soon as a name of
    ours is used.
    """
    from transformers import modeling_utils

    if getattr(modeling_utils, ACTIVE, False):
        return
    missing = missing_seams()
    if missing:
        warnings.warn(
            f"onmt_evsoftmax needs Transformers {OLDEST} or newer, and this one has no {', '.join(missing)}: "
            "attn_implementation='evsoftmax' is unknown to it",
            stacklevel=2,
        )
        return
    _wrap_seams()
    setattr(modeling_utils, ACTIVE, True)
    try:
        from .registration import register_all

        register_all()
    except InputError as error:
        warnings.warn(f"onmt_evsoftmax: {error}", stacklevel=2)


def missing_seams() -> list[str]:
    """What this Transformers lacks of what the plugin needs."""
    from transformers import modeling_utils

    missing = [name for name in ("AttentionInterface", "PreTrainedModel") if not hasattr(modeling_utils, name)]
    try:
        from transformers.masking_utils import AttentionMaskInterface, sdpa_mask  # noqa: F401
    except ImportError:
        missing.append("AttentionMaskInterface")
    model = getattr(modeling_utils, "PreTrainedModel", None)
    return missing + [name for name in ("post_init", "_from_config") if not hasattr(model, name)]


def _wrap_seams() -> None:
    from transformers.configuration_utils import PretrainedConfig
    from transformers.modeling_utils import PreTrainedModel

    from .memory import overridable, remembering

    seams: list[tuple[Any, str, Callable]] = [
        (PreTrainedModel, "post_init", _arming),
        (PretrainedConfig, "to_dict", remembering),
        (PretrainedConfig, "to_diff_dict", remembering),
    ]
    if hasattr(PreTrainedModel, "set_attn_implementation"):  # since 4.54
        seams.append((PreTrainedModel, "set_attn_implementation", _arming_anew))
    if hasattr(PreTrainedModel, "get_correct_attn_implementation"):  # since 4.54
        seams.append((PreTrainedModel, "get_correct_attn_implementation", _registering))
    for owner, name, wrap in seams:
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(wrap(original)))
    _wrap_class_method(PretrainedConfig, "from_dict", overridable)
    chosen = vars(PretrainedConfig)["_attn_implementation"]
    PretrainedConfig._attn_implementation = chosen.setter(functools.wraps(chosen.fset)(_checking_parts(chosen.fset)))
    _wrap_class_method(PreTrainedModel, "from_pretrained", _checking)
    if "_autoset_attn_implementation" in vars(PreTrainedModel):  # until 4.53
        _wrap_class_method(PreTrainedModel, "_autoset_attn_implementation", _registering_of_config)


def _wrap_class_method(owner: type, name: str, wrap: Callable) -> None:
    original = vars(owner)[name].__func__
    setattr(owner, name, classmethod(functools.wraps(original)(wrap(original))))


def _checking_parts(set_name: Callable) -> Callable:
    def set_checked(config: Any, attn_implementation: Any) -> None:
        from .tripwire import check_parts

        check_parts(config, attn_implementation)
        set_name(config, attn_implementation)

    return set_checked


def _arming(post_init: Callable) -> Callable:
    def armed(model: Any, *arguments: Any, **keywords: Any) -> Any:
        from .tripwire import arm

        result = post_init(model, *arguments, **keywords)
        arm(model)
        return result

    return armed


def _arming_anew(set_attn_implementation: Callable) -> Callable:
    def set_and_arm(model: Any, attn_implementation: Any, *arguments: Any, **keywords: Any) -> Any:
        from .tripwire import arm, check_parts, check_settable, check_whole

        check_parts(model.config, attn_implementation)
        for name in names_in(attn_implementation):
            _register(name)
        check_settable(model, attn_implementation)
        result = set_attn_implementation(model, attn_implementation, *arguments, **keywords)
        arm(model)
        check_whole(model)
        return result

    return set_and_arm


def _checking(from_pretrained: Callable) -> Callable:
    def load_and_check(cls: Any, *arguments: Any, **keywords: Any) -> Any:
        from .tripwire import check_whole

        result = from_pretrained(cls, *arguments, **keywords)
        check_whole(result[0] if isinstance(result, tuple) else result)  # with output_loading_info there are two
        return result

    return load_and_check


def _registering(get_correct: Callable) -> Callable:
    def get_correct_and_register(model: Any, requested: Any, *arguments: Any, **keywords: Any) -> Any:
        _prepare(type(model), requested)
        return get_correct(model, requested, *arguments, **keywords)

    return get_correct_and_register


def _registering_of_config(autoset: Callable) -> Callable:
    def autoset_and_register(cls: Any, config: Any, *arguments: Any, **keywords: Any) -> Any:
        from .tripwire import check_parts

        requested = getattr(config, "_attn_implementation_internal", None)
        check_parts(config, requested)
        _prepare(cls, requested)
        return autoset(cls, config, *arguments, **keywords)

    return autoset_and_register


def _prepare(model_class: type, requested: Any) -> None:
    from .tripwire import check_file, ours

    for name in names_in(requested):
        _register(name)
    if ours(requested) is not None:
        check_file(model_class, requested)


def _register(name: str) -> None:
    from .tripwire import THEIRS

    if name not in THEIRS:
        from .registration import register

        register(name)
