"""How often each test of `compare` marks a difference: by chance alone, and a true one.

    OMP_NUM_THREADS=1 python -m scripts.benchmarks.significance --out docs/results/significance.md

Sentence i of seed s differs by ``d + a_s + b_i + e_si``: d is the true difference, a_s what another
training would change (√2 times the deviation of one function's scores between seeds), b_i and e_si, of
equal variance, what another test set would change. Only sums of these are drawn, so a thousand sentences
cost nothing. With a corpus score such as BLEU the model is linear, which resampled test sets nearly are.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from scipy.special import ndtr

from onmt_evsoftmax.base.files import atomic_write
from onmt_evsoftmax.evaluation.comparison import LEVELS
from onmt_evsoftmax.evaluation.significance import joint_p, seed_test

SENTENCE_DEVIATION = 9.0
"""Standard deviation of one sentence's difference; three seeds then have the ± 0.46 BLEU of docs/results.md."""
SEEDS = (2, 3, 5, 10)
SCATTER = (0.0, 0.1, 0.3, 0.6)
TESTS = ("sentences", "seeds", "larger of both", "hierarchical bootstrap", "joint")


@dataclass(frozen=True)
class Setting:
    """A comparison of two functions to simulate; ``scatter`` is the deviation of one function between seeds."""

    seeds: int
    scatter: float
    difference: float = 0.0
    sentences: int = 1000


def p_values(setting: Setting, rng: np.random.Generator, samples: int = 400) -> dict[str, float]:
    """The p-value of each of `TESTS` in one simulated comparison."""
    seeds, sentences = setting.seeds, setting.sentences
    shared = own = SENTENCE_DEVIATION / math.sqrt(2 * sentences)
    trained = rng.normal(setting.difference, math.sqrt(2) * setting.scatter, seeds)
    differences = trained + rng.normal(0, shared) + rng.normal(0, own, seeds)
    error = math.sqrt((shared**2 + own**2 / seeds) * rng.chisquare(sentences - 1) / (sentences - 1))
    mean = fmean(differences)
    over_sentences = 2 * float(ndtr(-abs(mean) / error))
    interval = (mean - 1.96 * error, mean + 1.96 * error)
    tested, joint = seed_test(differences.tolist()), joint_p(differences.tolist(), interval)
    assert tested is not None and joint is not None  # every setting has several seeds
    counts = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=samples)
    # a test set that is drawn again moves all seeds together, and each by itself
    moved = rng.normal(0, shared, samples) + (counts * rng.normal(0, own, (samples, seeds))).sum(1) / seeds
    drawn = counts @ differences / seeds + moved
    bootstrap = (1 + int((np.abs(drawn - mean) >= abs(mean)).sum())) / (samples + 1)
    return dict(zip(TESTS, (over_sentences, tested.p, max(over_sentences, tested.p), bootstrap, joint)))


def experiments(setting: Setting, trials: int) -> dict[str, np.ndarray]:
    """test -> its p-values in ``trials`` experiments."""
    rng = np.random.default_rng(0)
    drawn = [p_values(setting, rng) for _ in range(trials)]
    return {test: np.array([one[test] for one in drawn]) for test in TESTS}


def table(difference: float, levels: Sequence[float], trials: int) -> str:
    """Markdown: the share of marks at each level, a row per number of seeds and scatter."""
    heads = ("seeds", "scatter of seeds", "p below", *TESTS)
    lines = [f"| {' | '.join(heads)} |", "|---:" * len(heads) + "|"]
    for seeds, scatter in itertools.product(SEEDS, SCATTER):
        found = experiments(Setting(seeds, scatter, difference), trials)
        for level in levels:
            cells = (f"{np.mean(found[test] < level):.1%}" for test in TESTS)
            lines.append(f"| {seeds} | {scatter} | {level} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000, help="experiments per row (default: 2000)")
    parser.add_argument("--out", help="write the tables here")
    arguments = parser.parse_args()
    trials = arguments.trials
    text = (
        f"# How often a test marks\n\n{trials} experiments a row, random seed 0, numpy {np.__version__}.\n\n"
        f"## Without a true difference\n\n{table(0, LEVELS, trials)}\n"
        f"## With a true difference of 1 BLEU\n\n{table(1, LEVELS[:1], trials)}"
    )
    print(text, end="")
    if arguments.out:
        with atomic_write(arguments.out) as stream:
            stream.write(text)


if __name__ == "__main__":
    main()
