"""Processor time and memory of the metrics of ``score`` where one line is very long, as of a model that loops.

    OMP_NUM_THREADS=1 python -m scripts.benchmarks.score_memory                     # about a minute
    OMP_NUM_THREADS=1 python -m scripts.benchmarks.score_memory --words 500000      # some minutes

prints a table. Each cell is a process of its own, so that its peak is its own. A hypothesis that loops has a
reference of 30 words; the other rows have both sides long. The first row is what the libraries need.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Optional

from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.metrics import METRICS

WORDS = (1_000, 8_000, 100_000)
NORMAL = 30
VOCABULARY = [f"wort{number}" for number in range(2000)] + ["Häuser", "Hauses", ",", "."] * 25


def measure(metric: str, hypothesis_words: int, reference_words: int) -> tuple[float, float]:
    """Processor seconds of a metric on one pair of random lines, and the peak of this process in MB."""
    rng = random.Random(0)
    hyp, ref = (" ".join(rng.choices(VOCABULARY, k=words)) for words in (hypothesis_words, reference_words))
    row, texts = METRICS[metric], Texts([hyp], [ref], "de")
    begin = time.process_time()  # other work on the machine does not count
    row.score(texts)
    seconds = time.process_time() - begin
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def measure_apart(*arguments: object) -> str:
    """`measure` in a process of its own, as a cell of the table."""
    command = [sys.executable, "-m", "scripts.benchmarks.score_memory", "--one", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return "refused" if "InputError" in done.stderr else "failed"
    seconds, peak = json.loads(done.stdout)
    return f"{seconds:.1f} s, {peak:.0f} MB"


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    add = parser.add_argument
    add("--words", type=int, nargs="+", default=WORDS, metavar="N", help="words of a long line")
    add("--one", nargs=3, metavar=("METRIC", "HYP", "REF"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        metric, *lengths = options.one
        print(json.dumps(measure(metric, *map(int, lengths))))
        return
    print("| hypothesis of | reference of |", *(f"{metric} |" for metric in METRICS))
    print("|---|---|" + "---|" * len(METRICS))
    for pair in [(1, 1)] + [(words, other) for words in options.words for other in (NORMAL, words)]:
        cells = [measure_apart(metric, *pair) for metric in METRICS]
        print("|", " | ".join([f"{words:,} words" for words in pair] + cells), "|", flush=True)


if __name__ == "__main__":
    main()
