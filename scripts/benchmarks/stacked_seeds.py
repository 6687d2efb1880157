"""Time of a training step of the conditional autoencoder: seeds stacked against one after another.

    OMP_NUM_THREADS=1 python -m scripts.benchmarks.stacked_seeds --out docs/results/stacked_seeds

writes stacked_seeds.json and .md there, in about two minutes. Both ways run in turn in each
round, so that a change of the machine's pace meets both; the median over the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import torch

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.files import atomic_write
from other_experiments.common.config import load_config
from other_experiments.common.plots import METHODS, PRINTED
from other_experiments.cvae.batches import Batch
from other_experiments.cvae.model import ConditionalVAE
from other_experiments.cvae.train import CONFIG

SIZES = {"mnist": (784, []), "small": (64, ["small"])}
"""Pixels and presets: the paper's model, and that of the small preset."""


class Steps:
    """Training steps on one random batch; the weights move, the cost does not."""

    def __init__(self, name: str, seeds: Sequence[int], pixels: int, config: dict[str, Any]) -> None:
        self._model = ConditionalVAE(seeds, name, pixels, config)
        self._optimiser = torch.optim.SGD(self._model.parameters(), config["learning_rate"], fused=True)
        shape = (len(seeds), config["batch_size"])
        images = torch.rand(*shape, pixels).sub_(0.8).clamp_(min=0).mul_(5)  # four pixels in five are black
        labels = torch.randint(self._model.labels, shape)
        one_hot = torch.nn.functional.one_hot(labels, self._model.labels).float()
        gumbel = -torch.empty(*shape, config["classes"]).exponential_().log()
        self._batch = Batch(torch.cat([images, one_hot], -1), labels, gumbel)

    def step(self) -> None:
        terms = self._model(*self._batch)
        self._optimiser.zero_grad()
        (terms.reconstruction.sum() + terms.kl.mean(-1).sum()).backward()
        self._optimiser.step()


def measure(name: str, size: str, seeds: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of one step of all seeds, both ways."""
    pixels, presets = SIZES[size]
    config = load_config(CONFIG, preset=presets)
    stacked = Steps(name, range(seeds), pixels, config)
    singles = [Steps(name, [seed], pixels, config) for seed in range(seeds)]
    times: dict[str, list[float]] = {"stacked": [], "one by one": []}
    for _ in range(rounds):
        for way, models in (("stacked", [stacked]), ("one by one", singles)):
            begin = time.perf_counter()
            for model in models:
                model.step()
            times[way].append(1000 * (time.perf_counter() - begin))
    medians = {way: round(statistics.median(values), 3) for way, values in times.items()}
    return {"method": name, "size": size, "seeds": seeds, "threads": torch.get_num_threads(), **medians}


def table(rows: Sequence[dict[str, Any]]) -> str:
    lines = ["| size | method | seeds | stacked, ms | one by one, ms | ratio |", "|---|---|---|---|---|---|"]
    for row in rows:
        ratio = row["one by one"] / row["stacked"]
        lines.append(
            f"| {row['size']} | {PRINTED[row['method']]} | {row['seeds']} | {row['stacked']:.1f} | "
            f"{row['one by one']:.1f} | {ratio:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    methods = [name for name in METHODS if catalogue.get(name).is_trained]
    rows = [measure(name, size, options.seeds, options.rounds) for size in SIZES for name in methods]
    with atomic_write(options.out / "stacked_seeds.json") as stream:
        json.dump(rows, stream, indent=1)
    with atomic_write(options.out / "stacked_seeds.md") as stream:
        stream.write(table(rows))
    print(table(rows), end="")


if __name__ == "__main__":
    main()
