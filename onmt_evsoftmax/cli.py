"""The ``onmt_evsoftmax`` command: parse, call one function, print."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import Optional

from . import __version__
from .base.errors import InputError
from .base.versions import missing_opennmt

INTERRUPTED = 130
"""Exit status after Ctrl-C, as in a shell: 128 + SIGINT."""
BROKEN_PIPE = 141
"""Exit status when nobody reads the output any more: 128 + SIGPIPE."""

COMMANDS = {
    "fetch": (
        "onmt_evsoftmax.data.fetching.command",
        "published corpora and models -> files on this machine, checked and ready to prepare",
    ),
    "prepare": (
        "onmt_evsoftmax.data.corpus.command",
        "raw parallel text -> cleaned, tokenised, segmented, with vocabularies",
    ),
    "convert": (
        "onmt_evsoftmax.conversion.command",
        "a checkpoint of OpenNMT-py 0.x, 1.x or 2.x -> one of 3.x",
    ),
    "score": (
        "onmt_evsoftmax.evaluation.command",
        "BLEU, chrF, ROUGE, METEOR and attended words of translations",
    ),
    "compare": (
        "onmt_evsoftmax.evaluation.comparison_command",
        "functions over their seeds: means, errors, paired tests, as Markdown, LaTeX, CSV, JSON",
    ),
    "sweep": (
        "onmt_evsoftmax.sweep.command",
        "functions by seeds: pretrain, fine-tune, translate, attend, score, compare, report",
    ),
    "report": (
        "onmt_evsoftmax.pages.report.command",
        "the folder of a sweep -> one page: tables, learning curves, attention, sentences",
    ),
    "attend": (
        "onmt_evsoftmax.attend",
        "every attention weight of a model on a test set, as an archive",
    ),
    "heatmap": (
        "onmt_evsoftmax.pages.heatmap.command",
        "pictures and an interactive page of an attention archive",
    ),
    "properties": (
        "onmt_evsoftmax.normalizers.properties_command",
        "which properties each mapping has, measured, with a witness for every no",
    ),
    "doctor": (
        "onmt_evsoftmax.doctor",
        "what is installed, whether the plugin is armed, and what attention will run",
    ),
}
"""command -> (module with ``add_arguments(parser)`` and ``run(arguments) -> exit status``, one-line help).

A command that hands options on to another program sets a default for ``others``, and finds there what it does not know.

The modules are imported only when their command is the one that was typed: `doctor` must
work where matplotlib is broken, and `score` must not wait for torch.
"""


def build_parser(command: Optional[str] = None) -> argparse.ArgumentParser:
    """The parser, with the options of ``command`` filled in."""
    parser = argparse.ArgumentParser(
        prog="onmt_evsoftmax",
        description="Sparse multimodal attention (ev-softmax) for OpenNMT-py, Transformers and torch.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name == command:
            importlib.import_module(module).add_arguments(subparser)
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run one command; the exit status is 0, or 2 for bad input or without OpenNMT-py, or `INTERRUPTED`."""
    argv = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in argv if not word.startswith("-")), None)
    try:
        return _run(argv, command)
    except ModuleNotFoundError as error:
        if error.name != "onmt":
            raise
        print(f"onmt_evsoftmax {command}: error: {missing_opennmt()}", file=sys.stderr)
        return 2


def _run(argv: list[str], command: Optional[str]) -> int:
    with _leaving_at_once(command):
        parser = build_parser(command)
        arguments, others = parser.parse_known_args(argv)
        if others and not hasattr(arguments, "others"):
            parser.error(f"unrecognized arguments: {' '.join(others)}")
        arguments.others = others
    # OpenNMT-py decorates with an API that today's torch deprecates, once per decorator
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"onmt\.")
    try:
        status = importlib.import_module(COMMANDS[arguments.command][0]).run(arguments)
        sys.stdout.flush()  # a full disk behind it shows here and not while the interpreter ends
        return status
    except BrokenPipeError:  # `| head` has seen enough
        _drop_output()
        return BROKEN_PIPE
    except InputError as error:
        print(f"onmt_evsoftmax {arguments.command}: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # what no reader or writer has put into words
        where = error.filename or "output"
        print(f"onmt_evsoftmax {arguments.command}: error: {where}: {error.strerror}", file=sys.stderr)
        _drop_output()
        return 2
    except KeyboardInterrupt:
        print(f"\n{_interrupted(arguments.command)}", file=sys.stderr)
        return INTERRUPTED


def _drop_output() -> None:
    """Discard what is still to be printed: the interpreter would try once more at its end, and complain."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: a stream without a descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted(command: Optional[str]) -> str:
    return f"onmt_evsoftmax {command or ''}".rstrip() + ": interrupted; the same command continues"


@contextlib.contextmanager
def _leaving_at_once(command: Optional[str]) -> Iterator[None]:
    """While modules load, Ctrl-C ends the process without an exception.

    A KeyboardInterrupt inside an import becomes whatever the importing code makes of it: torch's extension modules
    raise an ImportError, or abort. Nothing has been begun yet that would have to be cleaned up.
    """

    def leave(_signal, _frame) -> None:
        os.write(2, f"\n{_interrupted(command)}\n".encode())
        os._exit(INTERRUPTED)

    if threading.current_thread() is not threading.main_thread():  # only there can a handler be set
        yield
        return
    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
