"""scripts/iwslt14: the three scripts as they are typed, on the embedded corpus with a model of a few steps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.evaluation.report import read_report

ROOT = Path(__file__).resolve().parents[2]
TWO_STEPS = ["-bucket_size", "200", "-train_steps", "2", "-save_checkpoint_steps", "2"]
SHORT = [*TWO_STEPS, "-train_steps", "4", "-warmup_steps", "2"]
FEW = ["-beam_size", "1", "-max_length", "5", "-batch_size", "400"]

pytestmark = pytest.mark.slow


class Scripts:
    """Runs the scripts with the settings of the embedded corpus.

    They run in a folder of links to the checkout, because another test may be preparing the same corpus there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = out = folder / "run"
        for path in (ROOT / "configs", ROOT / "scripts", ROOT / "data" / "toy_ende"):
            link = folder / path.relative_to(ROOT)
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(path)
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "CORPUS": "toy_ende",
            "OUT": str(out),
            "START": str(out / "start_step_2.pt"),
            "FETCH": "",
            "PREPARED": str(out / "prepared"),
            "SCORING": f"--ref {out}/prepared/test.de --lang de --hyp_segmentation bpe --hyp_tokenization moses",
        }

    def __call__(self, *words: object, status: int = 0) -> str:
        result = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert result.returncode == status, result.stdout
        return result.stdout


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> Scripts:
    """A prepared corpus, cut to its first lines, and a softmax model to start from."""
    run = Scripts(tmp_path_factory.mktemp("iwslt14"))
    (run.out / "prepared").mkdir(parents=True)
    run("onmt_evsoftmax", "prepare", "configs/toy_ende.prepare.yaml")
    softmax = ["-config", "configs/toy_ende.yaml", "-self_attn_function", "softmax"]
    run("onmt_train", *softmax, *TWO_STEPS, "-save_model", run.out / "start")
    run("scripts/iwslt14/preprocess.sh")
    for prepared, name in (("test.en", "test.en"), ("test.raw.de", "test.de")):
        text = (run.folder / "data/prepared/toy_ende" / prepared).read_text(encoding="utf-8")
        lines = text.splitlines(keepends=True)
        (run.out / "prepared" / name).write_text("".join(lines[:8]), encoding="utf-8")
    return run


def test_fine_tune_and_evaluate(scripts):
    for function in ("evsoftmax", "softmax"):
        scripts("scripts/iwslt14/finetune.sh", function, 1, *SHORT)
        assert (scripts.out / f"{function}.1.pt").exists()
    for function in ("evsoftmax", "posthoc_evidential"):
        scripts("scripts/iwslt14/evaluate.sh", function, 1, *FEW)
        (system,) = read_report(scripts.out / f"{function}.1.json")["systems"]
        assert (system["function"], system["seed"]) == (function, 1)
        assert AttentionArchive(scripts.out / f"{function}.1.npz").metadata["functions"]["cross"] == function
    table = scripts("onmt_evsoftmax", "compare", *sorted(scripts.out.glob("*.json")))
    assert "ev-softmax" in table and "post-hoc evidential" in table
    assert not list(scripts.out.glob("*.part"))


def test_an_interrupted_training_continues(scripts):
    scripts("scripts/iwslt14/finetune.sh", "sparsemax", 1, *TWO_STEPS)
    for name in ("sparsemax.1.trained", "sparsemax.1.pt"):  # as if it had been killed after its first checkpoint
        (scripts.out / name).unlink()
    output = scripts("scripts/iwslt14/finetune.sh", "sparsemax", 1, *SHORT)
    assert f"Loading checkpoint from {scripts.out / 'sparsemax.1_step_2.pt'}" in output
    assert (scripts.out / "sparsemax.1_step_4.pt").exists()


@pytest.mark.parametrize(
    "command, message",
    [
        (["finetune.sh", "evsoftmax"], "usage: scripts/iwslt14/finetune.sh FUNCTION SEED"),
        (["finetune.sh", "posthoc_evidential", 1], "posthoc_evidential is not trained"),
        (["finetune.sh", "evsoftmx", 1], "unknown function 'evsoftmx'; known: softmax"),
        (["evaluate.sh", "entmax15", 7], "make it with: scripts/iwslt14/finetune.sh entmax15 7"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(scripts, command, message):
    script, *arguments = command
    assert message in scripts(f"scripts/iwslt14/{script}", *arguments, status=2)


@pytest.mark.parametrize("name", ["preprocess", "finetune", "evaluate"])
def test_help_is_the_head_of_the_script(scripts, name):
    printed = scripts(f"scripts/iwslt14/{name}.sh", "--help")
    assert f"scripts/iwslt14/{name}.sh" in printed and "options go to" in printed
