"""``onmt_evsoftmax convert``: a checkpoint of OpenNMT-py 0.x, 1.x or 2.x -> one of 3.x."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("old", metavar="OLD.pt", help="checkpoint of a transformer, OpenNMT-py 0.1 to 2.3")
    parser.add_argument(
        "new",
        metavar="NEW.pt",
        help="checkpoint to write, for OpenNMT-py 3.x; the state of the optimiser is left out, so "
        "train on with -reset_optim all",
    )
    parser.add_argument("--force", action="store_true", help="replace NEW.pt if it exists")


def run(arguments: argparse.Namespace) -> int:
    """Convert, and say what was converted and what to type next."""
    from .converter import convert

    done = convert(arguments.old, arguments.new, force=arguments.force)
    print(
        f"{arguments.old}: OpenNMT-py {done.era}, transformer of {done.encoder_layers} + "
        f"{done.decoder_layers} layers, width {done.hidden_size}, {done.heads} heads, "
        f"feed-forward {done.feed_forward}; {done.source_tokens:,} source and {done.target_tokens:,} target "
        f"tokens; {done.parameters:,} parameters"
    )
    print(f"{arguments.new}: written for OpenNMT-py 3.x, without the state of the optimiser")
    print(f"translate: onmt_translate -model {arguments.new} -src SOURCE -output OUTPUT")
    print(
        f"fine-tune: onmt_train -config CONFIG.yaml -train_from {arguments.new} -reset_optim all "
        "-self_attn_function evsoftmax"
    )
    return 0
