"""The main job on the embedded corpus: prepare, pretrain, fine-tune twice, translate, score, draw.

    make demo            # or: python -m scripts.demo

Every stage is a command line that a user could type, printed before it runs. A stage whose output is there is
skipped, and training continues from its last whole checkpoint, so an interrupted demo
continues when it is started again. Everything it makes lies in runs/demo/.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import sha256
from onmt_evsoftmax.data.corpus.config import read_config
from onmt_evsoftmax.evaluation.report import print_report, read_report
from onmt_evsoftmax.sweep import commands
from onmt_evsoftmax.sweep.checkpoints import whole_checkpoints
from scripts.demo_next import Step, describe, next_steps
from scripts.demo_report import write_report

CONFIG = Path("configs/toy_ende.yaml")
PREPARE_CONFIG = Path("configs/toy_ende.prepare.yaml")
CORPUS = Path("data/toy_ende")
PREPARED = Path("data/prepared/toy_ende")
FUNCTIONS = ("softmax", "evsoftmax")
THIRD_FUNCTION = "sparsemax"
HEATMAP_SENTENCE = 0
HEATMAP_SENTENCES = 20


@dataclass(frozen=True)
class Schedule:
    """Training steps; the smaller one exists for the tests."""

    pretrain: int
    fine_tune: int
    checkpoint_every: int
    sentences: Optional[int] = None

    def settings(self) -> str:
        """The settings that the results depend on, one per line."""
        files = (CONFIG, PREPARE_CONFIG, *sorted(CORPUS.iterdir()))
        lines = [f"{path} {sha256(path)}" for path in files]
        lines += [f"{name} {value}" for name, value in asdict(self).items()]
        return "\n".join(lines) + "\n"


FULL = Schedule(pretrain=1000, fine_tune=300, checkpoint_every=100)


class Runner:
    """Runs command lines with a progress bar, keeping their output in a log."""

    def __init__(self, logs: Path, console: Console) -> None:
        self.logs = logs
        self.console = console

    def run(self, title: str, *command: object, total: Optional[int] = None) -> None:
        """Run ``command``; with ``total``, its lines ``Step N/`` drive the bar.

        Raises:
            InputError: it failed; the message names the log, whose end is printed.
        """
        words = [str(word) for word in command]
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{title.replace(' ', '_')}.log"
        self.console.print(f"[bold]{title}[/bold]  $ {commands.line(words)}", highlight=False, soft_wrap=True)
        with log.open("a", encoding="utf-8", buffering=1) as stream, self._bar() as progress:
            task = progress.add_task(title, total=total)
            status = self._follow(words, stream, lambda step: progress.update(task, completed=step))
            progress.update(task, total=total or 1, completed=total or 1)
        if status != 0:
            end = log.read_text(encoding="utf-8").splitlines(keepends=True)[-15:]
            self.console.print("".join(end), markup=False)
            raise InputError(f"{title} exited with status {status}; its output is in {log}. The same command continues")

    def _follow(self, words: Sequence[str], log: TextIO, advance: Callable[[int], None]) -> int:
        """Run to the end, copying the output to the log; returns the exit status."""
        script = Path(sys.executable).with_name(words[0])
        process = subprocess.Popen(
            [str(script), *words[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            for line in process.stdout or ():
                log.write(line)
                step = re.search(r"Step\s+(\d+)/", line)
                if step:
                    advance(int(step.group(1)))
            return process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise

    def _bar(self) -> Progress:
        return Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
        )


def once(output: Path, make: Callable[[Path], object]) -> Path:
    """``output``, made with ``make(temporary path)`` unless it is there; it appears whole or not at all."""
    if not output.exists():
        temporary = output.with_name(f"partial.{output.name}")
        make(temporary)
        os.replace(temporary, output)
    return output


class Demo:
    """The stages, in the order of the work. Each returns the file that it makes, or finds made."""

    def __init__(self, out: Path, schedule: Schedule, console: Console) -> None:
        self.out = out
        self.schedule = schedule
        self.run = Runner(out / "logs", console).run

    def all(self) -> Path:
        """Do what is not done yet; returns the path of the report."""
        self.check_settings()
        self.run("prepare", *commands.prepare(PREPARE_CONFIG))
        source = self.head(PREPARED / "test.en", "test.en")
        reference = self.head(PREPARED / "test.raw.de", "test.de")
        pretrained = self.train("pretrain", self.schedule.pretrain, "-self_attn_function", "softmax")
        models = [self.fine_tune(function, pretrained) for function in FUNCTIONS]
        hypotheses = [self.translate(model, source, name) for model, name in zip(models, FUNCTIONS)]
        archives = [self.attend(*files, source, name) for files, name in zip(zip(models, hypotheses), FUNCTIONS)]
        scores = self.score(hypotheses, reference, archives)
        picture, page = self.draw(archives)
        return write_report(self.out / "report.html", scores, picture, page, source, reference, hypotheses, self.pages)

    @property
    def pages(self) -> int:
        """Number of sentences on the interactive page."""
        return min(HEATMAP_SENTENCES, self.schedule.sentences or HEATMAP_SENTENCES)

    def check_settings(self) -> None:
        """Refuse to mix the results of two configurations in one folder."""
        record, settings = self.out / "settings.txt", self.schedule.settings()
        if record.exists() and record.read_text(encoding="utf-8") != settings:
            raise InputError(f"{self.out} was made with other settings; to start anew: rm -r {self.out}")
        self.out.mkdir(parents=True, exist_ok=True)
        once(record, lambda path: path.write_text(settings, encoding="utf-8"))

    def head(self, prepared: Path, name: str) -> Path:
        """The first lines of a prepared file, as many as the schedule says."""
        lines = prepared.read_text(encoding="utf-8").splitlines(keepends=True)[: self.schedule.sentences]
        return once(self.out / name, lambda path: path.write_text("".join(lines), encoding="utf-8"))

    def train(self, name: str, steps: int, *options: object, start: Optional[Path] = None) -> Path:
        """Train to ``steps``, from this training's last whole checkpoint, or else from ``start``."""
        prefix = self.out / name
        final = Path(f"{prefix}_step_{steps}.pt")
        checkpoints = whole_checkpoints(prefix)
        if checkpoints and checkpoints[-1][1] == final:
            return final
        if checkpoints:
            options += ("-train_from", checkpoints[-1][1])
        elif start is not None:
            options += tuple(commands.start_from(start))
        self.run(f"train {name}", *self.training(prefix, steps, *options), total=steps)
        return final

    def training(self, prefix: Path, steps: int, *options: object) -> commands.Words:
        own = ["-save_model", prefix, "-train_steps", steps, "-save_checkpoint_steps", self.schedule.checkpoint_every]
        return commands.train(CONFIG, *own, *options)

    def fine_tune(self, function: str, pretrained: Path) -> Path:
        return self.train(function, self.schedule.fine_tune, *fine_tuning(function), start=pretrained)

    def next_steps(self) -> list[Step]:
        """Commands to go on with, from what the demo made."""
        pretrained = self.out / f"pretrain_step_{self.schedule.pretrain}.pt"
        third = (*fine_tuning(THIRD_FUNCTION), *commands.start_from(pretrained))
        fine_tune = self.training(self.out / THIRD_FUNCTION, self.schedule.fine_tune, *third)
        return next_steps(self.out, self.out / f"softmax_step_{self.schedule.fine_tune}.pt", fine_tune, scoring())

    def translate(self, model: Path, source: Path, function: str) -> Path:
        def make(path: Path) -> None:
            self.run(f"translate {function}", *commands.translate(model, source, path, beam_size=5))

        return once(self.out / f"{function}.hyp", make)

    def attend(self, model: Path, hypothesis: Path, source: Path, function: str) -> Path:
        def make(path: Path) -> None:
            self.run(f"attend {function}", *commands.attend(model, source, hypothesis, path))

        return once(self.out / f"{function}.npz", make)

    def score(self, hypotheses: Sequence[Path], reference: Path, archives: Sequence[Path]) -> Path:
        def make(path: Path) -> None:
            command = commands.score(hypotheses, reference, FUNCTIONS, path, **scoring())
            self.run("score", *command, "--attention", *archives)

        return once(self.out / "scores.json", make)

    def draw(self, archives: Sequence[Path]) -> tuple[Path, Path]:
        """A picture of one sentence, and the page to browse in."""
        command = ("onmt_evsoftmax", "heatmap", *archives, "--merge_subwords")
        one = (*command, "--sentence", HEATMAP_SENTENCE, "--out")
        some = (*command, "--sentences", f"0-{self.pages - 1}", "--out")
        picture = once(self.out / "heatmap.svg", lambda path: self.run("heatmap", *one, path))
        return picture, once(self.out / "attention.html", lambda path: self.run("page", *some, path))


