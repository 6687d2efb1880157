"""Seeds on the command line, and a stream of random numbers for each use of one."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator

import torch

from onmt_evsoftmax.base.errors import InputError


def parse_seeds(text: str) -> list[int]:
    """Seeds in the order given; ranges include both ends.

    Raises:
        InputError: something else than numbers and ranges, a falling range, or a repeated seed.

    >>> parse_seeds("0-3,12")
    [0, 1, 2, 3, 12]
    """
    seeds: list[int] = []
    for part in str(text).split(","):
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if match is None:
            raise InputError(f"seeds {text!r}: {part!r} is neither seed nor range; write 0-9,12")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise InputError(f"seeds {text!r}: the range {part!r} runs backwards")
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise InputError(f"seeds {text!r}: a seed is named twice")
    return seeds


def generator(seed: int, purpose: str) -> torch.Generator:
    """A generator whose stream depends on both arguments and on nothing else.

    Streams of different purposes ("initialisation", "order", "noise") are unrelated, so drawing
    more numbers for one of them does not shift the others.
    """
    digest = hashlib.sha256(f"{purpose}/{seed}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


@contextlib.contextmanager
def seeded(seed: int, purpose: str) -> Iterator[None]:
    """Inside the block torch's own draws, such as those of layers and distributions, are of `generator`'s seed.

    torch's global generator is put back afterwards.
    """
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed also queues a call for every accelerator that is not there, with a traceback each
        torch.default_generator.manual_seed(generator(seed, purpose).initial_seed())
        yield
