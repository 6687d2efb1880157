"""Time and memory of attention: ours, plain softmax, torch's fused one, the released one, entmax's functions.

    python scripts/benchmarks/attention.py --out docs/results/attention
    python scripts/benchmarks/attention.py --device cuda --out docs/results/attention-cuda

writes .json, .md and .png there; on two quiet cores in about 25 minutes. In each round every
contestant runs once, so that a change of the machine's pace meets all of them; the median over the
rounds counts. Without a CUDA device the second command measures nothing, and its result says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Optional, cast

import entmax
import torch
from common import CLOCKS, PeakMemory, machine, released_evsoftmax
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from onmt_evsoftmax.attention import attention
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write

SHAPES = ("32x8x32x64", "16x8x64x64", "4x8x256x64", "1x8x1024x64", "1x8x4096x64", "1x1x16384x64")
SHAPES_CUDA = tuple(
    f"{max(1, 16384 // length)}x16x{length}x{dim}"
    for dim in (64, 128)
    for length in (512, 1024, 2048, 4096, 8192, 16384, 32768)
)
PLAIN, FUSED = "softmax, plain", "softmax, scaled_dot_product_attention"
COPIES = 8
"""Tensors of the size of all scores that a contestant without blocks may hold at once."""

Run = Callable[[Tensor, Tensor, Tensor], Tensor]


class Contestant(NamedTuple):
    """``run(query, key, value)``; ``quadratic`` holds all scores at once; ``trains`` has a backward pass."""

    run: Run
    quadratic: bool = False
    trains: bool = True


@dataclass(frozen=True)
class Measurement:
    """One contestant at one shape (batch x heads x length x dim).

    Times are milliseconds, None where there is no backward pass. Ratios are to the median of
    ``baseline``. ``extra_mib`` is the largest amount of tensors alive at once, without query, key,
    value, context and their gradients. ``skipped`` says why nothing was measured.
    """

    shape: str
    causal: bool
    threads: int
    name: str
    baseline: str = PLAIN
    forward_ms: Optional[float] = None
    total_ms: Optional[float] = None
    forward_ratio: Optional[float] = None
    total_ratio: Optional[float] = None
    extra_mib: Optional[float] = None
    skipped: str = ""


def written_out(mapping: Callable[[Tensor], Tensor], causal: bool, fill: float = -math.inf) -> Run:
    """Attention as a model without a fused kernel computes it: scores, masked_fill, mapping, product."""

    def run(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        if causal:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu_(1)
            scores = scores.masked_fill(future, fill)
        return mapping(scores) @ value

    return run


def _ours(implementation: str, causal: bool, function: str = "evsoftmax") -> Run:
    return cast(Run, partial(attention, function=function, is_causal=causal, implementation=implementation))


def contestants(causal: bool, device: str) -> dict[str, Contestant]:
    """Name -> contestant."""
    fused = Contestant(lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=causal))
    if device == "cuda":
        return {
            FUSED: fused,
            "ev-softmax, ours, flex": Contestant(_ours("flex", causal)),
            "softmax, flex": Contestant(_ours("flex", causal, "softmax")),
            "entmax-1.5, entmax": Contestant(written_out(entmax.entmax15, causal), quadratic=True),
            **_adasplash(causal),
        }
    return {
        PLAIN: Contestant(written_out(lambda v: torch.softmax(v, -1), causal), quadratic=True),
        FUSED: fused,
        "softmax, ours, dense": Contestant(_ours("dense", causal, "softmax"), quadratic=True),
        "ev-softmax, ours, dense": Contestant(_ours("dense", causal), quadratic=True),
        "ev-softmax, ours, blockwise": Contestant(_ours("blockwise", causal)),
        "ev-softmax, ours, flex": Contestant(_ours("flex", causal), trains=False),
        "ev-softmax, released": Contestant(written_out(released_evsoftmax, causal, -1e18), quadratic=True),
        "sparsemax, entmax": Contestant(written_out(entmax.sparsemax, causal), quadratic=True),
        "entmax-1.5, entmax": Contestant(written_out(entmax.entmax15, causal), quadratic=True),
    }


def _adasplash(causal: bool) -> dict[str, Contestant]:
    if importlib.util.find_spec("adasplash") is None:
        return {}
    from adasplash import adasplash

    return {"entmax-1.5, AdaSplash": Contestant(lambda q, k, v: adasplash(q, k, v, 1.5, is_causal=causal))}


class Setting(NamedTuple):
    """The tensors and the clock that all contestants at one shape share."""

    tensors: tuple[Tensor, Tensor, Tensor]
    gradient: Tensor
    clock: Callable[[], float]

    @classmethod
    def of(cls, shape: str, device: str, clock: str) -> Setting:
        """Normal queries, keys and values; bfloat16 on a GPU."""
        torch.manual_seed(0)
        kind = torch.bfloat16 if device == "cuda" else torch.float32
        query, key, value, gradient = (torch.randn(parse_shape(shape), device=device, dtype=kind) for _ in range(4))
        tensors = (query.requires_grad_(), key.requires_grad_(), value.requires_grad_())
        return cls(tensors, gradient, _synchronised if device == "cuda" else CLOCKS[clock])

    def run(self, contestant: Contestant) -> tuple[float, float]:
        """Seconds of the forward pass, and of forward and backward together."""
        for tensor in self.tensors:
            tensor.grad = None
        with torch.set_grad_enabled(contestant.trains):
            start = self.clock()
            output = contestant.run(*self.tensors)
            forward = self.clock() - start
        if not contestant.trains:
            return forward, math.nan
        output.backward(self.gradient)
        return forward, self.clock() - start

    def extra_bytes(self, contestant: Contestant) -> int:
        """Peak memory of forward and backward, in bytes; see `Measurement.extra_mib`."""
        known = self.gradient.nbytes * (4 if contestant.trains else 1)
        if self.gradient.is_cuda:
            self.run(contestant)
            before = torch.cuda.memory_allocated() - 3 * self.gradient.nbytes
            torch.cuda.reset_peak_memory_stats()
            self.run(contestant)
            return max(0, torch.cuda.max_memory_allocated() - before - known)
        with PeakMemory() as memory:
            self.run(contestant)
        return max(0, memory.peak - known)


def _synchronised() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def measure(shape: str, causal: bool, threads: int, arguments: argparse.Namespace) -> list[Measurement]:
    """Time all contestants at one shape for about ``--seconds`` of rounds, three at least."""
    torch.set_num_threads(threads)
    torch.compiler.reset()  # on a CPU flex is compiled for each shape, and torch limits how often
    setting = Setting.of(shape, arguments.device, arguments.clock)
    batch, heads, length, _ = parse_shape(shape)
    needed = COPIES * batch * heads * length**2 * setting.gradient.element_size() / 2**30
    everyone = contestants(causal, arguments.device)
    taking_part = {
        name: contestant
        for name, contestant in everyone.items()
        if not (contestant.quadratic and needed > arguments.memory)
    }
    extra = {}
    for name, contestant in taking_part.items():
        setting.run(contestant)  # flex compiles
        extra[name] = setting.extra_bytes(contestant) / 2**20 if "flex" not in name else None
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in taking_part}
    end = time.perf_counter() + arguments.seconds
    while time.perf_counter() < end or len(times[FUSED]) < 3:
        for name, contestant in taking_part.items():
            times[name].append(setting.run(contestant))
    reason = f"skipped: all scores at once may need {needed:.0f} GiB, more than --memory {arguments.memory:g}"
    case = (shape, causal, threads)
    return [
        _summary(case, name, times, extra) if name in taking_part else Measurement(*case, name, skipped=reason)
        for name in everyone
    ]


def _summary(case: tuple[str, bool, int], name: str, times: dict, extra: dict) -> Measurement:
    baseline = PLAIN if PLAIN in times else FUSED
    base, ours = ([statistics.median(column) * 1e3 for column in zip(*times[which])] for which in (baseline, name))
    ratios = [mine / theirs for mine, theirs in zip(ours, base)]
    forward, total, *shares = (None if math.isnan(number) else number for number in (*ours, *ratios))
    return Measurement(*case, name, baseline, forward, total, shares[0], shares[1], extra[name])


def parse_shape(text: str) -> tuple[int, int, int, int]:
    """``"32x8x32x64"`` -> batch, heads, length, dim.

    Raises:
        InputError: it is not written like this.
    """
    try:
        batch, heads, length, dim = map(int, text.split("x"))
    except ValueError:
        raise InputError(f"--shapes {text}: write batch x heads x length x dim, as 4x8x256x64") from None
    return batch, heads, length, dim


def table(results: Sequence[Measurement], about: dict[str, object]) -> str:
    """Markdown: a section for each number of threads, causal and not."""
    lines = ["# Speed of attention", "", ", ".join(f"{key} {value}" for key, value in about.items()), ""]
    for threads, causal in sorted({(r.threads, r.causal) for r in results}):
        part = [r for r in results if (r.threads, r.causal) == (threads, causal)]
        shapes = list(dict.fromkeys(r.shape for r in part))
        title = f"{threads} thread{'s' * (threads > 1)}, {'causal' if causal else 'no mask'}"
        lines += [f"## {title}: forward+backward (forward) as a ratio to the baseline, extra MiB", ""]
        lines += ["| | " + " | ".join(shapes) + " |", "|---|" + "---:|" * len(shapes)]
        for name in dict.fromkeys(r.name for r in part):
            cells = [_cell(r) for r in part if r.name == name]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        base = [r for r in part if r.name == r.baseline and not r.skipped]
        cells = [f"{r.name}: {r.total_ms:.3g} ms" for r in base]
        lines += ["| *the baseline and its time* | " + " | ".join(cells) + " |", ""]
        lines += [f"{note}.\n" for note in dict.fromkeys(f"{r.shape} {r.skipped}" for r in part if r.skipped)]
    return "\n".join(lines)


def _cell(result: Measurement) -> str:
    if result.skipped:
        return "skipped"
    total = "no backward" if result.total_ratio is None else f"{result.total_ratio:.2f}"
    memory = "" if result.extra_mib is None else f", {result.extra_mib:.3g}"
    return f"{total} ({result.forward_ratio:.2f}){memory}"


def plot(results: Sequence[Measurement], path: Path) -> None:
    """Cost against length: nanoseconds per score, forward and backward, a panel for each table."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    panels = sorted({(r.threads, r.causal) for r in results})
    figure, axes = plt.subplots(
        1, len(panels), figsize=(5.5 * len(panels) + 2.5, 5), squeeze=False, sharey=True, layout="constrained"
    )
    for axis, (threads, causal) in zip(axes[0], panels):
        for name in dict.fromkeys(r.name for r in results):
            points = sorted(
                (parse_shape(r.shape)[2], r.total_ms * 1e6 / _count_scores(r.shape))
                for r in results
                if (r.threads, r.causal, r.name) == (threads, causal, name) and r.total_ms is not None
            )
            if points:
                axis.plot(*zip(*points), marker="o", label=name)
        axis.set(xscale="log", yscale="log", xlabel="length", ylabel="ns per score, forward + backward")
        axis.set_title(f"{threads} thread{'s' * (threads > 1)}, {'causal' if causal else 'no mask'}")
        axis.grid(alpha=0.3)
    figure.legend(*axes[0][0].get_legend_handles_labels(), fontsize="small", loc="outside right center")
    figure.savefig(path, dpi=110)


