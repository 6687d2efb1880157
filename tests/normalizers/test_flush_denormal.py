"""A score on a mean of 0 is kept on a CPU that takes denormal numbers for 0, in any of its threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import torch
from onmt_evsoftmax import evsoftmax, log_evsoftmax
from onmt_evsoftmax.attention import attention

threads, when = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(threads)
if when == "late":  # the other threads are there already, and do not take it over
    torch.ones(2**20).mul(2.0)
assert torch.set_flush_denormal(True)
if when == "and off":
    torch.ones(2**20).mul(2.0)
    torch.set_flush_denormal(False)
else:
    assert (torch.tensor(1e-40) * 1.0).item() == 0
rows = 10000  # enough for several threads
for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
    for row in ([0.0, 0, 1, -1], [-0.0, 2, -2, 0], [0.0] * 4, [1.0, 0, -1, -1e-7], [3.0, -1, -1, -1]):
        scores = torch.tensor(row).to(dtype).expand(rows, 4).contiguous()
        kept = (scores[0] >= scores[0].double().mean()).expand(rows, 4)
        padded = torch.cat((scores, torch.full_like(scores[:, :1], -torch.inf)), 1)
        visible = padded > -torch.inf
        for name, weights in {
            "plain scores": evsoftmax(scores),
            "first dimension": evsoftmax(scores.T, dim=0).T,
            "masked scores": evsoftmax(padded)[:, :4],
            "mask": evsoftmax(padded, visible)[:, :4],
            "mask over finite scores": evsoftmax(padded.nan_to_num(neginf=1.0), visible)[:, :4],
            "mask of everything": evsoftmax(scores, torch.ones_like(kept)),
            "logarithm": log_evsoftmax(scores).exp(),
            "training form": evsoftmax(scores, eps=1e-6).where(evsoftmax(scores, eps=1e-6) > 1e-5, 0),
        }.items():
            assert torch.equal(weights > 0, kept), (name, dtype, row, weights[(weights > 0) != kept])
        if dtype in (torch.float32, torch.float64):
            key = torch.tensor([[0.0], [0.0], [1.0], [-1.0]], dtype=dtype)[None, None]
            value = torch.eye(4, dtype=dtype)[None, None]
            for queries in (1, 64):  # centred by row, and by key
                query = torch.ones(1, 1, queries, 1, dtype=dtype)
                for form in ("reference", "dense", "blockwise"):
                    weights = attention(query, key, value, implementation=form)
                    assert (weights > 0).tolist() == [[[[True, True, True, False]] * queries]], (form, weights)
print("held")
"""


@pytest.mark.parametrize("threads, when", ((1, "early"), (2, "late"), (2, "and off")))
def test_a_tie_with_a_mean_of_zero_survives(threads, when):
    # a process of its own: the flag stays in the threads that were started under it
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive"}
    command = [sys.executable, "-c", PROGRAM, str(threads), when]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0 and result.stdout == "held\n", result.stderr[-2000:]
