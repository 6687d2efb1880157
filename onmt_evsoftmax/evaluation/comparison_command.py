"""``onmt_evsoftmax compare``: scored runs in; a table with errors, tests and marks out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from ..base.errors import InputError
from ..base.files import atomic_write, check_writable
from .significance import TESTS, Resampling

EPILOG = """\
Every run is scored once, and says what it is:
  onmt_evsoftmax score --hyp pred.txt --ref test.de --lang de --function sparsemax --seed 1 --json sparsemax.1.json
  onmt_evsoftmax compare *.json --out table4             # table4.md .tex .csv .json
Files that do not say it can be labelled:
  onmt_evsoftmax compare evsoftmax:1=a.json softmax:1=b.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Fill in the options of ``compare``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "runs",
        nargs="+",
        metavar="RUN",
        help="scores from `onmt_evsoftmax score --json`: FILE, FUNCTION=FILE or FUNCTION:SEED=FILE",
    )
    add(
        "--against",
        default="evsoftmax",
        metavar="FUNCTION",
        help="the function that the others are tested against (default: evsoftmax)",
    )
    add(
        "--missing_seeds",
        action="store_true",
        help="let functions lack seeds; each is tested on those that it shares with --against",
    )
    add("--out", metavar="PREFIX", help="write PREFIX.md, PREFIX.tex, PREFIX.csv and PREFIX.json")
    _add_test_options(parser.add_argument_group("the tests"))


def _add_test_options(group: argparse._ArgumentGroup) -> None:
    """Which test sets the marks, and how often it draws."""
    group.add_argument(
        "--test",
        default=TESTS[0],
        choices=TESTS,
        help="whose p-value sets the asterisks: over seeds and sentences together, paired approximate "
        "randomisation or paired bootstrap over sentences, or the t-test over seeds (default: joint, which "
        "with one seed is randomisation)",
    )
    for option, default, what in (
        ("--samples", Resampling.samples, "bootstrap samples"),
        ("--trials", Resampling.trials, "randomisation trials"),
    ):
        group.add_argument(option, type=int, default=default, metavar="N", help=f"{what} (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, write; the exit status is 0.

    Raises:
        InputError: the runs do not belong together, or a file cannot be read or written.
    """
    for option in ("samples", "trials"):
        if getattr(arguments, option) < 1:
            raise InputError(f"--{option} {getattr(arguments, option)}: expected a positive number")
    if arguments.out:
        check_writable(arguments.out)  # a folder is no beginning of file names
    from rich.console import Console

    from .comparison_table import to_csv, to_latex, to_markdown

    with Console(stderr=True).status("reading the scores") as status:
        comparison = _compare(arguments, status.update)
    markdown = to_markdown(comparison)
    print(markdown, end="")
    if arguments.out:
        text = json.dumps(comparison, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
        files = {"tex": to_latex(comparison), "csv": to_csv(comparison), "json": text, "md": markdown}
        _write(arguments.out, files)
        print("\nwritten: " + ", ".join(f"{arguments.out}.{suffix}" for suffix in files))
    return 0


def _compare(arguments: argparse.Namespace, progress: Callable[[str], None]) -> dict[str, Any]:
    from .comparison import compare
    from .runs import group_runs, read_runs

    runs, common = read_runs(arguments.runs)
    comparison = compare(
        group_runs(runs, arguments.against),
        arguments.against,
        test=arguments.test,
        resampling=Resampling(arguments.samples, arguments.trials),
        allow_missing=arguments.missing_seeds,
        progress=progress,
    )
    return {**comparison, **common}


def _write(prefix: str, files: dict[str, str]) -> None:
    for suffix, text in files.items():
        with atomic_write(f"{prefix}.{suffix}") as stream:
            stream.write(text)
