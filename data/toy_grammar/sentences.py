"""From clauses to finished sentences: punctuation, capitals, and the pair of two languages."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from .clauses import Clause
from .phrases import Phrase


class Pair(NamedTuple):
    """An English sentence and its German translation."""

    en: str
    de: str


def finished(en: str, de: str, mark: str = ".") -> Pair:
    """Capitals at the start, one mark at the end, no doubled commas between clauses."""
    return Pair(_finished(en, mark), _finished(de, mark))


def _finished(text: str, mark: str) -> str:
    text = re.sub(r",(?=,)|,$", "", text.strip())
    text = re.sub(r"\s+,", ",", text)
    return text[0].upper() + text[1:] + mark


def statement(clause: Clause, front: Optional[Phrase] = None) -> Pair:
    """A main clause; ``front`` is a phrase of it that is said first in both languages."""
    if front is None:
        return finished(clause.english(), clause.german_main())
    return finished(f"{front.en}, {clause.without(front).english()}", clause.german_main(front))


def with_subordinate(main: Clause, conjunctions: tuple[str, str], subordinate: Clause, first: bool) -> Pair:
    """A main clause with a subordinate one after it or, with ``first``, before it."""
    en_conjunction, de_conjunction = conjunctions
    en_part = f"{en_conjunction} {subordinate.english()}"
    de_part = f"{de_conjunction} {subordinate.german_subordinate()},"
    if first:
        return finished(f"{en_part}, {main.english()}", main.german_main(word=de_part))
    return finished(f"{main.english()} {en_part}", f"{main.german_main()}, {de_part}")


def fixed(en: str, de: str, slot: str = "predicate") -> Phrase:
    """A phrase that is the same in every sentence."""
    return Phrase(en, de, slot)
