"""A small corpus and sweeps over it, run by the command line that a user types."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Project:
    """A folder with a corpus, a training configuration and the settings of a sweep."""

    folder: Path
    settings: dict = field(default_factory=dict)

    @property
    def out(self) -> Path:
        return self.folder / self.settings["out"]

    def write(self, name: str = "sweep.yaml", **changes) -> Path:
        """The settings with ``changes`` as a file; a value of None removes the key."""
        settings = {key: value for key, value in {**self.settings, **changes}.items() if value is not None}
        path = self.folder / name
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")
        return path

    def start(self, *arguments, **changes) -> subprocess.Popen:
        """Start a sweep, in a process group of its own."""
        return start_sweep(self.write(**changes), *arguments, cwd=self.folder)

    def run(self, *arguments, status: int = 0, **changes) -> str:
        """Run a sweep to its end; returns what it printed."""
        return finish(self.start(*arguments, **changes), status)


def start_sweep(*arguments, cwd: Path, **environment: str) -> subprocess.Popen:
    cores = () if "--workflow-profile" in arguments else ("--cores", "1")
    command = [Path(sys.executable).with_name("onmt_evsoftmax"), "sweep", *arguments, *cores]
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen, status: int = 0) -> str:
    output, _ = process.communicate(timeout=600)
    assert process.returncode == status, output
    return output


def wait_for(process: subprocess.Popen, appears: Callable[[], object]) -> None:
    """Until ``appears()`` is true, while the process runs."""
    deadline = time.monotonic() + 300
    while not appears():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.01)


def planned_jobs(output: str) -> dict[str, int]:
    """Rule -> number of jobs, from the table that snakemake prints before it starts."""
    rows = output.split("Job stats:")[1].split("total")[0].splitlines()
    cells = [row.split() for row in rows]
    return {row[0]: int(row[1]) for row in cells if len(row) == 2 and row[1].isdecimal()}


def write_corpus(folder: Path) -> None:
    """The first lines of the embedded corpus, and how to prepare them."""
    corpus = folder / "corpus"
    corpus.mkdir()
    data: dict[str, dict[str, str]] = {}
    for split, size in (("train", 300), ("valid", 10), ("test", 4)):
        for side, language in (("src", "en"), ("tgt", "de")):
            lines = (ROOT / "data" / "toy_ende" / f"{split}.{language}").read_text("utf-8").splitlines(True)
            path = corpus / f"{split}.{language}"
            path.write_text("".join(lines[:size]), encoding="utf-8")
            data.setdefault(split, {})[side] = str(path.relative_to(folder))
    config = {"name": "tiny", "src_lang": "en", "tgt_lang": "de", "data": data, "out": "prepared"}
    config["segment"] = {"method": "bpe", "merges": 100}
    (folder / "prepare.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def write_training_config(folder: Path) -> None:
    """configs/toy_ende.yaml with a smaller model; the corpus lies in ``prepared``."""
    text = (ROOT / "configs" / "toy_ende.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text.replace("data/prepared/toy_ende", "prepared"))
    config.update(hidden_size=16, word_vec_size=16, transformer_ff=32, enc_layers=1, dec_layers=1, heads=2)
    config.update(batch_size=256, bucket_size=300, valid_steps=1000, report_every=1)
    config.update(save_checkpoint_steps=2, keep_checkpoint=4)
    (folder / "train.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


SETTINGS = {
    "out": "out",
    "config": "train.yaml",
    "prepare": "prepare.yaml",
    "functions": ["softmax", "posthoc_evidential", "evsoftmax"],
    "seeds": [1],
    "pretrain": {"steps": 4},
    "fine_tune": {"steps": 40, "overrides": {"learning_rate": 0.5, "warmup_steps": 10}},
    "average": [38, 40],
    "translate": {"beam_size": 2, "max_length": 20},
    "tests": [
        {
            "name": "test",
            "src": "prepared/test.en",
            "reference": "prepared/test.raw.de",
            "hyp_segmentation": "bpe",
            "hyp_tokenization": "moses",
        }
    ],
}


def make_project(folder: Path) -> Project:
    folder.mkdir(exist_ok=True)
    write_corpus(folder)
    write_training_config(folder)
    return Project(folder, json.loads(json.dumps(SETTINGS)))