def _count_scores(shape: str) -> int:
    batch, heads, length, _ = parse_shape(shape)
    return batch * heads * length**2


def write(prefix: Path, about: dict[str, object], results: Sequence[Measurement], text: str) -> None:
    """The .json, the .md and, if anything was measured, the .png."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(prefix.with_suffix(".json")) as stream:
        json.dump({"machine": about, "measurements": [asdict(r) for r in results]}, stream, indent=1)
    with atomic_write(prefix.with_suffix(".md")) as stream:
        stream.write(text)
    if results:
        plot(results, prefix.with_suffix(".png"))


def options(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--shapes", nargs="+", metavar="BATCHxHEADSxLENGTHxDIM")
    parser.add_argument("--threads", nargs="+", type=int, default=(2,))
    parser.add_argument("--seconds", type=float, default=60, help="of rounds for each column (default: 60)")
    parser.add_argument("--memory", type=float, default=6, help="GiB a contestant may take (default: 6)")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine, with one thread")
    parser.add_argument("--out", type=Path, help="prefix of the .json, .md and .png to write")
    arguments = parser.parse_args(argv)
    arguments.shapes = arguments.shapes or (SHAPES_CUDA if arguments.device == "cuda" else SHAPES)
    return arguments


def main(argv: Optional[Sequence[str]] = None) -> None:
    arguments = options(argv)
    about = {**machine(), "clock": arguments.clock, "device": arguments.device}
    results: list[Measurement] = []
    if arguments.device == "cuda" and not torch.cuda.is_available():
        about["device"] = "no CUDA device: nothing was measured"
    else:
        if arguments.device == "cuda":
            about["device"] = torch.cuda.get_device_name()
        for threads in arguments.threads:
            for causal in (False, True):
                for shape in arguments.shapes:
                    results += measure(shape, causal, threads, arguments)
                    print(f"measured {shape}, {threads} threads, causal {causal}", flush=True)
    text = table(results, about)
    print(text)
    if arguments.out:
        write(arguments.out, about, results, text)


if __name__ == "__main__":
    main()
