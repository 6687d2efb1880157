"""``onmt_evsoftmax prepare``: raw parallel text -> what OpenNMT reads."""

from __future__ import annotations

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", help="what to prepare and how, such as configs/multi30k_ende.prepare.yaml")
    parser.add_argument(
        "--mirror", metavar="DIR", help="read each download from DIR, by its file name, instead of the network"
    )
    parser.add_argument("--out", metavar="DIR", help="folder to write to (default: out: of the config)")
    add_workers(parser)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """The option ``--workers``."""
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (default: %(default)s); the result does not depend on their number",
    )


def run(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from rich.console import Console

    from ...base.progress import Progress
    from .config import read_config
    from .pipeline import prepare
    from .report import print_report

    config = read_config(arguments.config)
    if arguments.out:
        config = replace(config, out=arguments.out)
    outcome = prepare(config, arguments.mirror, arguments.workers, Progress(Console(stderr=True)))
    if not outcome.performed:
        print(f"{config.name}: up to date in {outcome.folder}")
        return 0
    print_report(outcome.manifest, Console())
    print(f"{config.name}: prepared in {outcome.folder}")
    return 0
