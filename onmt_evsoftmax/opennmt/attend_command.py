"""What ``onmt_evsoftmax attend`` does with a checkpoint of OpenNMT-py."""

from __future__ import annotations

import argparse
import platform
from pathlib import Path

from ..archive.reading import Reading
from .attend import load_model, longest, teacher_forced_attention

LINES_NAMED = 10


def read_test_set(arguments: argparse.Namespace, sources: list[str], hypotheses: list[str]) -> Reading:
    """Load the model that the options name.

    Args:
        sources, hypotheses: lines of pieces.

    Raises:
        InputError: the checkpoint cannot be read, or an option names no function.
    """
    loaded = load_model(
        arguments.model,
        self_attn_function=arguments.self_attn_function,
        context_attn_function=arguments.context_attn_function,
        gpu=arguments.gpu,
    )
    source_pieces, target_pieces = ([line.split() for line in lines] for lines in (sources, hypotheses))
    return Reading(
        sources=source_pieces,
        hypotheses=target_pieces,
        limits=longest(loaded),
        sentences=teacher_forced_attention(
            loaded, source_pieces, target_pieces, kinds=arguments.kinds, batch_size=arguments.batch_size
        ),
        metadata=_metadata(arguments, loaded),
        note=_empty_lines(arguments.src, source_pieces),
    )


def _empty_lines(path: str, sources: list[list[str]]) -> str:
    empty = [str(number) for number, pieces in enumerate(sources, start=1) if not pieces]
    if not empty:
        return ""
    more = f" and {len(empty) - LINES_NAMED} more" if len(empty) > LINES_NAMED else ""
    return (
        f"{path}: no source pieces in line {', '.join(empty[:LINES_NAMED])}{more}; "
        "the archive holds these sentences without encoder- and cross-attention"
    )


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
        "segmentation": arguments.segmentation or "bpe",
        "versions": {
            "onmt_evsoftmax": __version__,
            "OpenNMT-py": onmt.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }
