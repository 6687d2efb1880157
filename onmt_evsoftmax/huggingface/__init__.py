"""Everything that knows Transformers exists. Importing this package activates the plugin."""

from .activation import activate
from .modules import attention_calls
from .names import AttentionFunctions

__all__ = ["AttentionFunctions", "activate", "attention_calls"]

activate()
