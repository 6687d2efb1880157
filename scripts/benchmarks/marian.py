"""Training step and generation of a Marian-sized model of Transformers: sdpa, eager and ours, side by side.

    python scripts/benchmarks/marian.py --out docs/results/marian

writes .json and .md there. The model is Marian's (6 + 6 layers of 512, 8 heads), with random weights, the same for all,
and a vocabulary of 8,000 in place of 58,000, which would add the same time to all. In each round every contestant runs
once, in an order that is shuffled anew, so that a change of the machine's pace meets all of them; the median over the
rounds of the ratio to eager in the same round counts. Where hf-attention-normalizers can be imported (it needs
Triton), its forms that run on Marian at all take part.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

import torch
import transformers
from common import CLOCKS, machine
from transformers import MarianConfig, MarianMTModel

from onmt_evsoftmax.base.catalogue import printed_name
from onmt_evsoftmax.base.files import atomic_write

BASELINE = "eager"
TRANSFORMERS_OWN = ("eager", "sdpa")
OURS = ("softmax", "evsoftmax")
PEER = "hf_attention_normalizers"
PEER_FUNCTIONS = ("sparsemax", "entmax15")
LENGTHS = (32, 64, 128, 256)
BEAMS = 4
VOCABULARY = 8000
PAD, END = 0, 1


@dataclass
class Measurement:
    """One contestant at one task and length.

    Attributes:
        seconds: in each round.
        ratios: of these to those of `BASELINE` in the same round.
    """

    task: str
    length: int
    name: str
    seconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def new_model() -> Any:
    """opus-mt's architecture without dropout, whose drawing of numbers would be measured."""
    sides: dict[str, Any] = {
        f"{side}_{what}": number
        for side in ("encoder", "decoder")
        for what, number in (("layers", 6), ("attention_heads", 8), ("ffn_dim", 2048))
    }
    torch.manual_seed(0)
    return MarianMTModel(
        MarianConfig(
            vocab_size=VOCABULARY,
            d_model=512,
            max_position_embeddings=512,
            dropout=0.0,
            pad_token_id=PAD,
            eos_token_id=END,
            decoder_start_token_id=PAD,
            forced_eos_token_id=None,
            **sides,
        )
    )


def batch_of(sentences: int, length: int, seed: int = 0) -> dict[str, Any]:
    """Random sentences of half to all of ``length`` tokens, padded, with labels alike."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(2, VOCABULARY, (sentences, length), generator=generator)
    lengths = torch.randint(length // 2, length + 1, (sentences, 1), generator=generator)
    lengths[0] = length
    mask = torch.arange(length) < lengths
    labels = torch.randint(2, VOCABULARY, (sentences, length), generator=generator)
    return {
        "input_ids": ids.masked_fill(~mask, PAD),
        "attention_mask": mask.long(),
        "labels": labels.masked_fill(~mask, -100),
    }


def training_step(model: Any, length: int, tokens: int) -> Callable[[], Any]:
    """Forward and backward pass; the optimiser would be the same for all."""
    batch = batch_of(max(1, tokens // length), length)
    model.train()

    def run() -> None:
        model.zero_grad(set_to_none=True)
        model(**batch).loss.backward()

    return run


def generation(model: Any, length: int, tokens: int) -> Callable[[], Any]:
    """Beam search from at most four sources of ``length`` to translations as long; the model may not end earlier."""
    batch = batch_of(min(4, max(1, tokens // length)), length)
    del batch["labels"]
    model.eval()
    options: dict[str, Any] = dict(num_beams=BEAMS, min_new_tokens=length, max_new_tokens=length)
    return lambda: model.generate(**batch, **options)


TASKS = {"training": training_step, "generation": generation}


def contestants(model: Any) -> Iterator[str]:
    """Names for ``attn_implementation``; what keeps the peer's forms out is printed."""
    yield from (*TRANSFORMERS_OWN, *OURS)
    try:
        peer = importlib.import_module(PEER)
        for function in PEER_FUNCTIONS:
            getattr(peer, f"register_{function}_attention_backends")()
    except Exception as error:
        print(f"{PEER} does not take part: {type(error).__name__}: {error}")
        return
    for name in (f"{function}_{form}" for function in PEER_FUNCTIONS for form in TRANSFORMERS_OWN):
        try:
            model.set_attn_implementation(name)
            training_step(model, LENGTHS[0], LENGTHS[0])()
            yield name
        except Exception as error:
            print(f"{name} of {PEER} does not take part: {type(error).__name__}: {str(error).splitlines()[0]}")


def measure(task: str, length: int, names: Sequence[str], model: Any, options: argparse.Namespace) -> list[Measurement]:
    """Every contestant once per round, after one run that does not count."""
    clock, results = CLOCKS[options.clock], {name: Measurement(task, length, name) for name in names}
    run, order = TASKS[task](model, length, options.tokens), random.Random(0)
    for number in range(options.rounds + 1):
        for name in order.sample(list(names), len(names)):
            model.set_attn_implementation(name)
            began = clock()
            run()
            if number:
                results[name].seconds.append(clock() - began)
    for result in results.values():
        result.ratios = [ours / base for ours, base in zip(result.seconds, results[BASELINE].seconds)]
    return list(results.values())


def table(results: Sequence[Measurement]) -> str:
    """Markdown: the median ratio to eager, and eager's own median time."""
    names = list(dict.fromkeys(result.name for result in results))
    lines = [
        f"| task | tokens | {' | '.join(map(_heading, names))} | eager takes |",
        f"|---|---:|{'---:|' * len(names)}---:|",
    ]
    for task, length in dict.fromkeys((result.task, result.length) for result in results):
        row = {result.name: result for result in results if (result.task, result.length) == (task, length)}
        ratios = " | ".join(f"{row[name].ratio:.2f}" for name in names)
        lines.append(f"| {task} | {length} | {ratios} | {statistics.median(row[BASELINE].seconds):.2f} s |")
    return "\n".join([*lines, ""])


def _heading(name: str) -> str:
    return f"{printed_name(name)}, ours" if name in OURS else name


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--tokens", type=int, default=1024, help="source tokens of a training batch (default: 1024)")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine, with one thread")
    parser.add_argument("--out", type=Path, help="prefix of the .json and .md to write")
    arguments = parser.parse_args(argv)
    if min(arguments.rounds, arguments.tokens, arguments.threads, *arguments.lengths) < 1:
        parser.error("--rounds, --tokens, --threads and --lengths take numbers from 1 up")
    torch.set_num_threads(arguments.threads)
    about = {**machine(), "transformers": transformers.__version__, "threads": arguments.threads}
    about["clock"] = arguments.clock
    model, results = new_model(), []
    if not hasattr(model, "set_attn_implementation"):
        parser.error(
            f"needs Transformers 4.54 or newer to change the attention of a model, got {transformers.__version__}"
        )
    names = list(contestants(model))
    for task in arguments.tasks:
        for length in arguments.lengths:
            results += measure(task, length, names, model, arguments)
            print(f"measured {task}, {length} tokens", flush=True)
    described = ", ".join(f"{key} {value}" for key, value in about.items())
    text = f"# Marian in Transformers: time, eager = 1\n\n{described}\n\n{table(results)}"
    print(text)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(arguments.out.with_suffix(".json")) as stream:
            json.dump({"machine": about, "measurements": [asdict(result) for result in results]}, stream, indent=1)
        with atomic_write(arguments.out.with_suffix(".md")) as stream:
            stream.write(text)


if __name__ == "__main__":
    main()
