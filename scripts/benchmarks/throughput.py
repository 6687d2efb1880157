"""Target tokens per second of stock onmt_train and onmt_translate, for attention functions side by side.

    python scripts/benchmarks/throughput.py --out docs/results/throughput

writes throughput.json and .md there, in about 15 minutes on two quiet cores. The corpus is random
words in sentences of 8 to 25, the model that of configs/multi30k_ende.yaml with a vocabulary of 8,000. In
each round every function of ``--functions`` trains once from scratch and translates once with beam 5, all of
them with the same weights; the order is shuffled anew. The median over the rounds counts, and it is
compared with that of softmax in the same rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import yaml
from common import machine

from onmt_evsoftmax.base.catalogue import names, printed_name
from onmt_evsoftmax.base.files import atomic_write

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "configs" / "multi30k_ende.yaml"
BASELINE = "softmax"
FUNCTIONS = (BASELINE, "evsoftmax", "sparsemax", "entmax15")
WORDS = 8000
REPORTS = 5
"""Training steps of one report; the first report holds the warming up and does not count."""


def write_corpus(folder: Path, sentences: int, test_sentences: int, seed: int = 0) -> None:
    """``train.src`` and ``train.tgt`` of random words, ``test.src`` and ``vocab``."""
    draw = random.Random(seed)

    def line() -> str:
        return " ".join(f"w{draw.randrange(WORDS)}" for _ in range(draw.randint(8, 25))) + "\n"

    counts = {"train.src": sentences, "train.tgt": sentences, "test.src": test_sentences}
    for name, count in counts.items():
        folder.joinpath(name).write_text("".join(line() for _ in range(count)), encoding="utf-8")
    vocabulary = "".join(f"w{index}\t10\n" for index in range(WORDS))
    folder.joinpath("vocab").write_text(vocabulary, encoding="utf-8")


def write_config(folder: Path, steps: int) -> Path:
    """The shipped configuration of Multi30k on the random corpus."""
    settings = yaml.safe_load(MODEL.read_text(encoding="utf-8"))
    corpus = {"path_src": str(folder / "train.src"), "path_tgt": str(folder / "train.tgt")}
    settings.update(
        data={"train": corpus},
        src_vocab=str(folder / "vocab"),
        tgt_vocab=str(folder / "vocab"),
        save_model=str(folder / "model"),
        train_steps=steps,
        save_checkpoint_steps=steps,
        report_every=REPORTS,
        num_workers=0,
    )
    settings.pop("tensorboard", None)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def run(*command: object) -> str:
    """The output of a stock command.

    Raises:
        SystemExit: it failed; its output is shown.
    """
    tool, *options = map(str, command)
    path = Path(sysconfig.get_path("scripts")) / tool
    result = subprocess.run([path, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        sys.exit(f"error: {tool} failed:\n{result.stdout[-3000:]}")
    return result.stdout


def training_speed(config: Path, function: str) -> float:
    """Target tokens per second, median over the reports but the first."""
    output = run("onmt_train", "-config", config, "-self_attn_function", function)
    speeds = [float(speed) for speed in re.findall(r"\d+/\s*(\d+) tok/s", output)]
    return statistics.median(speeds[1:])


def translation_speed(folder: Path, model: Path, function: str) -> float:
    """Target tokens per second with beam 5; all translations have 20 tokens, for the model knows no end."""
    output = run(
        *("onmt_translate", "-model", model, "-src", folder / "test.src", "-output", folder / "hyp"),
        *("-self_attn_function", function, "-beam_size", 5, "-min_length", 20, "-max_length", 20),
        *("-batch_size", 16, "-report_time"),
    )
    return float(re.findall(r"Tokens per second: ([\d.]+)", output)[0])


def measure(
    folder: Path, rounds: int, steps: int, test_sentences: int, functions: Sequence[str] = FUNCTIONS
) -> list[dict]:
    """One record per function: speeds in every round, medians, and ratios to softmax."""
    write_corpus(folder, sentences=20 * steps * REPORTS, test_sentences=test_sentences)
    config = write_config(folder, steps)
    speeds: dict[str, dict[str, list[float]]] = {f: {"training": [], "translation": []} for f in functions}
    order, model = random.Random(0), None
    for number in range(rounds):
        for function in order.sample(list(functions), len(functions)):
            speeds[function]["training"].append(training_speed(config, function))
            if model is None:  # the weights that all functions translate with
                model = folder / "weights.pt"
                folder.joinpath(f"model_step_{steps}.pt").rename(model)
            speeds[function]["translation"].append(translation_speed(folder, model, function))
            print(f"round {number + 1}/{rounds} {function}: {speeds[function]}", flush=True)
    return [_record(function, speeds) for function in functions]


def _record(function: str, speeds: dict) -> dict:
    record: dict = {"function": function}
    for task, rounds in speeds[function].items():
        ratios = [ours / base for ours, base in zip(rounds, speeds[BASELINE][task])]
        record[task] = {
            "tokens_per_second": statistics.median(rounds),
            "ratio_to_softmax": statistics.median(ratios),
            "rounds": rounds,
        }
    return record


def table(records: Sequence[dict], about: dict) -> str:
    """Markdown: tokens per second and, in brackets, the ratio to softmax."""
    lines = [
        "# Throughput of OpenNMT-py",
        "",
        ", ".join(f"{key} {value}" for key, value in about.items()),
        "",
        "| | training, target tokens/s (softmax = 1) | translation, beam 5, tokens/s (softmax = 1) |",
        "|---|---:|---:|",
    ]
    for record in records:
        cells = [
            f"{record[task]['tokens_per_second']:.0f} ({record[task]['ratio_to_softmax']:.2f})"
            for task in ("training", "translation")
        ]
        lines.append(f"| {printed_name(record['function'])} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30, help="training steps of one run, at least 10")
    parser.add_argument("--sentences", type=int, default=256, help="to translate")
    parser.add_argument(
        "--functions", nargs="+", choices=names(), default=FUNCTIONS, help=f"beside {BASELINE}: {', '.join(names())}"
    )
    parser.add_argument("--out", type=Path, help="prefix of the .json and .md to write")
    arguments = parser.parse_args(argv)
    if min(arguments.rounds, arguments.sentences) < 1 or arguments.steps < 2 * REPORTS:
        parser.error(f"--rounds and --sentences must be at least 1 and --steps at least {2 * REPORTS}")
    about = {**machine(), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "unset")}
    with tempfile.TemporaryDirectory() as folder:
        functions = tuple(dict.fromkeys((BASELINE, *arguments.functions)))
        records = measure(Path(folder), arguments.rounds, arguments.steps, arguments.sentences, functions)
    text = table(records, about)
    print(text)
    if arguments.out:
        with atomic_write(arguments.out.with_suffix(".json")) as stream:
            json.dump({"machine": about, "functions": records}, stream, indent=1)
        with atomic_write(arguments.out.with_suffix(".md")) as stream:
            stream.write(text)


if __name__ == "__main__":
    main()
