"""``onmt_evsoftmax report``: the folder of a sweep in; one page out."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...base.errors import InputError
from ...base.files import check_writable

EPILOG = """\
The page needs no network and no other file. What the folder lacks, the page says, with the command that
makes it; run `report` again when more is there:
  onmt_evsoftmax report runs/iwslt14_ende                # runs/iwslt14_ende/report.html
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Fill in the options of ``report``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "folder",
        metavar="FOLDER",
        help="of a sweep: FUNCTION.SEED/ with TEST.hyp, TEST.json, TEST.npz, train.log",
    )
    add("--out", metavar="FILE", help="the page to write (default: FOLDER/report.html)")
    add(
        "--megabytes",
        type=float,
        default=25,
        metavar="N",
        help="size of the page, which limits the sentences whose attention it holds (default: %(default)s)",
    )
    add(
        "--sentences",
        type=int,
        metavar="N",
        help="attention of at most N sentences per test set (default: what fits)",
    )
    add(
        "--examples",
        type=int,
        default=10,
        metavar="N",
        help="best and worst sentences to list (default: %(default)s)",
    )
    add(
        "--seed",
        type=int,
        metavar="N",
        help="whose translations to show (default: a seed with most archives)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page, print what is in it; the exit status is 0.

    Raises:
        InputError: the folder is no sweep, a file in it is damaged, or the page cannot be written.
    """
    _check(arguments)
    from rich.console import Console

    from ...sweep.folder import read_sweep
    from ...sweep.testset import read_test_set
    from .page import Limits, write_page

    sweep = read_sweep(arguments.folder)
    if arguments.seed is not None and arguments.seed not in {run.seed for run in sweep.runs}:
        raise InputError(f"--seed {arguments.seed}: {sweep.path} holds no run with this seed")
    out = Path(arguments.out or sweep.path / "report.html")
    limits = Limits(arguments.megabytes, arguments.sentences, arguments.examples)
    with Console(stderr=True).status("reading") as status:
        tests = [read_test_set(sweep, name, arguments.seed, status.update) for name in sweep.tests]
        size, carried = write_page(sweep, tests, out, limits, status.update)
    attention = ", ".join(f"{carried[test.name]} of {test.size} sentences of {test.name}" for test in tests)
    print(f"{out}: {size / 1e6:.1f} MB, attention of {attention or 'no test set'}; open it in a browser")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    for option, least in (("sentences", 0), ("examples", 0)):
        value = getattr(arguments, option)
        if value is not None and value < least:
            raise InputError(f"--{option} {value}: expected a number from {least} up")
    if not arguments.megabytes > 0:
        raise InputError(f"--megabytes {arguments.megabytes}: expected a number above 0")
    if arguments.out:
        check_writable(arguments.out)
