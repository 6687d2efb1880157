"""Make a genuine checkpoint of OpenNMT-py 2.3.0 or 1.2.0, and what that version itself translates with it.

    python scripts/legacy_checkpoint.py /tmp/legacy/2.3.0 --version 2.3.0

It is the oracle of ``onmt_evsoftmax convert``: the converted model must translate as the old one did. The old
release goes to a folder of its own, and runs with the torch of this environment: about 2 MB to download from
PyPI, and about 15 s on one core. The folder holds afterwards:

* ``packages/``: the old release and its torchtext; nothing else of this environment changes;
* ``source.txt``, ``target.txt``: the corpus; ``test.txt``: other sentences of its kind;
* ``model.pt``: the checkpoint;
* ``translations.json``: the options of the translation, the hypotheses and their log-probabilities.

A folder that has the last file is finished, and is left as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

TORCHTEXT = {"2.3.0": "0.5.0", "1.2.0": "0.4.0"}
"""release of OpenNMT-py -> the torchtext that it was made for"""

HELPERS = ("six", "tqdm", "future", "requests", "urllib3", "idna", "certifi", "charset-normalizer")
MODEL = """
-encoder_type transformer -decoder_type transformer -position_encoding -layers 2 -heads 4 -rnn_size 32
-word_vec_size 32 -transformer_ff 64 -dropout 0.1 -attention_dropout 0.1 -param_init 0 -param_init_glorot
-optim adam -learning_rate 0.005 -max_grad_norm 1 -batch_type sents -batch_size 32 -seed 3 -report_every 100
""".split()
TRANSLATION = "-beam_size 5 -max_length 30 -length_penalty none -batch_size 30 -verbose".split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--version", choices=sorted(TORCHTEXT), default="2.3.0")
    parser.add_argument("--steps", type=int, default=400, help="training steps (default: %(default)s)")
    arguments = parser.parse_args()
    make(arguments.folder.resolve(), arguments.version, arguments.steps)


def make(folder: Path, version: str, steps: int = 400) -> None:
    """Fill ``folder`` (see the module's docstring) unless it is finished.

    Raises:
        subprocess.CalledProcessError: pip or the old release failed; its ``stdout`` says why.
    """
    if (folder / "translations.json").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    install(folder, version)
    write_corpus(folder)
    (train_version_2 if version.startswith("2") else train_version_1)(folder, steps)
    os.replace(folder / f"model_step_{steps}.pt", folder / "model.pt")
    output = run(folder, "translate", "-model", "model.pt", "-src", "test.txt", "-output", "hyp", *TRANSLATION)
    result = {
        "version": version,
        "options": TRANSLATION,
        "hypotheses": (folder / "hyp").read_text(encoding="utf-8").splitlines(),
        "scores": scores(output),
    }
    (folder / "translations.json.part").write_text(json.dumps(result, indent=1), encoding="utf-8")
    os.replace(folder / "translations.json.part", folder / "translations.json")


def install(folder: Path, version: str) -> None:
    """Put the old release into ``folder/packages``, without what it would download along."""
    packages = folder / "packages"
    if packages.is_dir():
        return
    unfinished = folder / "packages.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    wanted = [f"OpenNMT-py=={version}", f"torchtext=={TORCHTEXT[version]}", *HELPERS]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(unfinished)]
    call([*pip, *wanted], folder, os.environ)
    os.replace(unfinished, packages)


def write_corpus(folder: Path) -> None:
    """Write a corpus in which every word has one translation, and sentences keep their order."""
    generator = random.Random(7)
    sentences = [[generator.randrange(24) for _ in range(generator.randint(2, 10))] for _ in range(2100)]
    for name, prefix, part in (
        ("source.txt", "s", sentences[:2000]),
        ("target.txt", "t", sentences[:2000]),
        ("test.txt", "s", sentences[2000:]),
    ):
        lines = (" ".join(f"{prefix}{word}" for word in sentence) for sentence in part)
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, prefix in (("source.vocab", "s"), ("target.vocab", "t")):
        (folder / name).write_text("".join(f"{prefix}{word}\t1\n" for word in range(24)), encoding="utf-8")


def train_version_2(folder: Path, steps: int) -> None:
    """Train with separate vocabularies; the source then has no sentence marks."""
    corpus = "{path_src: source.txt, path_tgt: target.txt}"
    (folder / "data.yaml").write_text(f"data: {{corpus: {corpus}, valid: {corpus}}}\n", encoding="utf-8")
    vocabularies = ["-src_vocab", "source.vocab", "-tgt_vocab", "target.vocab"]
    run(folder, "train", "-config", "data.yaml", *vocabularies, *_training(steps))


def train_version_1(folder: Path, steps: int) -> None:
    """Train with a shared vocabulary and shared embeddings, as the published model of WMT was."""
    files = "-train_src source.txt -train_tgt target.txt -valid_src source.txt -valid_tgt target.txt".split()
    run(folder, "preprocess", *files, "-save_data", "data", "-share_vocab", "-overwrite")
    run(folder, "train", "-data", "data", "-share_embeddings", "-share_decoder_embeddings", *_training(steps))


def _training(steps: int) -> list[str]:
    count = str(steps)
    lengths = ["-train_steps", count, "-save_checkpoint_steps", count, "-valid_steps", count]
    return [*MODEL, *lengths, "-save_model", "model"]


def run(folder: Path, command: str, *arguments: str) -> str:
    """Run a command of the old release and return what it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "packages"),
        "ONMT_EVSOFTMAX": "0",  # the plugin belongs to 3.x
        "OMP_NUM_THREADS": "1",
        "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1",  # the old release loads its own files as pickles
    }
    return call([sys.executable, "-W", "ignore", "-m", f"onmt.bin.{command}", *arguments], folder, environment)


def call(command: list[str], folder: Path, environment) -> str:
    """Output and errors of a command; a failure raises, with both of them."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return result.stdout


def scores(verbose_output: str) -> list[float]:
    """Log-probability of each hypothesis, from what ``translate -verbose`` prints."""
    return [float(score) for score in re.findall(r"^PRED SCORE: (\S+)$", verbose_output, re.MULTILINE)]


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stdout}")
