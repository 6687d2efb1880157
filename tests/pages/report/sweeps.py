"""Small sweeps on disk: three functions, two seeds, two test sets; the real `score` and `compare`."""

from __future__ import annotations

import json
import random
import shutil

import numpy as np
import yaml

from onmt_evsoftmax import cli
from onmt_evsoftmax.archive import Sentence, write_archive

ERRORS = {"softmax": 0.35, "posthoc_evidential": 0.3, "evsoftmax": 0.2}
SEEDS = (1, 2)
TESTS = {"test_one": 12, "test_two": 7}
LAYERS, HEADS = 2, 3
NASTY = """<script>window.owned = 1</script> </script> <!-- & " ' __DATA__ \u2028 <b>"""
"""A corpus line that ends a script, starts a comment, names a placeholder of the template."""

WORDS = "der die das Haus Boot See Berg Hund Kind Mann Frau geht fährt sieht steht am im auf rot alt".split()


def reference_lines(test):
    rng = random.Random(test)
    lines = [" ".join(rng.choices(WORDS, k=rng.randint(4, 8))) for _ in range(TESTS[test])]
    lines[2] = NASTY
    return lines


def source_lines(test):
    """A source word for each second reference word; the last one in two pieces."""
    lines = [[word.upper() for word in line.split()[::2]] for line in reference_lines(test)]
    return [" ".join([*words[:-1], words[-1] + "@@", "X"]) for words in lines]


def hypothesis_lines(test, function, seed):
    rng = random.Random(f"{test} {function} {seed}")

    def word(right):
        return rng.choice(WORDS) if rng.random() < ERRORS[function] else right

    return [" ".join(map(word, line.split(" "))) for line in reference_lines(test)]


def attention(rng, queries, keys, function, causal=False):
    """Probabilities; about half of them, and never all of a row, exactly 0 unless the function is softmax."""
    scores = rng.normal(0, 2, (LAYERS, HEADS, queries, keys))
    if not scores.size:  # an empty source line
        return scores.astype(np.float32)
    valid = np.tril(np.ones(scores.shape, bool)) if causal else np.ones(scores.shape, bool)
    if function != "softmax":
        least = np.where(valid, scores, 0).sum(-1, keepdims=True) / valid.sum(-1, keepdims=True)
        largest = np.where(valid, scores, -np.inf).max(-1, keepdims=True)
        valid &= scores >= np.minimum(least, largest)
    powers = np.where(valid, np.exp(scores), 0)
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


def write_attention(path, function, sources, hypotheses, seed):
    rng = np.random.default_rng(seed)
    sentences = []
    for source, target in zip(sources, hypotheses):
        source, target = source.split(), [*target.split(), "</s>"]
        weights = {
            "encoder": attention(rng, len(source), len(source), function),
            "decoder": attention(rng, len(target), len(target), function, causal=True),
            "cross": attention(rng, len(target), len(source), function),
        }
        sentences.append(Sentence(source, target, ["<s>", *target[:-1]], weights))
    kinds = ["encoder", "decoder", "cross"]
    metadata = {
        "model": "model.pt",
        "functions": dict.fromkeys(kinds, function),
        "kinds": kinds,
        "layers": dict.fromkeys(kinds, LAYERS),
        "heads": HEADS,
        "segmentation": "bpe",
        "versions": {},
    }
    write_archive(path, sentences, metadata)


def log_session(first, last, *, start_value, valid_steps=200, report_every=50, of=600):
    """What onmt_train logs from step ``first`` to ``last``, perplexities falling by a known rule."""
    lines = [
        "[2026-01-01 10:00:00,000 INFO] Building model...",
        f"[2026-01-01 10:00:00,000 INFO] Start training loop and validate every {valid_steps} steps...",
    ]
    for step in range(first, last + 1):
        if step % report_every == 0:
            ppl = start_value * 100 / step
            lines.append(
                f"[2026-01-01 10:00:00,000 INFO] Step {step:2d}/{of:5d}; acc: {step / 10:2.1f}; "
                f"ppl: {ppl:5.1f}; xent: 2.9; lr: 0.00057; sents:    6119; bsz: 1716/1887/122; "
                "1172/1289 tok/s;     73 sec;"
            )
        if step % valid_steps == 0:
            lines += [
                f"[2026-01-01 10:00:00,000 INFO] Train perplexity: {start_value}",
                f"[2026-01-01 10:00:00,000 INFO] Validation perplexity: {start_value + 1 / step:g}",
                f"[2026-01-01 10:00:00,000 INFO] Validation accuracy: {step / 20:g}",
            ]
    return "".join(f"{line}\n" for line in lines)


def call(*arguments):
    return cli.main([str(argument) for argument in arguments])


def write_lines(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return path


def write_run(folder, function, seed):
    run = folder / f"{function}.{seed}"
    run.mkdir(parents=True)
    for test in TESTS:
        lines = hypothesis_lines(test, function, seed)
        hyp = write_lines(run / f"{test}.hyp", lines)
        write_attention(run / f"{test}.npz", function, source_lines(test), lines, seed)
        ref = write_lines(folder / f"{test}.ref", reference_lines(test))
        write_lines(folder / f"{test}.src", source_lines(test))
        code = call(
            "score",
            "--hyp",
            hyp,
            "--ref",
            ref,
            "--lang",
            "de",
            "--function",
            function,
            "--seed",
            seed,
            "--attention",
            run / f"{test}.npz",
            "--json",
            run / f"{test}.json",
        )
        assert code == 0
    if function != "posthoc_evidential":
        (run / "train.log").write_text(log_session(1, 600, start_value=20 + seed), encoding="utf-8")
        (run / "model.pt").touch()  # the page only asks whether there is one


def write_sweep(folder):
    for function in ERRORS:
        for seed in SEEDS:
            write_run(folder, function, seed)
    (folder / "pretrain").mkdir()
    (folder / "pretrain" / "train.log").write_text(log_session(1, 400, start_value=90), encoding="utf-8")
    write_settings(folder)
    (folder / "versions.json").write_text(json.dumps({"torch": "2.13.0", "<i>": "&"}), encoding="utf-8")
    for test in TESTS:
        scores = sorted(folder.glob(f"*.*/{test}.json"))
        assert call("compare", *scores, "--samples", 50, "--trials", 100, "--out", folder / test) == 0
    return folder


def settings_of(folder):
    return {
        "out": str(folder),
        "config": "configs/small.yaml",
        "functions": list(ERRORS),
        "seeds": list(SEEDS),
        "keep_archives": list(SEEDS),
        "pretrain": {"steps": 400},
        "fine_tune": {"steps": 600},
        "tests": [
            {"name": test, "src": str(folder / f"{test}.src"), "reference": str(folder / f"{test}.ref")}
            for test in TESTS
        ],
    }


def write_settings(folder, **changes):
    text = yaml.safe_dump({**settings_of(folder), **changes}, sort_keys=False)
    (folder / "settings.yaml").write_text(f"{text}# <b>\n", encoding="utf-8")


def copy_sweep(sweep, target):
    shutil.copytree(sweep, target)
    write_settings(target)
    return target
