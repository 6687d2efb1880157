"""``onmt_evsoftmax score``: options in, table and JSON out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

from ..archive.segmentation import SCHEMES
from ..base.errors import InputError
from .languages import STEMMERS, Language, find_language
from .metrics import METRICS
from .text import FORMS, TOKENIZATIONS, TextFile, check_aligned, load_text

if TYPE_CHECKING:
    from ..archive import AttentionArchive
    from .system import System

BLEU_TOKENIZERS = ("13a", "none", "intl")
PIPE_WIDTH = 120
"""Columns of the table where there is no terminal to ask; wide enough for every column."""

SEVERAL: dict[str, Any] = {"nargs": "+", "action": "extend"}
"""For an option with several values: given twice, it keeps those of both times."""

EPILOG = """\
Hypotheses straight from onmt_translate, against a raw reference:
  onmt_evsoftmax score --hyp pred.txt --ref test.de --lang de --hyp_segmentation bpe --hyp_tokenization moses
Tokenised and lower-cased, as papers on IWSLT14 report it (the reference is tokenised too):
  onmt_evsoftmax score --hyp pred.txt --ref test.tok.de --lang de --hyp_segmentation bpe \\
      --lowercase --bleu_tokenize none
Beside a reference that `prepare` wrote, its manifest.json says the language.
Several references of the same sentences:
  onmt_evsoftmax score --hyp pred.txt --ref a.de b.de --lang de
Other metrics than the usual:
  onmt_evsoftmax score --hyp pred.txt --ref test.de --lang de --metrics bleu chrfpp ter
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Fill in the options of ``score``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    _add_texts(parser.add_argument_group("the texts"))
    _add_scoring(parser.add_argument_group("how they are scored"))
    group = parser.add_argument_group("what is known of the models")
    add = group.add_argument
    add("--names", **SEVERAL, metavar="NAME", help="names of the rows (default: the file names)")
    add("--attention", **SEVERAL, metavar="NPZ", help="archives made with `attend`, one per hypothesis file")
    add(
        "--function",
        **SEVERAL,
        metavar="NAME",
        help="for `compare`: the function of each hypothesis file (default: what its archive says)",
    )
    add("--seed", **SEVERAL, type=int, metavar="N", help="for `compare`: the seed of each hypothesis file")
    parser.add_argument("--json", metavar="FILE", help="write scores, per-sentence scores and settings here")


def _add_texts(group: argparse._ArgumentGroup) -> None:
    """The files, and the form they are in."""
    add = group.add_argument
    add("--hyp", **SEVERAL, required=True, metavar="FILE", help="hypotheses; one row of the table per file")
    add(
        "--ref",
        **SEVERAL,
        required=True,
        metavar="FILE",
        help="reference translations, in one or several files; of several, BLEU counts the n-grams of all, "
        "the other metrics take the best for each line",
    )
    add("--src", metavar="FILE", help="the source as it was translated, to check the archives against")
    add(
        "--lang",
        metavar="CODE",
        help="language of hypotheses and references, which sets METEOR's stemmer and Moses' detokeniser: two or "
        f"three letters; there are stemmers for {', '.join(STEMMERS)} (default: what the manifest.json of `prepare` "
        "beside the reference says)",
    )
    for side, text in (("hyp", "hypotheses"), ("ref", "reference")):
        add(f"--{side}_segmentation", default="none", choices=SCHEMES, help=f"merge the pieces of the {text}")
        add(f"--{side}_tokenization", default="none", choices=TOKENIZATIONS, help=f"detokenise the {text}")


