"""The IDX format of MNIST: a magic number, big-endian sizes, bytes."""

from __future__ import annotations

import struct

import numpy as np

from .errors import ExperimentError

UNSIGNED_BYTE = 0x08


def parse_idx(content: bytes, shape: tuple[int, ...], name: object) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, uint8 of the given shape.

    Args:
        content: the file after decompression.
        shape: what the array must have.
        name: the file, for the message.

    Raises:
        ExperimentError: wrong magic number, other sizes, too few bytes or too many.
    """
    header = 4 + 4 * len(shape)
    if len(content) < header:
        raise ExperimentError(f"{name}: truncated: {len(content)} bytes, and its header alone takes {header}")
    magic, *sizes = struct.unpack(f">{1 + len(shape)}I", content[:header])
    expected = UNSIGNED_BYTE << 8 | len(shape)
    if magic != expected:
        raise ExperimentError(
            f"{name}: magic number {magic:#x} instead of {expected:#x}: no IDX file of bytes in "
            f"{len(shape)} dimension(s)"
        )
    if tuple(sizes) != shape:
        raise ExperimentError(f"{name}: its header says {_product(sizes)}, expected {_product(shape)}")
    size = int(np.prod(shape))
    if len(content) - header != size:
        word = "truncated" if len(content) - header < size else "too long"
        raise ExperimentError(f"{name}: {word}: {len(content) - header} bytes of data instead of {size}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _product(sizes: object) -> str:
    return " x ".join(map(str, sizes))
