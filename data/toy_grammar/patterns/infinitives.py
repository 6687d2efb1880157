"""Infinitive clauses with zu."""

from __future__ import annotations

from typing import Optional

from .. import verbs
from ..clauses import Clause
from ..sentences import Pair, finished
from ..writer import Writer

_AIMS = ("buy", "meet", "help", "look", "pick", "visit", "read", "learn", "work", "see", "paint")


def purpose(writer: Writer) -> Optional[Pair]:
    """She went to town by bus to buy a coat. (um ... zu)"""
    subject = writer.person()
    by_vehicle = writer.chance(0.4)
    goal = writer.place("BY_VEHICLE" if by_vehicle else "GOAL")
    verb = verbs.named("fahren" if by_vehicle else "gehen")
    main = Clause(subject, verb, writer.pick(("past", "progressive", "future", "want to")), (goal,))
    aim = writer.activity("infinitive", subject, dynamic=True)
    if aim.verb.en not in _AIMS:
        return None
    return finished(
        f"{main.english()} to {aim.english_infinitive()}", f"{main.german_main()}, um {aim.german_infinitive()}"
    )


def infinitive_clause(writer: Writer) -> Optional[Pair]:
    """He forgot to close the window. She promised to call me. (anzurufen)"""
    verb = writer.pick(verbs.WITH_INFINITIVE)
    subject = writer.person()
    main = Clause(subject, verb, writer.pick(("past", "past", "present")))
    inner = writer.activity("infinitive", subject, dynamic=True)
    if verb.en == "begin" and (inner.verb.auxiliary == "sein" or inner.verb.reflexive):
        return None
    return finished(
        f"{main.english()} to {inner.english_infinitive()}", f"{main.german_main()}, {inner.german_infinitive()}"
    )


def without_doing(writer: Writer) -> Optional[Pair]:
    """She left the house without taking along the umbrella. (ohne ... zu)"""
    subject = writer.person()
    main, inner = (writer.activity("past", subject, dynamic=True) for _ in range(2))
    if main.verb.en == inner.verb.en:
        return None
    return finished(
        f"{main.english()} without {inner.english_gerund()}", f"{main.german_main()}, ohne {inner.german_infinitive()}"
    )
