"""The options that name a mapping, in configurations and checkpoints; for rooms that load no framework."""

from __future__ import annotations

from argparse import Namespace

SELF, CONTEXT, GENERATOR = "self_attn_function", "context_attn_function", "generator_function"
FUNCTION_KEYS = (SELF, CONTEXT, GENERATOR)


def sparse_settings(options: Namespace) -> list[str]:
    """``key=function`` for every function in a model's options that is not softmax."""
    functions = {key: getattr(options, key, None) for key in FUNCTION_KEYS}
    return [f"{key}={function}" for key, function in functions.items() if function not in (None, "softmax")]
