"""Attention archives: the file, the words that its pieces make up, and the maps picked out of it. Knows no torch.

`attention_archive` is the format with its one checked reader, `segmentation` and `words` go from pieces to words,
`models` opens archives side by side, and `panel` picks one map out of each.
"""

from .attention_archive import KINDS, SIDES, AttentionArchive, Sentence, read_array, write_archive

__all__ = ["KINDS", "SIDES", "AttentionArchive", "Sentence", "read_array", "write_archive"]
