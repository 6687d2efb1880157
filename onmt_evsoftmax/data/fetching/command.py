"""``onmt_evsoftmax fetch``: published corpora and models -> files on this machine."""

from __future__ import annotations

import argparse
import sys

from ..corpus.command import add_workers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="what to fetch; --list shows what there is")
    parser.add_argument("--list", action="store_true", help="list what can be fetched, and do nothing else")
    parser.add_argument(
        "--out",
        metavar="DIR",
        default="data",
        help="the folder of data: the result goes to a folder of its own in it, downloads to "
        "DIR/downloads (default: %(default)s)",
    )
    parser.add_argument(
        "--mirror",
        metavar="DIR|URL",
        help="read each download from a folder, or the URL of one, by its file name",
    )
    parser.add_argument("--source", metavar="SOURCE", help="where from, for what has several (see --list)")
    add_workers(parser)


def run(arguments: argparse.Namespace) -> int:
    from ...base.errors import InputError
    from .catalogue import DATASETS, dataset

    if arguments.list:
        _print_list()
        return 0
    if arguments.name is None:
        raise InputError(f"say what to fetch: {', '.join(entry.name for entry in DATASETS)}")
    entry = dataset(arguments.name)

    from rich.console import Console

    from ...base.progress import Progress
    from .fetch import fetch

    progress = Progress(Console(stderr=True))
    outcome = fetch(entry, arguments.out, arguments.source, arguments.mirror, arguments.workers, progress)
    for warning in outcome.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{entry.name}: {'fetched into' if outcome.performed else 'up to date in'} {outcome.folder}")
    if outcome.counts:
        print(", ".join(f"{split} {count:,}" for split, count in outcome.counts.items()) + " pairs")
    print(f"licence: {entry.licence}")
    return 0


def _print_list() -> None:
    from .catalogue import DATASETS

    for entry in DATASETS:
        print(f"{entry.name}: into {entry.folder}/; licence: {entry.licence}")
        for source, downloads in entry.sources.items():
            for download in downloads:
                size = f" ({download.size / 1e6:,.0f} MB)" if download.size else ""
                print(f"  {source}: {download.url}{size}")
