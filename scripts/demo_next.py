"""What a reader of the demo may try next: commands that go on from what it left behind."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onmt_evsoftmax.sweep import commands

SWEEP = Path("configs/sweeps/toy_ende.yaml")
Step = tuple[str, commands.Words]


def next_steps(out: Path, softmax_model: Path, fine_tune: commands.Words, scoring: dict[str, Any]) -> list[Step]:
    """What a command shows, and the command, shortest first.

    Args:
        out: folder of the demo. softmax_model: its fine-tuned softmax model.
        fine_tune: trains a third function as the demo trained two.
        scoring: how its translations are scored.
    """
    archives = [out / "softmax.npz", out / "evsoftmax.npz"]
    heatmap = ["onmt_evsoftmax", "heatmap", *archives, "--merge_subwords"]
    hypotheses = [out / "softmax.hyp", out / "evsoftmax.hyp"]
    score = commands.score(hypotheses, out / "test.de", ("softmax", "evsoftmax"), out / "more.json", **scoring)
    zeros = {"self_attn_function": "posthoc_evidential"}
    translate = commands.translate(softmax_model, out / "test.en", out / "posthoc.hyp", beam_size=5, **zeros)
    return [
        ("every head of the decoder's self-attention", [*heatmap, *_heads(out / "heads.svg")]),
        ("other metrics", [*score, "--metrics", "chrfpp", "ter"]),
        ("the softmax model with the zeros of ev-softmax, without training", translate),
        ("a third function, fine-tuned as the two were", fine_tune),
        ("functions by seeds, with tests and one report", [*commands.sweep(SWEEP), "--cores", os.cpu_count() or 1]),
    ]


def _heads(picture: Path) -> commands.Words:
    return commands.options(kind="decoder", head="all", out=picture)


def typed(words: Sequence[Any]) -> str:
    """A command as it is typed here: with the path of its program, unless the shell finds that one by its name."""
    here = Path(sys.executable).with_name(words[0])
    found = shutil.which(words[0])
    if found is None or Path(found).resolve() != here.resolve():
        words = [os.path.relpath(here), *words[1:]]
    return commands.line(words)


def describe(steps: Sequence[Step]) -> str:
    """The lines that the demo prints at its end."""
    lines = ["", "What to try next, from this folder:"]
    for number, (shown, words) in enumerate(steps, start=1):
        lines += ["", f"{number}. {shown}", f"   {typed(words)}"]
    return "\n".join(lines)