def fine_tuning(function: str) -> tuple[object, ...]:
    """Options of onmt_train."""
    return ("-self_attn_function", function, "-learning_rate", 0.5, "-warmup_steps", 100)


def scoring() -> dict[str, Optional[str]]:
    """Options of ``score``: the first lines of the test set lie apart from their manifest, which knows the language."""
    return {"hyp_segmentation": "bpe", "hyp_tokenization": "moses", "lang": read_config(PREPARE_CONFIG).tgt_lang}


def count(text: str) -> int:
    """Argument type: a number from 1 up. onmt_train takes 0 steps and less for no end at all."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line; the exit status is 2 for a failed stage and 130 when interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("runs/demo"), help="folder of the results (default: runs/demo)"
    )
    for name in ("pretrain", "fine_tune", "checkpoint_every"):
        parser.add_argument(
            f"--{name}", type=count, default=getattr(FULL, name), help="training steps (default: %(default)s)"
        )
    parser.add_argument("--sentences", type=count, help="translate only the first N test sentences (default: all)")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120)
    schedule = Schedule(options.pretrain, options.fine_tune, options.checkpoint_every, options.sentences)
    try:
        demo = Demo(options.out, schedule, console)
        report = demo.all()
    except InputError as error:
        print(f"demo: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ndemo: interrupted; the same command continues", file=sys.stderr)
        return 130
    print_report(read_report(options.out / "scores.json"), console)
    console.print(f"report: {report}", highlight=False, soft_wrap=True)
    console.print(describe(demo.next_steps()), highlight=False, soft_wrap=True, markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
