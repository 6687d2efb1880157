"""`torch.nn.MultiheadAttention` with any of the mappings, and a function that puts it into a model."""

from .multihead_attention import MultiheadAttention
from .replace import replace_attention

__all__ = ["MultiheadAttention", "replace_attention"]
