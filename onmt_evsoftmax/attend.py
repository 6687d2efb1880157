"""``onmt_evsoftmax attend``: the attention archive of a model on a test set, whichever framework it is of."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .archive import KINDS
from .archive.reading import Reading
from .archive.segmentation import SCHEMES
from .base.errors import InputError

EPILOG = """\
A checkpoint of OpenNMT-py, with the pieces that onmt_translate read and wrote:
  onmt_evsoftmax attend --model MODEL.pt --src test.en --hyp hyp.txt --out attention.npz
A folder of Transformers, with plain text; --translate writes the translations and attends to their very tokens:
  onmt_evsoftmax attend --model FOLDER --src test.en --translate hyp.txt --out attention.npz
  onmt_evsoftmax attend --model FOLDER --src test.en --hyp hyp.txt --out attention.npz
NLLB, M2M100 and mBART have to be told the languages:
  onmt_evsoftmax attend --model nllb --src_lang eng_Latn --tgt_lang deu_Latn \\
      --src test.en --translate hyp.txt --out attention.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "--model",
        required=True,
        help="checkpoint of onmt_train, or a folder that save_pretrained of Transformers wrote",
    )
    add("--src", required=True, help="OpenNMT-py: source pieces, as onmt_translate read them; Transformers: text")
    texts = parser.add_mutually_exclusive_group(required=True)
    texts.add_argument("--hyp", help="translations: pieces as onmt_translate wrote them; Transformers: text")
    texts.add_argument("--translate", metavar="FILE", help="Transformers: translate first, and write the text here")
    add("--out", required=True, help="the archive to write (.npz)")
    add("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="kinds of attention to keep")
    add(
        "--segmentation",
        choices=SCHEMES,
        help="how pieces make up words (default: bpe; Transformers: what the tokeniser's pieces say)",
    )
    add("--self_attn_function", help="instead of the model's, as in onmt_translate")
    add("--context_attn_function", help="the same for cross-attention alone")
    add("--sentences", type=int, help="only the first N sentences")
    add("--batch_size", type=int, default=32, help="sentences in one pass (default: 32)")
    add("--gpu", type=int, default=-1, help="device number (default: the CPU)")
    _add_transformers(parser.add_argument_group("Transformers alone"))


def _add_transformers(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--src_lang", metavar="CODE", help="of a multilingual model, as its tokeniser calls it: eng_Latn, en, en_XX")
    add("--tgt_lang", metavar="CODE", help="the same of the translation; deu for Marian's >>deu<<")
    add("--src_prefix", metavar="TEXT", help="before each source line: T5 wants 'translate English to German: '")
    add("--beam_size", type=int, metavar="N", help="of --translate (default: what generation_config.json says)")


def run(arguments: argparse.Namespace) -> int:
    """Write the archive; returns the exit status.

    Raises:
        InputError: an input is wrong, or a file cannot be written; a wrong place is known before the work.
    """
    from rich.progress import track

    from .archive import write_archive
    from .base.files import check_writable

    check_writable(arguments.out)
    sources, hypotheses = _read_lines(arguments)
    if is_transformers_folder(arguments.model):
        from .huggingface.attend import read_test_set
    else:
        _refuse_options_of_transformers(arguments)
        from .opennmt.attend_command import read_test_set
    reading = read_test_set(arguments, sources, hypotheses)
    _refuse_long_lines(arguments, reading)
    write_archive(
        arguments.out, track(reading.sentences, total=len(sources), description="attention"), reading.metadata
    )
    functions = ", ".join(f"{kind} {name}" for kind, name in reading.metadata["functions"].items())
    print(f"{arguments.out}: {len(sources)} sentences, {functions}")
    if reading.note:
        print(f"note: {reading.note}", file=sys.stderr)
    return 0


def is_transformers_folder(model: str) -> bool:
    """Whether ``--model`` is a folder of Transformers: one with a config.json.

    Raises:
        InputError: it is a folder of another kind, or looks like a name on the Hugging Face Hub.
    """
    path = Path(model)
    if path.is_dir() and not (path / "config.json").is_file():
        raise InputError(f"{model}: has no config.json; --model takes a checkpoint or a folder of save_pretrained")
    if not path.exists() and model.count("/") == 1 and not path.suffix and not path.parent.exists():
        raise InputError(
            f"{model}: no such file or folder; one of the Hub is fetched with: hf download {model} --local-dir DIR"
        )
    return path.is_dir()


def _refuse_options_of_transformers(arguments: argparse.Namespace) -> None:
    for option in ("translate", "src_lang", "tgt_lang", "src_prefix", "beam_size"):
        if getattr(arguments, option) is not None:
            raise InputError(
                f"--{option} is for folders of Transformers; {arguments.model} is none. OpenNMT-py translates with "
                "onmt_translate"
            )


def _refuse_long_lines(arguments: argparse.Namespace, reading: Reading) -> None:
    paths = arguments.src, arguments.hyp or arguments.translate
    for path, lines, limit in zip(paths, (reading.sources, reading.hypotheses), reading.limits):
        for number, pieces in enumerate(lines, start=1):
            if len(pieces) > limit:
                raise InputError(
                    f"{path}, line {number}: {len(pieces)} pieces, but {arguments.model} has positions for "
                    f"{limit}; leave the line out of both files, or split it"
                )


def _read_lines(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    from .base.files import check_writable, read_lines

    if arguments.batch_size < 1 or any(n is not None and n < 1 for n in (arguments.sentences, arguments.beam_size)):
        raise InputError("--batch_size, --sentences and --beam_size take a number from 1 up")
    sources, hypotheses = read_lines(arguments.src), []
    if arguments.translate:
        check_writable(arguments.translate)
    else:
        hypotheses = read_lines(arguments.hyp)
        if len(sources) != len(hypotheses):
            raise InputError(
                f"{arguments.src} has {len(sources)} lines but {arguments.hyp} has {len(hypotheses)}; "
                "they must be the source and its translation, line by line"
            )
    if not sources:
        raise InputError(f"{arguments.src}: empty file")
    return sources[: arguments.sentences], hypotheses[: arguments.sentences]
