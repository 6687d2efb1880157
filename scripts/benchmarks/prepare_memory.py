"""Seconds and peak memory of `onmt_evsoftmax prepare` over the number of training lines.

    python scripts/benchmarks/prepare_memory.py --out docs/results/prepare_memory

writes prepare_memory.json and .md there, in about ten minutes on two quiet cores; four million lines are
`--lines 4000000 --tokenize none`, and want 8 GB of disk. The corpus is Zipf-distributed words of a fixed
lexicon in sentences of 4 to 20, so that only the number of lines grows, not the vocabulary. One pair in
twenty is a repetition, and the real command drops those: it runs as a process of its own with
``drop_duplicates``, ``drop_overlap`` and BPE.

Memory is that of the command and all of its worker processes, sampled five times a second from /proc, so
that this runs on Linux only. PSS shares a page among the processes that map it; RSS counts it in each.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Optional

import numpy as np
import yaml

from onmt_evsoftmax.base.files import atomic_write

LEXICON = 50_000
SHORTEST, LONGEST = 4, 20
BLOCK = 10_000
PERIOD = 0.2
MB = 1024  # of the kB that /proc counts in
HELD_OUT = 2000
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ei", "au", "ü")]


def sentences(count: int, seed: int) -> Iterator[str]:
    """Sentences with a capital and a full stop; every twentieth repeats the one before it."""
    draw = np.random.default_rng(seed)
    words = ["".join(draw.choice(SYLLABLES, size)) for size in draw.integers(1, 5, LEXICON)]
    frequencies = 1 / np.arange(1, LEXICON + 1)
    frequencies /= frequencies.sum()
    line = ""
    for start in range(0, count, BLOCK):
        lengths = draw.integers(SHORTEST, LONGEST + 1, min(BLOCK, count - start))
        drawn = iter(draw.choice(LEXICON, lengths.sum(), p=frequencies).tolist())
        for number, length in enumerate(lengths.tolist(), start=start):
            new = " ".join([words[rank] for rank in itertools.islice(drawn, length)]).capitalize() + "."
            line = line if number % 20 == 19 else new
            yield line


def write_corpus(folder: Path, lines: int, settings: dict) -> Path:
    """Both sides of train and valid, and the config of `prepare`; returns its path.

    Both sides repeat the same lines, so that pairs repeat as a whole.
    """
    data: dict[str, dict[str, str]] = {}
    for split, count in (("train", lines), ("valid", HELD_OUT)):
        for side, seed in (("src", 0), ("tgt", 1)):
            path = folder / f"{split}.{side}"
            with open(path, "w", encoding="utf-8") as stream:
                stream.writelines(f"{line}\n" for line in sentences(count, 2 * len(split) + seed))
            data.setdefault(split, {})[side] = str(path)
    config = {
        "name": "benchmark",
        "src_lang": "en",
        "tgt_lang": "de",
        "data": data,
        "out": str(folder / "out"),
        "filter": {"drop_duplicates": True, "drop_overlap": True},
        **settings,
    }
    path = folder / "benchmark.prepare.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def family(root: int) -> list[int]:
    """Process ``root`` and all that descend from it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [root]
    for process in found:  # which grows
        found += [child for child, parent in parents.items() if parent == process]
    return found


def memory(processes: Sequence[int]) -> dict[str, int]:
    """Sums of ``Pss`` and ``Rss`` over the processes, in kB."""
    total = {"Pss": 0, "Rss": 0}
    for process in processes:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if name in total:
                    total[name] += int(rest.split()[0])
    return total


def run(config: Path, workers: int) -> dict:
    """Seconds, the peaks of PSS and RSS in MB, and the number of processes of one run of the command.

    Raises:
        SystemExit: the command failed; its output is shown.
    """
    command = [sys.executable, "-m", "onmt_evsoftmax", "prepare", str(config), "--workers", str(workers)]
    with tempfile.TemporaryFile("w+") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True)
        peaks, processes = {"Pss": 0, "Rss": 0}, 0
        while process.poll() is None:
            alive = family(process.pid)
            processes = max(processes, len(alive))
            peaks = {name: max(peaks[name], now) for name, now in memory(alive).items()}
            time.sleep(PERIOD)
        seconds = time.monotonic() - started
        output.seek(0)
        if process.returncode:
            sys.exit(f"error: prepare failed:\n{output.read()}")
    return {
        "seconds": round(seconds, 1),
        "processes": processes,
        "peak_pss_mb": peaks["Pss"] // MB,
        "peak_rss_mb": peaks["Rss"] // MB,
    }


def about() -> dict:
    """Machine and versions, on which the measured numbers depend."""
    libraries = ("sacremoses", "subword-nmt", "sentencepiece", "onmt_evsoftmax")
    return {
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def table(records: Sequence[dict], machine: dict) -> str:
    """Markdown."""
    lines = [
        "# Memory of prepare",
        "",
        ", ".join(f"{key} {value}" for key, value in machine.items()),
        "",
        "| lines | tokenize | segment | processes | seconds | peak PSS, MB | peak RSS, MB |",
        "|---:|---|---|---:|---:|---:|---:|",
    ]
    for record in records:
        lines.append(
            f"| {record['lines']:,} | {record['tokenize']} | {record['segment']} | {record['processes']} | "
            f"{record['seconds']:.0f} | {record['peak_pss_mb']:,} | {record['peak_rss_mb']:,} |"
        )
    return "\n".join([*lines, ""])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    sizes = [100_000, 200_000, 400_000]
    add("--lines", type=int, nargs="+", default=sizes, metavar="N", help="training pairs")
    add("--max_lines", type=int, default=0, metavar="N", help="that SentencePiece learns from (default: all)")
    add("--tokenize", choices=("moses", "none"), default="moses", help="none is several times faster")
    add("--method", choices=("bpe", "sentencepiece", "none"), default="bpe", help="of the segmentation")
    add("--merges", type=int, default=2000, metavar="N", help="of BPE")
    add("--workers", type=int, default=2, metavar="N")
    add("--folder", type=Path, metavar="DIR", help="where to make the corpus (default: the system's folder)")
    add("--out", type=Path, help="prefix of the .json and .md to write")
    return parser


def _settings(arguments: argparse.Namespace) -> dict:
    """The keys of a prepare configuration that the options decide."""
    segment = {"method": arguments.method}
    if arguments.method == "bpe":
        segment["merges"] = arguments.merges
    if arguments.method == "sentencepiece":
        segment["max_lines"] = arguments.max_lines
    plain = {"normalize": {"punctuation": "none"}} if arguments.tokenize == "none" else {}
    return {"tokenize": arguments.tokenize, "segment": segment, **plain}


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if min(arguments.lines) < 1:
        parser.error("--lines must be at least 1")
    if not Path("/proc/self/smaps_rollup").exists():
        parser.error("memory is read from /proc/PID/smaps_rollup, which this system does not have")
    records, machine = [], about()
    for lines in arguments.lines:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            config = write_corpus(Path(folder), lines, _settings(arguments))
            measured = run(config, arguments.workers)
        about_run = {"lines": lines, "tokenize": arguments.tokenize, "segment": arguments.method}
        records.append({**about_run, **measured})
        print(json.dumps(records[-1]), flush=True)
    text = table(records, machine)
    print(text)
    if arguments.out:
        with atomic_write(arguments.out.with_suffix(".json")) as stream:
            json.dump({"machine": machine, "runs": records}, stream, indent=1)
        with atomic_write(arguments.out.with_suffix(".md")) as stream:
            stream.write(text)


if __name__ == "__main__":
    main()
