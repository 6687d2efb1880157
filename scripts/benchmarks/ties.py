"""How often padding changes which keys ev-softmax attention keeps, where scores tie with their mean.

    OMP_NUM_THREADS=1 python scripts/benchmarks/ties.py

Queries and keys are multiples of 1/4 between -3/4 and 3/4, so that ties are common; 11 keys are seen
alone, and padded to 13 and to 40. With trained, continuous keys there are hardly any ties. A minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Optional, cast

import torch
from torch import Tensor

from onmt_evsoftmax.attention import attention

KEYS = 11
PADDED = (13, 40)
FORMS = ("reference", "dense", "blockwise")


def on_grid(*shape: int) -> Tensor:
    """Multiples of 1/4."""
    return torch.randint(-3, 4, shape).float() / 4


def share_changed(form: str, dim: int, queries: int, padded: int, repetitions: int) -> float:
    """The share of queries whose support is another one with padding behind the keys."""
    weights = cast(Callable[..., Tensor], partial(attention, implementation=form))
    changed = 0
    for _ in range(repetitions):
        query, key = on_grid(1, 1, queries, dim), on_grid(1, 1, KEYS, dim)
        longer = torch.cat((key, torch.randn(1, 1, padded - KEYS, dim)), 2)
        # with the identity as values the output is the weights
        alone = weights(query, key, torch.eye(KEYS)[None, None])
        values = torch.eye(padded)[None, None, :, :KEYS]
        lengths = torch.tensor([KEYS])
        together = weights(query, longer, values, key_lengths=lengths)
        changed += int(((alone > 0) != (together > 0)).any(-1).sum())
    return changed / (repetitions * queries)


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=100, help="batches per figure (default: 100)")
    parser.add_argument("--dims", type=int, nargs="+", default=(8, 32, 64), help="of a head (default: 8 32 64)")
    arguments = parser.parse_args(argv)
    torch.manual_seed(0)
    lengths = " / ".join(map(str, PADDED))
    print(f"torch {torch.__version__}, seed 0; changed queries in %, {KEYS} keys padded to {lengths}")
    for form in FORMS:
        for dim in arguments.dims:
            # up to dim queries dense and blockwise centre rows of scores, beyond it keys
            for queries in (dim, dim + 1):
                options = (form, dim, queries)
                shares = (share_changed(*options, padded, arguments.repetitions) for padded in PADDED)
                figures = " / ".join(f"{100 * share:.2f}" for share in shares)
                print(f"{form}, dim {dim}, {queries} queries: {figures}", flush=True)


if __name__ == "__main__":
    main()
