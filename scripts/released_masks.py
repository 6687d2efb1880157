"""What the released formulation of ev-softmax makes of the masks that a model's batches have.

    python scripts/released_masks.py --model MODEL.pt --src TRAIN.en --tgt TRAIN.de --json OUT.json

The authors' code compares every score with the mean of its row, and that mean contains the -1e18 of hidden keys:
of padding, and of what a target position may not see. One hidden key pulls the mean below every score, all visible
keys are kept, and the row is plain softmax. This program takes the scores of a trained model in batches as training
forms them, sentences of like length, and as translating does, in the order of the file, and counts. All passes are
teacher-forced; a decoder that translates word by word has no causal mask, and is sparse in its self-attention then.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional

import torch
from rich.progress import track
from torch import Tensor

from onmt_evsoftmax.archive import KINDS
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write, read_lines
from onmt_evsoftmax.normalizers import evsoftmax
from onmt_evsoftmax.normalizers.masking import MASKED_SCORE
from onmt_evsoftmax.opennmt.attend import LoadedModel, load_model, teacher_forced_attention
from onmt_evsoftmax.opennmt.modules import attention_modules

ORDERS = {
    "source": "training, sorted by source, then target (1.2, 2.3, 3.5.1)",
    "longer": "training, sorted by the longer side (3.0.4)",
    "file": "translating",
}
"""How OpenNMT-py's versions put sentences into batches."""
SORT_KEYS: dict[str, Callable[[tuple[list[str], list[str]]], Any]] = {
    "source": lambda pair: (len(pair[0]), len(pair[1])),
    "longer": lambda pair: max(len(pair[0]), len(pair[1]) + 2),  # the target with its two delimiters
    "file": lambda pair: 0,
}
Pairs = list[tuple[list[str], list[str]]]


@dataclass
class Count:
    """Rows of attention (a query of a head) that see two keys at least, and the keys that they keep."""

    rows: int = 0
    rows_with_hidden_keys: int = 0
    dense_rows: int = 0  # in which the released formulation keeps all that is visible
    dense_rows_ours: int = 0
    visible_keys: int = 0
    kept_released: int = 0
    kept_ours: int = 0

    def add(self, scores: Tensor) -> None:
        """Count rows ``[rows, keys]`` of scores in which -1e18 marks a hidden key."""
        visible = scores > MASKED_SCORE
        scores, visible = scores[visible.sum(-1) > 1], visible[visible.sum(-1) > 1]
        released = visible & (scores >= scores.mean(-1, keepdim=True))
        ours = evsoftmax(scores, visible) > 0
        self.rows += len(scores)
        self.rows_with_hidden_keys += int((~visible).any(-1).sum())
        self.dense_rows += int((released == visible).all(-1).sum())
        self.dense_rows_ours += int((ours == visible).all(-1).sum())
        self.visible_keys += int(visible.sum())
        self.kept_released += int(released.sum())
        self.kept_ours += int(ours.sum())


class ScoreCounter:
    """Context manager that counts the scores of every attention, without the queries that are padding themselves."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.counts = {kind: Count() for kind in KINDS}
        self._loaded = loaded

    def __enter__(self) -> ScoreCounter:
        self._handles = [
            attention.softmax.register_forward_hook(self._counter(kind))
            for kind, _, attention in attention_modules(self._loaded.model)
        ]
        return self

    def __exit__(self, *_exception) -> None:
        for handle in self._handles:
            handle.remove()

    def _counter(self, kind: str):
        def count(_module, inputs: tuple[Tensor], _weights: Tensor) -> None:
            for scores, length in zip(inputs[0].float().cpu(), self._queries[kind]):
                self.counts[kind].add(scores[:, :length].flatten(0, 1))

        return count

    def run(self, batch: Pairs) -> None:
        """One teacher-forced pass over a batch."""
        sources, targets = (list(side) for side in zip(*batch))
        predictions = [len(target) + 1 for target in targets]
        self._queries = {"encoder": [len(s) for s in sources], "decoder": predictions, "cross": predictions}
        for _ in teacher_forced_attention(self._loaded, sources, targets, batch_size=len(batch)):
            pass


def sample_batches(pairs: Pairs, order: str, size: int, count: int) -> list[Pairs]:
    """Some of the batches of ``size`` pairs, in one of the `ORDERS`."""
    pairs = sorted(pairs, key=SORT_KEYS[order])
    batches = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    return random.Random(0).sample(batches, min(count, len(batches)))


def table(results: dict[str, dict[str, Count]]) -> str:
    """Markdown, in per cent."""
    lines = [
        "| batches | attention | rows with hidden keys | rows that are plain softmax: released | ours "
        "| keys kept: released | ours |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for order, counts in results.items():
        for kind, c in counts.items():
            shares = [c.rows_with_hidden_keys, c.dense_rows, c.dense_rows_ours]
            cells = [share / max(1, c.rows) for share in shares]
            cells += [kept / max(1, c.visible_keys) for kept in (c.kept_released, c.kept_ours)]
            lines.append(f"| {ORDERS[order]} | {kind} | " + " | ".join(f"{cell:.1%}" for cell in cells) + " |")
    return "\n".join(lines)


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="checkpoint of onmt_train, fine-tuned with evsoftmax")
    parser.add_argument("--src", required=True, help="source pieces")
    parser.add_argument("--tgt", required=True, help="target pieces, line by line")
    parser.add_argument("--batch_size", type=int, default=32, help="sentences in a batch (default: 32)")
    parser.add_argument("--batches", type=int, default=50, help="how many, drawn with seed 0 (default: 50)")
    parser.add_argument("--json", type=Path, help="where to write the counts")
    arguments = parser.parse_args(argv)
    if min(arguments.batch_size, arguments.batches) < 1:
        parser.error("--batch_size and --batches take a number from 1 up")
    try:
        pairs = _pairs(arguments.src, arguments.tgt)
        loaded = load_model(arguments.model)
    except InputError as error:
        parser.error(str(error))
    results = {}
    for order in ORDERS:
        batches = sample_batches(pairs, order, arguments.batch_size, arguments.batches)
        with ScoreCounter(loaded) as counter:
            for batch in track(batches, description=ORDERS[order]):
                counter.run(batch)
        results[order] = counter.counts
    print(table(results))
    if arguments.json:
        _write(arguments, results)


def _pairs(src: str, tgt: str) -> Pairs:
    """The pairs without an empty side, in the order of the files."""
    sources, targets = read_lines(src), read_lines(tgt)
    if len(sources) != len(targets):
        raise InputError(f"{src} has {len(sources)} lines, {tgt} has {len(targets)}; they must belong together")
    pairs = [(s.split(), t.split()) for s, t in zip(sources, targets) if s.split() and t.split()]
    if not pairs:
        raise InputError(f"{src}: no line with text on both sides")
    return pairs


def _write(arguments: argparse.Namespace, results: dict[str, dict[str, Count]]) -> None:
    about = {
        "model": Path(arguments.model).name,
        "source": Path(arguments.src).name,
        "batches": arguments.batches,
        "batch_size": arguments.batch_size,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    counts = {order: {kind: asdict(count) for kind, count in kinds.items()} for order, kinds in results.items()}
    with atomic_write(arguments.json) as stream:
        json.dump({**about, "counts": counts}, stream, indent=1)


if __name__ == "__main__":
    main()