def _add_scoring(group: argparse._ArgumentGroup) -> None:
    """The metrics and their options."""
    usual = " ".join(name for name, row in METRICS.items() if row.default)
    group.add_argument(
        "--metrics", **SEVERAL, choices=METRICS, metavar="NAME", help=f"of {', '.join(METRICS)} (default: {usual})"
    )
    group.add_argument(
        "--lowercase",
        action="store_true",
        help="ignore case in the metrics whose signature says case:mixed without it",
    )
    group.add_argument(
        "--bleu_tokenize", default="13a", choices=BLEU_TOKENIZERS, help="tokeniser for BLEU (default: 13a)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Score, print, write.

    Raises:
        InputError: a file is missing, badly encoded, or does not fit the others; or nothing says
            which language they are in.
    """
    from rich.console import Console

    from ..base.files import check_writable
    from .report import build_report, print_report, write_report

    if arguments.json:
        check_writable(arguments.json)

    identities = list(zip(_for_each(arguments, "function"), _for_each(arguments, "seed")))
    language = find_language(arguments.ref, arguments.lang)
    systems, references, source = _score(arguments, identities, language)
    report = build_report(systems, references, _settings(arguments, language), language, source)
    print_report(report, Console(width=None if sys.stdout.isatty() else PIPE_WIDTH))
    if arguments.json:
        write_report(arguments.json, report)
        print(f"written: {arguments.json}")
    return 0


def _score(
    arguments: argparse.Namespace, identities: list[tuple], language: Language
) -> tuple[list[System], list[TextFile], Optional[TextFile]]:
    from rich.console import Console

    from .attended import measure_attended
    from .metric import Texts
    from .system import System, score_texts, system_names

    names = system_names(arguments.hyp, arguments.names)
    hypotheses, references, source = _load(arguments, language)
    check_aligned([*hypotheses, *references, *([source] if source else [])])
    first, *further = (reference.sentences for reference in references)
    archives = _archives(arguments, hypotheses, source)
    systems = []
    progress = Console(stderr=True)
    for name, hypothesis, archive, identity in zip(names, hypotheses, archives, identities):
        texts = Texts(
            hypothesis.sentences,
            first,
            language.code,
            arguments.lowercase,
            arguments.bleu_tokenize,
            further,
            source.sentences if source else None,
        )
        with progress.status(f"scoring {hypothesis.path}"):
            try:
                scores = score_texts(texts, arguments.metrics)
            except InputError as error:
                raise InputError(f"{hypothesis.path}: {error}") from None
        with progress.status(f"counting attended words of {hypothesis.path}"):
            attended = measure_attended(archive) if archive is not None else None
        systems.append(System(name, hypothesis, scores, archive, attended, *identity))
    return systems, references, source


def _for_each(arguments: argparse.Namespace, option: str) -> list:
    """What ``option`` says of each hypothesis file; None for each where it was not given."""
    values = getattr(arguments, option) or [None] * len(arguments.hyp)
    if len(values) != len(arguments.hyp):
        files = len(arguments.hyp)
        raise InputError(f"--{option}: {len(values)} for {files} hypothesis files; give one for each")
    return values


def _load(
    arguments: argparse.Namespace, language: Language
) -> tuple[list[TextFile], list[TextFile], Optional[TextFile]]:
    def load(path: str, side: str) -> TextFile:
        form = {unit: getattr(arguments, f"{side}_{unit}") for unit in ("segmentation", "tokenization")}
        return load_text(path, lang=language.code, **form)

    hypotheses = [load(path, "hyp") for path in arguments.hyp]
    references = [load(path, "ref") for path in arguments.ref]
    return hypotheses, references, load_text(arguments.src) if arguments.src else None


def _archives(
    arguments: argparse.Namespace, hypotheses: list[TextFile], source: Optional[TextFile]
) -> Sequence[Optional[AttentionArchive]]:
    """The archive of each hypothesis file, checked, or None for each."""
    from ..archive import AttentionArchive
    from .system import check_archive_fits

    if not arguments.attention:
        return [None] * len(hypotheses)
    if len(arguments.attention) != len(hypotheses):
        raise InputError(
            f"--attention: {len(arguments.attention)} archives for {len(hypotheses)} hypothesis files; "
            f"give one for each, in the same order"
        )
    archives = [AttentionArchive(path) for path in arguments.attention]
    for archive, hypothesis in zip(archives, hypotheses):
        archive.require("cross")
        check_archive_fits(archive, hypothesis, arguments.hyp_segmentation, source)
    return archives


def _settings(arguments: argparse.Namespace, language: Language) -> dict[str, Any]:
    names = ("lowercase", "bleu_tokenize")
    return {"lang": language.code, **{name: getattr(arguments, name) for name in (*names, *FORMS)}}
