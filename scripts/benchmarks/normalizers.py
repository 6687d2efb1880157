"""Time and memory of every mapping, torch's softmax, entmax's own functions and the released ev-softmax.

    OMP_PROC_BIND=true python scripts/benchmarks/normalizers.py --out docs/results/normalizers

writes normalizers.json, .md and .png there, in about 15 minutes on a quiet machine. OMP_PROC_BIND
gives each thread a core of its own; without it two may share one for a while, and such a while
meets one contestant. In each round
every contestant has its turn, in an order shuffled anew, so that a change of the machine's pace
meets all of them. A turn is a run that does not count, which brings code and memory into the
caches, and as many that do as fit into 4 ms, three at least. The median of all runs that count
is reported.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Optional

import entmax
import torch
from common import CLOCKS, PeakMemory, machine, released_evsoftmax
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write
from onmt_evsoftmax.normalizers import get, names

SHAPES = ("8192x32", "8192x128", "8192x1024", "64x32000")
BASELINE = "torch softmax"
COPY = "one copy of the scores"
PASSES = "the extra passes of ev-softmax alone"
UNCHECKED = "ev-softmax without any check"
BYTES = {COPY: 8, PASSES: 20}
"""Bytes moved per float32 score. The passes read it, read and write it, and read and write it again."""
MASKED_SHARE = 0.3
TURN_SECONDS = 0.004
TINY = 2.0**-149
"""The smallest float32 above 0: a difference to the mean is at least 0 if it is greater than -TINY."""


@dataclass(frozen=True)
class Measurement:
    """One contestant at one shape: milliseconds, their ratios to torch's softmax, and memory.

    ``extra_mib`` is the largest amount of tensors alive at once during forward and backward,
    the scores, the mask, the incoming gradient and the gradient of the scores not counted.
    """

    shape: str
    threads: int
    masked: bool
    name: str
    forward_ms: float
    total_ms: float
    forward_ratio: float
    total_ratio: float
    extra_mib: float


def extra_passes(buffer: Tensor) -> Callable[[Tensor], Tensor]:
    """The passes that `evsoftmax` makes besides softmax, into memory that is there already: its least cost."""

    def run(scores: Tensor) -> Tensor:
        mean = scores.detach().sum(-1, keepdim=True).div_(scores.shape[-1])
        centred = torch.sub(scores.detach(), mean, out=buffer)
        return torch.threshold_(centred, 0.0, -torch.inf)

    return run


class UncheckedEvSoftmax(torch.autograd.Function):
    """The passes of `evsoftmax` and softmax's own backward, and nothing that makes them safe.

    Wrong for NaN, for masked scores, for outliers and where the mean is rounded up. What `evsoftmax` costs
    beyond it are its guarantees; what it costs beyond softmax no implementation out of torch's operations saves.
    """

    @staticmethod
    def forward(ctx, scores: Tensor) -> Tensor:
        centred = scores - scores.sum(-1, keepdim=True).div_(scores.shape[-1])
        torch.threshold_(centred, -TINY, -torch.inf)
        probabilities = torch.softmax(centred, -1, out=centred)
        ctx.save_for_backward(probabilities)
        return probabilities

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (probabilities,) = ctx.saved_tensors
        return torch._softmax_backward_data(gradient, probabilities, -1, gradient.dtype)


def contestants(mask: Optional[Tensor], buffer: Tensor) -> dict[str, Callable[[Tensor], Tensor]]:
    """Name -> function of the scores alone. The baseline is unmasked softmax in either case."""
    ours = {f"ours: {n.printed_name}": lambda v, f=n.function: f(v, mask) for n in map(get, names())}
    if mask is None:
        return {
            BASELINE: _softmax,
            COPY: lambda v: buffer.copy_(v.detach()),
            PASSES: extra_passes(buffer),
            UNCHECKED: UncheckedEvSoftmax.apply,
            **ours,
            "entmax: sparsemax": entmax.sparsemax,
            "entmax: entmax15": entmax.entmax15,
            "released ev-softmax": released_evsoftmax,
        }
    hidden = ~mask
    return {
        BASELINE: _softmax,
        "torch softmax, masked_fill": lambda v: _softmax(v.masked_fill(hidden, -torch.inf)),
        **ours,
        "entmax: sparsemax, masked_fill": lambda v: entmax.sparsemax(v.masked_fill(hidden, -torch.inf)),
        "entmax: entmax15, masked_fill": lambda v: entmax.entmax15(v.masked_fill(hidden, -torch.inf)),
        "released ev-softmax, masked_fill": lambda v: released_evsoftmax(v.masked_fill(hidden, -1e18)),
    }


def _softmax(scores: Tensor) -> Tensor:
    return torch.softmax(scores, -1)


def run_once(
    function: Callable[[Tensor], Tensor], scores: Tensor, gradient: Tensor, clock: Callable[[], float]
) -> tuple[float, float]:
    """Seconds of the forward pass, and of forward and backward together."""
    scores.grad = None
    start = clock()
    result = function(scores)
    forward = clock() - start
    if result.requires_grad:
        result.backward(gradient)
    return forward, clock() - start


def take_turn(run: Callable[[], tuple[float, float]]) -> list[tuple[float, float]]:
    """The times of the runs of one contestant's turn in a round."""
    _, once = run()
    return [run() for _ in range(max(3, int(TURN_SECONDS / once)))]


def peak_extra(function: Callable[[Tensor], Tensor], scores: Tensor, gradient: Tensor) -> int:
    """Peak memory of forward and backward without the scores' gradient, in bytes; see `Measurement.extra_mib`."""
    with PeakMemory() as memory:
        run_once(function, scores, gradient, time.perf_counter)
    return max(0, memory.peak - scores.nbytes)


