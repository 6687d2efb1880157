"""``onmt_evsoftmax attend``: the attention archive of a model on a test set."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

from ..archive import KINDS
from ..archive.segmentation import SCHEMES
from ..base.errors import InputError

LINES_NAMED = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--model", required=True, help="checkpoint of onmt_train")
    parser.add_argument("--src", required=True, help="source pieces, as onmt_translate read them")
    parser.add_argument("--hyp", required=True, help="hypothesis pieces, as onmt_translate wrote them")
    parser.add_argument("--out", required=True, help="the archive to write (.npz)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="kinds of attention to keep")
    parser.add_argument(
        "--segmentation", choices=SCHEMES, default="bpe", help="how pieces make up words (default: bpe)"
    )
    parser.add_argument("--self_attn_function", help="instead of the checkpoint's, as in onmt_translate")
    parser.add_argument("--context_attn_function", help="the same for cross-attention alone")
    parser.add_argument("--sentences", type=int, help="only the first N sentences")
    parser.add_argument("--batch_size", type=int, default=32, help="sentences in one pass (default: 32)")
    parser.add_argument("--gpu", type=int, default=-1, help="device number (default: the CPU)")


def run(arguments: argparse.Namespace) -> int:
    """Write the archive; returns the exit status.

    Raises:
        InputError: an input is wrong, or the archive cannot be written; a wrong place is known before the work.
    """
    from rich.progress import track

    from ..archive import write_archive
    from ..base.files import check_writable
    from .attend import load_model, longest, teacher_forced_attention

    check_writable(arguments.out)
    sources, hypotheses = _read_pairs(arguments)
    loaded = load_model(
        arguments.model,
        self_attn_function=arguments.self_attn_function,
        context_attn_function=arguments.context_attn_function,
        gpu=arguments.gpu,
    )
    _refuse_long_lines(arguments, sources, hypotheses, longest(loaded))
    sentences = teacher_forced_attention(
        loaded, sources, hypotheses, kinds=arguments.kinds, batch_size=arguments.batch_size
    )
    write_archive(
        arguments.out,
        track(sentences, total=len(sources), description="attention"),
        _metadata(arguments, loaded),
    )
    print(f"{arguments.out}: {len(sources)} sentences, {loaded.functions}")
    _note_empty_lines(arguments.src, sources)
    return 0


def _refuse_long_lines(
    arguments: argparse.Namespace,
    sources: list[list[str]],
    hypotheses: list[list[str]],
    limits: tuple[float, float],
) -> None:
    for path, lines, limit in zip((arguments.src, arguments.hyp), (sources, hypotheses), limits):
        for number, pieces in enumerate(lines, start=1):
            if len(pieces) > limit:
                raise InputError(
                    f"{path}, line {number}: {len(pieces)} pieces, but {arguments.model} has positions for "
                    f"{limit}; leave the line out of both files, or split it"
                )


def _note_empty_lines(path: str, sources: list[list[str]]) -> None:
    empty = [str(number) for number, pieces in enumerate(sources, start=1) if not pieces]
    if empty:
        more = f" and {len(empty) - LINES_NAMED} more" if len(empty) > LINES_NAMED else ""
        print(
            f"note: {path}: no source pieces in line {', '.join(empty[:LINES_NAMED])}{more}; "
            "the archive holds these sentences without encoder- and cross-attention",
            file=sys.stderr,
        )


def _read_pairs(arguments: argparse.Namespace) -> tuple[list[list[str]], list[list[str]]]:
    from ..base.files import read_lines

    sources, hypotheses = read_lines(arguments.src), read_lines(arguments.hyp)
    if len(sources) != len(hypotheses):
        raise InputError(
            f"{arguments.src} has {len(sources)} lines but {arguments.hyp} has {len(hypotheses)}; "
            "they must be the source and its translation, line by line"
        )
    if not sources:
        raise InputError(f"{arguments.src}: empty file")
    if arguments.batch_size < 1 or (arguments.sentences is not None and arguments.sentences < 1):
        raise InputError("--batch_size and --sentences take a number from 1 up")
    last = arguments.sentences
    return [line.split() for line in sources[:last]], [line.split() for line in hypotheses[:last]]


def _metadata(arguments: argparse.Namespace, loaded) -> dict:
    import onmt
    import torch

    from .. import __version__
    from .modules import attention_modules

    modules = [(kind, attention) for kind, _, attention in attention_modules(loaded.model)]
    names = {kind: attention.softmax.name for kind, attention in modules}
    return {
        "model": Path(arguments.model).name,
        "functions": {kind: names[kind] for kind in arguments.kinds},
        "kinds": list(arguments.kinds),
        "layers": {kind: sum(other == kind for other, _ in modules) for kind in arguments.kinds},
        "heads": modules[0][1].head_count,
        "segmentation": arguments.segmentation,
        "versions": {
            "onmt_evsoftmax": __version__,
            "OpenNMT-py": onmt.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
