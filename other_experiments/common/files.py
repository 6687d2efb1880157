"""Files that are written whole or not at all: the package's own."""

from onmt_evsoftmax.base.files import PathLike, atomic_write

__all__ = ["PathLike", "atomic_write"]
