"""Keys that OpenNMT-py does not know: an error where they resemble one of ours, else a warning.

onmt_train and onmt_build_vocab parse with ``parse_known_args`` and drop what is left over. A misspelt
``self_attn_function`` would train softmax, and any other misspelt key its default, without a word.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import yaml

from ..base import catalogue
from ..base.suggestions import nearest
from ..plugin.option_keys import CONTEXT, FUNCTION_KEYS, SELF

COMMAND_LINE = "command line"
DASHES = "-\u2010\u2013\u2014"
"""characters that a command line copied from a page or a word processor has for a hyphen"""
RESEMBLES = 0.8
"""similarity (`difflib.SequenceMatcher.ratio`) from which a key counts as a misspelling of another"""


def reporting_unknown_keys(original: Callable) -> Callable:
    """Wrap ``ArgumentParser.parse_known_args`` with a look at what it leaves over.

    One YAML serves several commands, so a key that any of onmt_train, onmt_build_vocab and onmt_translate
    knows is nothing to report.
    """

    def parse_known_args(parser, *arguments, **keywords):
        options, leftover = original(parser, *arguments, **keywords)
        for found in (*_unknown(parser, leftover), *_misplaced(parser, options)):
            if found.remedy is not None:
                functions = ", ".join(FUNCTION_KEYS)
                text = str(found).rstrip("?")
                mark = "?" if str(found).endswith("?") else "."
                parser.exit(2, f"{parser.prog}: error: {text}{mark} The keys of onmt_evsoftmax are {functions}.\n")
            print(f"{parser.prog}: warning: {found}", file=sys.stderr)
        return options, leftover

    return parse_known_args


@dataclass(frozen=True)
class Finding:
    """A key, or a word of the command line, that the parser dropped or that does not mean what it seems to.

    Attributes:
        where: the file, or the command line.
        problem: what is wrong.
        remedy: what to write to have a function of ours; None where no function of ours was meant.
        nearest: the key of OpenNMT-py that may have been meant.
    """

    where: str
    problem: str
    remedy: Optional[str] = None
    nearest: Optional[str] = None

    def __str__(self) -> str:
        hint = f"did you mean {self.nearest}?" if self.nearest else ""
        return "; ".join(filter(None, (f"{self.where}: {self.problem}", self.remedy or hint)))


def resembled(key: str) -> Optional[str]:
    """The key of ours that ``key`` is a misspelling of, if it is one.

    >>> resembled("self-attention-function"), resembled("cross_attn_func"), resembled("max_seq_length")
    ('self_attn_function', 'context_attn_function', None)
    """
    plain = _plain(key)
    if "attn_func" in plain:
        return CONTEXT if re.search("cross|cont?e?xt|ctx|src|encdec", plain) else SELF
    return nearest(plain, FUNCTION_KEYS, RESEMBLES)


def _plain(key: str) -> str:
    return key.lower().replace("-", "_").replace(" ", "_").replace("attention", "attn")


def _judged(key: str, value: Any, where: str) -> Optional[Finding]:
    """The finding on a key that this command does not know; None if another command that shares its YAML does."""
    known = [name for name in known_keys() if name not in FUNCTION_KEYS]
    if key in known or key in FUNCTION_KEYS:
        return None
    spelling = {_plain(name): name for name in known}
    exact = spelling.get(_plain(key))
    ours = None if exact else resembled(key)
    if ours is None and value != "softmax" and value in catalogue.names():
        ours = SELF
    meant = exact or nearest(key, known, RESEMBLES)
    return Finding(where, f"no such key: {key}", ours and f"did you mean {ours}?", meant)


def _unknown(parser, leftover: Sequence[str]) -> Iterator[Finding]:
    """Findings on what the parser left over, of the configuration and of the command line."""
    values: set[str] = set()
    keys: set[str] = set()
    for source, settings in parser.get_source_to_settings_dict().items():
        kind, _, path = source.partition("|")
        for key, (action, value) in settings.items() if kind == "config_file" else ():
            yield from _nested(value, key, path)
            # argparse takes the beginning of an option's name for the option, in a YAML too
            if action is None and not _is_abbreviation(parser, key):
                values.update(map(str, value if isinstance(value, list) else [value]))
                keys.add(key.lstrip("-"))
                yield from filter(None, [_judged(key.lstrip("-"), value, path)])
    yield from _dropped_words([word for word in leftover if word not in values], keys)


def _dropped_words(words: Sequence[str], keys_of_files: set[str]) -> Iterator[Finding]:
    """Findings on the command line: options that nobody knows, and words that belong to no option."""
    after_option = False
    for word, following in zip(words, [*words[1:], None]):
        key, _, value = word.lstrip(DASHES).partition("=")
        if re.match(r"--?[A-Za-z_]", word):
            after_option = True
            if key not in keys_of_files:
                yield from filter(None, [_judged(key, value or following, COMMAND_LINE)])
        elif resembled(key) or not after_option:
            remedy = f"did you mean -{resembled(key)}?" if resembled(key) else None
            yield Finding(COMMAND_LINE, f"{word!r} belongs to no option", remedy)


def _nested(value: Any, outer: str, where: str) -> Iterator[Finding]:
    """Findings on keys of ours that stand too far in, such as in a corpus of ``data``, where nobody reads them."""
    if isinstance(value, str) and value.startswith("{"):  # what the parser makes of a mapping
        with contextlib.suppress(yaml.YAMLError):
            value = yaml.safe_load(value)
    for key, inner in value.items() if isinstance(value, dict) else ():
        ours = resembled(str(key))
        if ours is not None:
            yield Finding(where, f"{key} stands inside of {outer}", f"write {ours} at the top level")
        yield from _nested(inner, f"{outer}: {key}", where)


def _misplaced(parser, options: Any) -> Iterator[Finding]:
    """The finding on a function of ours under ``self_attn_type``, OpenNMT-py's own key, which takes any text."""
    kind = getattr(options, "self_attn_type", None)
    if kind in catalogue.names():
        yield Finding(parser.prog, f"self_attn_type: {kind} is no kind of attention", f"write {SELF}: {kind}")


def _is_abbreviation(parser, key: str) -> bool:
    return any(option.startswith(f"--{key.lstrip('-')}") for option in parser._option_string_actions)


@functools.cache
def known_keys() -> tuple[str, ...]:
    """Every option of the three commands that can share a YAML."""
    import onmt.bin.build_vocab
    import onmt.bin.train
    import onmt.bin.translate

    parsers = [module._get_parser() for module in (onmt.bin.build_vocab, onmt.bin.train, onmt.bin.translate)]
    names = {option.lstrip("-") for parser in parsers for option in parser._option_string_actions}
    return tuple(sorted(names))
