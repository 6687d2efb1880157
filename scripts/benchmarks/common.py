"""What the benchmarks share: the machine, clocks, and a count of memory."""

from __future__ import annotations

import os
import platform
import time
import weakref
from pathlib import Path

import entmax
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
"""Processor time does not see other work on the machine, but counts the waiting of a second thread."""


class PeakMemory(TorchDispatchMode):
    """Counts the bytes of the storages that operations make, while these are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = self.peak = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        given = {a.untyped_storage().data_ptr() for a in args if isinstance(a, Tensor)}
        given |= {a.untyped_storage().data_ptr() for a in (kwargs or {}).values() if isinstance(a, Tensor)}
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, Tensor) and tensor.untyped_storage().data_ptr() not in given:
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        self.alive += storage.nbytes()
        self.peak = max(self.peak, self.alive)
        weakref.finalize(storage, self._forget, storage.nbytes())

    def _forget(self, size: int) -> None:
        self.alive -= size


def released_evsoftmax(scores: Tensor) -> Tensor:
    """ev-softmax as the authors' code computes it: softmax, a product with 0 or 1, and a division.

    Their masks are -1e18, and count in the mean.
    """
    kept = torch.ones_like(scores)
    kept[scores < scores.mean(-1, keepdim=True)] = 0.0
    product = torch.softmax(scores, -1) * kept
    return product / product.sum(-1, keepdim=True)


def machine() -> dict[str, object]:
    """Processor, threads and versions, on which the measured numbers depend."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = models[0] if models else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "entmax": getattr(entmax, "__version__", "?"),
    }
