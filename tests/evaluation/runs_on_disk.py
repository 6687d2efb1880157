"""Scored runs of three functions and three seeds, made by the real `score`."""

from __future__ import annotations

import random

from onmt_evsoftmax import cli

from .archives import archive_file, sentence
from .testset import write_lines

ERRORS = {"evsoftmax": 0.15, "softmax": 0.15, "sparsemax": 0.5}
"""function -> share of wrong words: sparsemax is much worse, softmax as good as ev-softmax."""
SEEDS = (1, 2, 3)
WORDS = "der die das Haus Boot See Berg Hund Kind Mann Frau geht fährt sieht steht am im auf rot alt".split()
SENTENCES = 40


def reference_lines():
    rng = random.Random(0)
    return [" ".join(rng.choices(WORDS, k=rng.randint(5, 12))) for _ in range(SENTENCES)]


def translate(seed, errors):
    """The references with some words wrong."""
    rng = random.Random(f"{seed} {errors}")

    def word(right):
        return rng.choice(WORDS) if rng.random() < errors else right

    return [" ".join(map(word, line.split())) for line in reference_lines()]


def score_run(folder, function, seed, lines, *options, attention=True):
    """Score one hypothesis file; the path of its JSON."""
    name = f"{function}.{seed}"
    ref = write_lines(folder / "ref.de", reference_lines())
    hyp = write_lines(folder / f"{name}.hyp", lines)
    out = folder / f"{name}.json"
    arguments = ["score", "--hyp", hyp, "--ref", ref, "--lang", "de", "--json", out, *options]
    if function:
        arguments += ["--function", function, "--seed", seed]
    if attention:
        sentences = [sentence(["a", "b@@", "c"], line.split(), seed=seed) for line in lines]
        arguments += ["--attention", archive_file(folder / f"{name}.npz", sentences)]
    assert cli.main([str(argument) for argument in arguments]) == 0
    return out


def all_runs(folder):
    return {
        (function, seed): score_run(folder, function, seed, translate(f"{function}{seed}", errors))
        for function, errors in ERRORS.items()
        for seed in SEEDS
    }
