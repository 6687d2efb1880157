"""Milliseconds of a training step with positions in the scores: OpenNMT-py's own way, and through `attention`.

    OMP_NUM_THREADS=1 python scripts/benchmarks/positions.py

needs OpenNMT-py 3.5.1 (`make test-onmt351` installs it). The model is that of configs/multi30k_ende.yaml with a
vocabulary of 8,000; a step is forward, sum and backward of random sentences of one length, with dropout and without
an optimizer. OpenNMT-py's own way is what a hook on the weights brings about. Both take turns; medians, a few minutes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Optional
from unittest.mock import patch

import torch
import yaml
from common import CLOCKS, machine
from torch import nn

from onmt_evsoftmax.opennmt.modules import AttentionNormalizer

MODEL = Path(__file__).resolve().parents[2] / "configs" / "multi30k_ende.yaml"
WORDS = 8000
POSITIONS = {
    "T5": {"max_relative_positions": 128, "relative_positions_buckets": 32},
    "ALiBi": {"max_relative_positions": -2},
    "rotary": {"max_relative_positions": -1},
}
FUNCTIONS = ("softmax", "evsoftmax", "sparsemax", "entmax15")


def build(config: Path, positions: dict[str, int], function: str) -> nn.Module:
    """The model as ``onmt_train`` builds it, in training mode."""
    from onmt.model_builder import build_base_model
    from onmt.opts import train_opts
    from onmt.utils.parse import ArgumentParser
    from pyonmttok import build_vocab_from_tokens

    settings = yaml.safe_load(MODEL.read_text(encoding="utf-8"))
    settings.update(positions, position_encoding=False, self_attn_function=function)
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    parser = ArgumentParser()
    train_opts(parser)
    options, _ = parser.parse_known_args(["-config", str(config)])
    ArgumentParser.update_model_opts(options)
    ArgumentParser.validate_model_opts(options)
    special = ["<unk>", "<blank>", "<s>", "</s>"]
    vocab = build_vocab_from_tokens([*special, *(f"w{index}" for index in range(WORDS))])
    torch.manual_seed(0)
    return build_base_model(options, {"src": vocab, "tgt": vocab, "data_task": "seq2seq"}).train()


def step_time(model: nn.Module, sentences: int, length: int, own_way: bool, clock: str) -> float:
    """Milliseconds of one step."""
    tokens = torch.randint(4, WORDS, (sentences, length, 1))
    model.zero_grad()
    with patch.object(AttentionNormalizer, "is_watched", own_way):
        start = CLOCKS[clock]()
        model(tokens, tokens, torch.full((sentences,), length))[0].sum().backward()
        return (CLOCKS[clock]() - start) * 1e3


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--clock", choices=CLOCKS, default="cpu", help="cpu: processor time, for one thread (default)")
    parser.add_argument("--tokens", type=int, default=1024, help="of a batch, on each side")
    parser.add_argument("--lengths", type=int, nargs="+", default=(32, 128))
    parser.add_argument("--functions", choices=FUNCTIONS, nargs="+", default=("softmax", "evsoftmax"))
    arguments = parser.parse_args(argv)
    print(", ".join(f"{key} {value}" for key, value in machine().items()), flush=True)
    print("own way, through attention, median ratio of the rounds")
    with tempfile.TemporaryDirectory() as folder:
        for (name, positions), function in product(POSITIONS.items(), arguments.functions):
            model = build(Path(folder) / "config.yaml", positions, function)
            for length in arguments.lengths:
                size = (arguments.tokens // length, length)
                times = [
                    [step_time(model, *size, own, arguments.clock) for own in (True, False)]
                    for _ in range(arguments.rounds + 1)
                ]
                own, ours = (statistics.median(column) for column in zip(*times[1:]))  # the first one warms up
                ratio = statistics.median(through / scores for scores, through in times[1:])
                print(f"{name}, {function}, {size[0]} x {length}: {own:.0f} ms, {ours:.0f} ms, {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
