"""The command lines: options that all experiments share, and bad input as one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax.base.errors import InputError

RUNS = "what --out of training named"


def train_parser(experiment: str, description: str, images: Optional[str] = None) -> argparse.ArgumentParser:
    """The options of every ``train`` command.

    Args:
        experiment: the name of its folder.
        images: what is to be found at ``--mirror``; None of an experiment without data.
    """
    parser = _parser(experiment, "train", description)
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="YAML with changes to config.yaml")
    add("--preset", nargs="+", default=[], metavar="NAME", help="sets of changes under `presets` of the config: small")
    add("--seeds", metavar="LIST", help="such as 0-9 or 0,3,7; default: those of the config")
    if images is not None:
        add("--epochs", type=int, metavar="N", help="passes over the training images")
        add("--mirror", metavar="DIR", help=f"folder or address with {images}")
        cache = Path("runs/cache")
        add("--cache", type=Path, default=cache, metavar="DIR", help=f"downloads go here (default: {cache})")
    out = Path("runs") / experiment
    add("--out", type=Path, default=out, metavar="DIR", help=f"run folders go here (default: {out})")
    return parser


def figures_parser(experiment: str, description: str, several: bool = False) -> argparse.ArgumentParser:
    """The options of every ``figures`` command; with ``several``, it takes more than one folder of runs."""
    parser = _parser(experiment, "figures", description)
    parser.add_argument("runs", nargs="+" if several else None, type=Path, metavar="RUNS", help=RUNS)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the figures")
    return parser


def table_parser(experiment: str, description: str) -> argparse.ArgumentParser:
    """The options of every ``table`` command."""
    parser = _parser(experiment, "table", description)
    parser.add_argument("runs", type=Path, metavar="RUNS", help=RUNS)
    parser.add_argument("--out", type=Path, metavar="PLACE", help="write a .md and a .json there as well")
    return parser


def _parser(experiment: str, command: str, description: str) -> argparse.ArgumentParser:
    prog = f"python -m other_experiments.{experiment}.{command}"
    return argparse.ArgumentParser(prog=prog, description=description.splitlines()[0], allow_abbrev=False)


def run_main(function: Callable[[Optional[Sequence[str]]], Any]) -> None:
    """Call ``function(None)`` as a command: bad input becomes one line and exit status 2.

    That is an `InputError`, and a file that cannot be read or written. Any other ValueError is a
    fault in the code and keeps its traceback.
    """
    try:
        function(None)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"error: {place}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; the same command continues", file=sys.stderr)
        sys.exit(130)
