"""Small archives with known zeros, and the command as a user types it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from onmt_evsoftmax.archive import Sentence, write_archive

ROOT = Path(__file__).resolve().parents[3]
PAIRS = [
    ("a steam@@ boat leaves .", "ein Dampf@@ schiff fährt ab ."),
    ("the child sees the old house .", "das Kind sieht das alte Haus ."),
    ('<b> & </script> $x$ "quoted" \' € x\x01y', "$ <i> <!-- 5 $ größer"),
]


def attention(scores: np.ndarray, valid: np.ndarray, sparse: bool) -> np.ndarray:
    """Softmax over the valid scores or, if sparse, over those of them that reach their mean."""
    if sparse and scores.size:
        mean = np.where(valid, scores, 0).sum(-1, keepdims=True) / valid.sum(-1, keepdims=True)
        largest = np.where(valid, scores, -np.inf).max(-1, keepdims=True)
        valid = valid & (scores >= np.minimum(mean, largest))
    powers = np.where(valid, np.exp(scores), 0)
    if not powers.size:
        return powers
    return powers / powers.sum(-1, keepdims=True)


def make_sentence(source: str, target: str, seed: int, sparse: bool, layers=2, heads=3) -> Sentence:
    random = np.random.default_rng(seed)
    pieces, predicted = source.split(), [*target.split(), "</s>"]
    source_size, target_size = len(pieces), len(predicted)
    sizes = {
        "encoder": (source_size, source_size),
        "decoder": (target_size, target_size),
        "cross": (target_size, source_size),
    }
    weights = {}
    for kind, (queries, keys) in sizes.items():
        scores = random.normal(0, 2.5, (layers, heads, queries, keys))
        valid = np.tril(np.ones(scores.shape, bool)) if kind == "decoder" else np.ones(scores.shape, bool)
        weights[kind] = attention(scores, valid, sparse).astype(np.float32)
    return Sentence(pieces, predicted, ["<s>", *predicted[:-1]], weights)


@pytest.fixture
def archive(tmp_path):
    """Writes ``NAME.npz`` of ``PAIRS``: ``archive("softmax")``; keywords change it for the worse."""

    def write(
        function="evsoftmax",
        name=None,
        pairs=PAIRS,
        kinds=("encoder", "decoder", "cross"),
        change=None,
        segmentation="bpe",
        **shape,
    ) -> Path:
        sentences = []
        for seed, (source, target) in enumerate(pairs):
            made = make_sentence(source, target, seed, sparse=function != "softmax", **shape)
            weights = {kind: made.attention[kind] for kind in kinds}
            if change is not None:
                weights = {kind: change(array) for kind, array in weights.items()}
            sentences.append(Sentence(made.source, made.target, made.target_input, weights))
        path = tmp_path / f"{name or function}.npz"
        write_archive(
            path,
            sentences,
            {
                "model": f"{function}.pt",
                "functions": dict.fromkeys(kinds, function),
                "kinds": list(kinds),
                "layers": 2,
                "heads": 3,
                "segmentation": segmentation,
                "versions": {},
            },
        )
        return path

    return write


@pytest.fixture
def heatmap():
    """Runs ``python -m onmt_evsoftmax heatmap ...`` in a process of its own."""

    def run(*arguments, **environment) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "onmt_evsoftmax", "heatmap", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run