def measure(shape: str, threads: int, masked: bool, seconds: float, clock: str) -> list[Measurement]:
    """Time all contestants at one shape for about ``seconds`` of rounds, three at least."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    size = parse_shape(shape)
    scores, gradient = torch.randn(size, requires_grad=True), torch.randn(size)
    functions = contestants(torch.rand(size) > MASKED_SHARE if masked else None, torch.empty(size))
    memory = {name: peak_extra(function, scores, gradient) for name, function in functions.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    end, rounds, order = time.perf_counter() + seconds, 0, random.Random(0)
    while time.perf_counter() < end or rounds < 3:
        for name in order.sample(list(functions), len(functions)):
            times[name] += take_turn(partial(run_once, functions[name], scores, gradient, CLOCKS[clock]))
        rounds += 1
    medians = {name: [statistics.median(column) * 1e3 for column in zip(*runs)] for name, runs in times.items()}
    forward, total = medians[BASELINE]
    return [
        Measurement(shape, threads, masked, name, one, both, one / forward, both / total, memory[name] / 2**20)
        for name, (one, both) in medians.items()
    ]


def parse_shape(text: str) -> tuple[int, int]:
    """``"8192x32"`` -> (8192, 32), rows and classes.

    Raises:
        InputError: it is not written like this.
    """
    try:
        rows, classes = map(int, text.split("x"))
    except ValueError:
        raise InputError(f"--shapes {text}: write rows x classes, such as 8192x128") from None
    return rows, classes


def table(results: Sequence[Measurement], about: dict[str, object]) -> str:
    """Markdown: a section for each number of threads and masking, with ratios to torch's softmax."""
    lines = ["# Speed of the mappings", "", ", ".join(f"{key} {value}" for key, value in about.items()), ""]
    for threads, masked in sorted({(r.threads, r.masked) for r in results}):
        part = [r for r in results if (r.threads, r.masked) == (threads, masked)]
        shapes = list(dict.fromkeys(r.shape for r in part))
        title = f"{threads} thread{'s' * (threads > 1)}, {'masked' if masked else 'no mask'}"
        lines += [f"## {title}: forward+backward (forward) as a ratio to {BASELINE}, extra MiB", ""]
        lines += ["| | " + " | ".join(shapes) + " |", "|---|" + "---:|" * len(shapes)]
        for name in dict.fromkeys(r.name for r in part):
            cells = [f"{r.total_ratio:.2f} ({r.forward_ratio:.2f}), {r.extra_mib:.3g}" for r in part if r.name == name]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        base = [f"{r.total_ms:.3g} ms" for r in part if r.name == BASELINE]
        lines.append(f"| *{BASELINE} takes* | " + " | ".join(base) + " |")
        for name in BYTES:
            speeds = [f"{_gigabytes_per_second(r):.3g} GB/s" for r in part if r.name == name]
            lines += [f"| *{name}: moves* | " + " | ".join(speeds) + " |"] if speeds else []
        lines.append("")
    return "\n".join(lines)


def _gigabytes_per_second(result: Measurement) -> float:
    return BYTES[result.name] * math.prod(parse_shape(result.shape)) / result.total_ms / 1e6


def plot(results: Sequence[Measurement], path: Path) -> None:
    """Bars of the forward+backward ratio, a panel for each number of threads and masking."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    panels = sorted({(r.threads, r.masked) for r in results})
    rows = math.ceil(len(panels) / 2)
    figure, axes = plt.subplots(rows, 2, figsize=(14, 5.5 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    for axis, (threads, masked) in zip(axes.flat, panels):
        part = [r for r in results if (r.threads, r.masked) == (threads, masked)]
        shapes, names = (list(dict.fromkeys(column)) for column in zip(*((r.shape, r.name) for r in part)))
        for index, shape in enumerate(shapes):
            ratios = [next(r.total_ratio for r in part if (r.shape, r.name) == (shape, name)) for name in names]
            positions = [row + 0.8 * (index / len(shapes) - 0.4) for row in range(len(names))]
            axis.barh(positions, ratios, height=0.8 / len(shapes), label=shape)
        axis.set(xscale="log", xlabel="time, forward + backward; torch softmax = 1", yticks=range(len(names)))
        axis.set_yticklabels(names)
        axis.set_title(f"{threads} thread{'s' * (threads > 1)}, {'masked' if masked else 'no mask'}")
        axis.axvline(1, color="black", linewidth=0.8)
        axis.invert_yaxis()
        axis.grid(axis="x", alpha=0.3)
    figure.legend(*axes[0][0].get_legend_handles_labels(), title="rows x classes", loc="outside right upper")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", default=SHAPES, metavar="ROWSxCLASSES")
    parser.add_argument("--threads", nargs="+", type=int, default=(1, 2))
    parser.add_argument("--seconds", type=float, default=45, help="of rounds for each table column (default: 45)")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine, with one thread")
    parser.add_argument("--out", type=Path, help="prefix of the .json, .md and .png to write")
    arguments = parser.parse_args(argv)
    results = []
    for threads in arguments.threads:
        for masked in (False, True):
            for shape in arguments.shapes:
                results += measure(shape, threads, masked, arguments.seconds, arguments.clock)
                print(f"measured {shape}, {threads} threads, {'masked' if masked else 'no mask'}", flush=True)
    binding = os.environ.get("OMP_PROC_BIND", "not set")
    about = {**machine(), "clock": arguments.clock, "OMP_PROC_BIND": binding}
    text = table(results, about)
    print(text)
    if arguments.out:
        with atomic_write(arguments.out.with_suffix(".json")) as stream:
            json.dump({"machine": about, "measurements": [asdict(r) for r in results]}, stream, indent=1)
        with atomic_write(arguments.out.with_suffix(".md")) as stream:
            stream.write(text)
        plot(results, arguments.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
