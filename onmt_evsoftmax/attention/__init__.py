"""Query, key, value -> context with any of the mappings; ev-softmax at the cost of softmax."""

from .api import attention
from .implementations import IMPLEMENTATIONS

__all__ = ["IMPLEMENTATIONS", "attention"]
