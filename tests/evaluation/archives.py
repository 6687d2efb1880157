"""Small attention archives with sparse random weights, and a test set that they belong to."""

from __future__ import annotations

import random

import numpy as np

from onmt_evsoftmax.archive import Sentence, write_archive

LAYERS, HEADS = 2, 3


def sparse_rows(rng, queries, keys, layers=LAYERS, heads=HEADS, causal=False):
    """Probabilities ``[layers, heads, queries, keys]``, about half of them exactly zero."""
    weights = rng.random((layers, heads, queries, keys)) * (rng.random((layers, heads, queries, keys)) < 0.5)
    if keys:
        weights[..., 0] += 0.1  # no empty row
    if causal:
        weights = np.tril(weights)
    return (weights / np.maximum(weights.sum(-1, keepdims=True), 1e-9)).astype(np.float32)


def pieces(rng, scheme, length):
    """Random pieces of a sentence; a BPE sentence may end in the middle of a word."""
    marks = {"bpe": ("", "@@"), "sentencepiece": ("▁", ""), "none": ("", "")}[scheme]
    stems = [rng.choice(["Haus", "Boot", "fahrt", "en", "s"]) for _ in range(length)]
    if scheme == "sentencepiece":
        return [rng.choice(marks) + stem for stem in stems]
    return [stem + rng.choice(marks) for stem in stems]


def sentence(source, target, seed=0, kinds=("encoder", "decoder", "cross")):
    """A sentence with random sparse attention; ``target`` is given without its ``</s>``."""
    rng = np.random.default_rng(seed)
    target = [*target, "</s>"]
    s, t = len(source), len(target)
    attention = {
        "encoder": sparse_rows(rng, s, s),
        "decoder": sparse_rows(rng, t, t, causal=True),
        "cross": sparse_rows(rng, t, s),
    }
    return Sentence(source, target, ["<s>", *target[:-1]], {kind: attention[kind] for kind in kinds})


def random_sentences(seed, scheme="bpe", count=6):
    rng = random.Random(seed)
    lengths = [(rng.randint(1, 9), rng.randint(0, 9)) for _ in range(count)]
    return [
        sentence(pieces(rng, scheme, s), pieces(rng, scheme, t), seed=seed * 100 + index)
        for index, (s, t) in enumerate(lengths)
    ]


def metadata(**changes):
    return {
        "model": "model.pt",
        "functions": {"encoder": "evsoftmax", "decoder": "evsoftmax", "cross": "evsoftmax"},
        "kinds": ["encoder", "decoder", "cross"],
        "layers": LAYERS,
        "heads": HEADS,
        "segmentation": "bpe",
        "versions": {},
        **changes,
    }


def archive_file(path, sentences, **changes):
    write_archive(path, sentences, metadata(**changes))
    return path
