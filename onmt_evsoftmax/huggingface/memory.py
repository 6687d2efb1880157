"""The function of a model in its config.json, which Transformers itself leaves out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

from .tripwire import is_written_like_ours

KEYS = ("attn_implementation", "_attn_implementation_internal")
"""Transformers 5 reads the first. Transformers 4 replaces it by None, and takes the second for any attribute, which
Transformers 5 does not. Without this package each then finds a name that it does not know, and refuses it."""


def remembering(to_dict: Callable) -> Callable:
    """Wrap ``PreTrainedConfig.to_dict`` or ``to_diff_dict``, behind save_pretrained, checkpoints and copies."""

    def to_dict_with_function(config: Any, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        result = to_dict(config, *arguments, **keywords)
        name = to_store(config)
        for key in KEYS:
            result.pop(key, None)
            if name is not None:
                result[key] = name
        return result

    return to_dict_with_function


def to_store(config: Any) -> Union[str, dict[str, Any], None]:
    """What config.json gets as ``attn_implementation``; None where no function is ours.

    Where the parts of a composite model differ, all of them are named, as in Transformers' own dictionaries.
    """
    own = getattr(config, "_attn_implementation", None)
    parts: dict[str, Any] = {key: getattr(config, key, None) for key in getattr(config, "sub_configs", {})}
    parts = {key: part for key, part in parts.items() if hasattr(part, "_attn_implementation")}
    stored = {key: to_store(part) for key, part in parts.items()}
    if not is_written_like_ours(own) and not any(stored.values()):
        return None
    named = {"": own, **{key: stored[key] or part._attn_implementation for key, part in parts.items()}}
    if all(name == own for name in named.values()):
        return own
    return {key: name for key, name in named.items() if name is not None}


def overridable(from_dict: Callable) -> Callable:
    """Wrap ``PreTrainedConfig.from_dict``: what the caller names wins over what is stored."""

    def from_dict_with_override(cls: Any, config_dict: dict[str, Any], **keywords: Any) -> Any:
        stored = next((config_dict[key] for key in KEYS if key in config_dict), None)
        if keywords.get("attn_implementation") is None and stored is not None:
            keywords["attn_implementation"] = stored
        return from_dict(cls, _without_names(config_dict), **keywords)

    return from_dict_with_override


def _without_names(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration and its parts without the names, which the caller of the whole gives."""
    kept = {key: value for key, value in config.items() if key not in KEYS}
    return {key: _without_names(value) if isinstance(value, dict) else value for key, value in kept.items()}
