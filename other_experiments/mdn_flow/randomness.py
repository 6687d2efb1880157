"""torch's global generator, which distributions and flows draw from, set for a purpose and then put back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from ..common.seeding import generator


@contextlib.contextmanager
def seeded(seed: int, purpose: str) -> Iterator[None]:
    """Inside the block torch's own draws depend on both arguments and on nothing else."""
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed also queues a call for every accelerator that is not there, with a traceback each
        torch.default_generator.manual_seed(generator(seed, purpose).initial_seed())
        yield
