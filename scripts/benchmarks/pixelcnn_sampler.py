"""Time to draw code maps: every position once, against one forward pass for each position.

    OMP_NUM_THREADS=1 python -m scripts.benchmarks.pixelcnn_sampler --out docs/results

writes pixelcnn_sampler.json and .md there, in about a minute. A forward pass costs the naive way the same at
every position, so some of them are timed in turn with whole maps of the cached way, and the naive time is that
of one pass times the number of positions. Both ways draw through ev-softmax.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

import torch
from torch.nn.utils import convert_conv2d_weight_memory_format

from onmt_evsoftmax.base.files import atomic_write
from other_experiments.common.config import load_config
from other_experiments.common.tables import table
from other_experiments.vqvae.pixelcnn import PixelCNN
from other_experiments.vqvae.sampler import draw, sample
from other_experiments.vqvae.train import CONFIG

from .common import CLOCKS, machine

CLASSES = 200
SIZES = {"cpu": (8, 250), "paper": (16, 40)}
"""Preset of the config -> side of a code map, and how many maps are drawn together."""


def measure(preset: str, side: int, maps: int, rounds: int) -> dict[str, Any]:
    """Seconds of processor time for ``maps`` maps, both ways: medians over the rounds."""
    settings = load_config(CONFIG, preset=preset)
    codes = settings["autoencoder"]["codes"]
    torch.manual_seed(0)
    model = convert_conv2d_weight_memory_format(PixelCNN(codes, CLASSES, settings["prior"]).eval(), torch.channels_last)
    labels, drawn = torch.randint(CLASSES, (maps,)), torch.randint(codes, (maps, side, side))
    random = torch.Generator().manual_seed(0)

    def one_position() -> None:
        with torch.no_grad():
            draw(model(drawn, labels)[:, :, side // 2, side // 2], "evsoftmax", random)

    def cached() -> None:
        sample(model, labels, side, side, "evsoftmax", random)

    passes, whole = [], []
    for number in range(rounds + 1):
        times = seconds(one_position), seconds(cached)
        if number:  # the first round warms the caches
            passes.append(times[0])
            whole.append(times[1])
    one, own = statistics.median(passes), statistics.median(whole)
    return {
        "preset": preset,
        "side": side,
        "layers": settings["prior"]["layers"],
        "hidden": settings["prior"]["hidden"],
        "maps": maps,
        "forward": one,
        "naive": one * side**2,
        "cached": own,
        "passes": own / one,
        "speedup": one * side**2 / own,
    }


def seconds(work: Callable[[], None]) -> float:
    start = CLOCKS["cpu"]()
    work()
    return CLOCKS["cpu"]() - start


def report(rows: Sequence[dict[str, Any]]) -> str:
    """The table."""
    header = (
        "codes", "layers, channels", "maps together", "one forward pass, s", "cached, s", "in forward passes",
        "one pass per position, s", "faster by",
    )  # fmt: skip
    cells = [
        (
            f"{row['side']} x {row['side']}",
            f"{row['layers']}, {row['hidden']}",
            row["maps"],
            f"{row['forward']:.2f}",
            f"{row['cached']:.2f}",
            f"{row['passes']:.1f}",
            f"{row['naive']:.0f}",
            f"{row['speedup']:.0f}",
        )
        for row in rows
    ]
    return table(header, cells)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the table and its numbers there")
    options = parser.parse_args(arguments)
    rows = [measure(preset, *size, options.rounds) for preset, size in SIZES.items()]
    print(report(rows), end="")
    if options.out is not None:
        with atomic_write(options.out / "pixelcnn_sampler.json") as stream:
            json.dump({"machine": machine(), "rows": rows}, stream, indent=1)
        with atomic_write(options.out / "pixelcnn_sampler.md") as stream:
            stream.write(report(rows))


if __name__ == "__main__":
    main()
