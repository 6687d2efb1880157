"""The function of a model in its config.json, which Transformers itself leaves out."""

from __future__ import annotations

from typing import Any, Callable

from .tripwire import ours

KEYS = ("attn_implementation", "_attn_implementation")
"""Transformers 5 reads the first. Transformers 4 replaces it by None, and sets the second like any other attribute. A
Transformers without this package knows neither's value, and refuses it."""


def remembering(to_dict: Callable) -> Callable:
    """Wrap ``PreTrainedConfig.to_dict``, behind save_pretrained, checkpoints and copies."""

    def to_dict_with_function(config: Any, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        result = to_dict(config, *arguments, **keywords)
        name = getattr(config, "_attn_implementation", None)
        for key in KEYS:
            result.pop(key, None)
            if ours(name) is not None:
                result[key] = name
        return result

    return to_dict_with_function


def overridable(from_dict: Callable) -> Callable:
    """Wrap ``PreTrainedConfig.from_dict``: what the caller names wins over what is stored."""

    def from_dict_with_override(cls: Any, config_dict: dict[str, Any], **keywords: Any) -> Any:
        stored = next((config_dict[key] for key in KEYS if key in config_dict), None)
        config_dict = {key: value for key, value in config_dict.items() if key not in KEYS}
        if keywords.get("attn_implementation") is None and stored is not None:
            keywords["attn_implementation"] = stored
        return from_dict(cls, config_dict, **keywords)

    return from_dict_with_override
