"""Keys that OpenNMT-py does not know: an error where they resemble one of ours, else a warning.

onmt_train and onmt_build_vocab parse with ``parse_known_args`` and drop what is left over. A misspelt
``self_attn_function`` would train softmax, and any other misspelt key its default, without a word.
"""

from __future__ import annotations

import difflib
import functools
import re
import sys
from typing import Callable, Iterator, Optional, Sequence

from ..option_keys import FUNCTION_KEYS

COMMAND_LINE = "command line"
RESEMBLES = 0.8
"""similarity (`difflib.SequenceMatcher.ratio`) from which a key counts as a misspelling of another"""


def reporting_unknown_keys(original: Callable) -> Callable:
    """Wrap ``ArgumentParser.parse_known_args`` with a look at what it leaves over.

    One YAML serves several commands, so a key that any of onmt_train, onmt_build_vocab and onmt_translate
    knows is nothing to report.
    """

    def parse_known_args(parser, *arguments, **keywords):
        options, leftover = original(parser, *arguments, **keywords)
        for key, where in _unknown_keys(parser, leftover):
            known = _known_keys()
            if key in known:
                continue
            ours = resembled(key)
            if ours is not None:
                functions = ", ".join(FUNCTION_KEYS)
                parser.exit(
                    2,
                    f"{parser.prog}: error: {where}: no such key: {key}; did you mean {ours}? "
                    f"The keys of onmt_evsoftmax are {functions}.\n",
                )
            close = difflib.get_close_matches(key, known, n=1, cutoff=RESEMBLES)
            hint = f"; did you mean {close[0]}?" if close else ""
            print(f"{parser.prog}: warning: {where}: no such key: {key}{hint}", file=sys.stderr)
        return options, leftover

    return parse_known_args


def resembled(key: str) -> Optional[str]:
    """The key of ours that ``key`` is a misspelling of, if it is one.

    >>> resembled("self-attention-function"), resembled("attn_functions"), resembled("max_seq_length")
    ('self_attn_function', 'self_attn_function', None)
    """
    plain = key.lower().replace("-", "_").replace("attention", "attn")
    if "attn_func" in plain:
        return max(FUNCTION_KEYS[:2], key=lambda ours: difflib.SequenceMatcher(None, plain, ours).ratio())
    return next(iter(difflib.get_close_matches(plain, FUNCTION_KEYS, n=1, cutoff=RESEMBLES)), None)


def _unknown_keys(parser, leftover: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(key, the file it stands in) of what the parser did not take."""
    values: set[str] = set()
    keys: set[str] = set()
    for source, settings in parser.get_source_to_settings_dict().items():
        kind, _, path = source.partition("|")
        for key, (action, value) in settings.items():
            # argparse takes the beginning of an option's name for the option, in a YAML too
            if kind != "config_file" or action is not None or _is_abbreviation(parser, key):
                continue
            values.update(map(str, value if isinstance(value, list) else [value]))
            keys.add(key.lstrip("-"))
            yield key.lstrip("-"), path
    for word in leftover:
        key = word.lstrip("-").split("=")[0]
        is_key = re.match(r"--?[A-Za-z_]", word) and word not in values
        if is_key and key not in keys:
            yield key, COMMAND_LINE


def _is_abbreviation(parser, key: str) -> bool:
    return any(option.startswith(f"--{key.lstrip('-')}") for option in parser._option_string_actions)


@functools.lru_cache(maxsize=None)
def _known_keys() -> tuple[str, ...]:
    """Every option of the three commands that can share a YAML."""
    import onmt.bin.build_vocab
    import onmt.bin.train
    import onmt.bin.translate

    parsers = [module._get_parser() for module in (onmt.bin.build_vocab, onmt.bin.train, onmt.bin.translate)]
    names = {option.lstrip("-") for parser in parsers for option in parser._option_string_actions}
    return tuple(sorted(names))
