"""Clauses for what goes on around a deed: weather, states, reasons and hindrances."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import verbs
from ..clauses import Clause
from ..lexicon import Noun
from ..phrases import IT, NounPhrase, Pronoun, Referent
from ..sentences import fixed
from ..writer import Writer
from .common import being, definite, predicate

_SUN = NounPhrase(Noun("sun", "suns", "Sonne", "f", "Sonnen", None, ("sun",)))
_WIND = NounPhrase(Noun("wind", "winds", "Wind", "m", "Winde", None, ("wind",)))
_WEATHER = (
    ("cold", "kalt"),
    ("warm", "warm"),
    ("hot", "heiß"),
    ("windy", "windig"),
    ("foggy", "neblig"),
    ("cloudy", "bewölkt"),
)
# what keeps one from doing a thing (True), and what makes one do it (False)
_STATES = {
    True: (("tired", "müde"), ("ill", "krank"), ("sad", "traurig"), ("nervous", "nervös"), ("angry", "wütend")),
    False: (("happy", "glücklich"), ("curious", "neugierig"), ("bored", "gelangweilt")),
}
_POSSESSIONS = {
    True: (
        ("no time", "keine Zeit"),
        ("a lot of work", "viel Arbeit"),
        ("a headache", "Kopfschmerzen"),
        ("no money", "kein Geld"),
        ("a cold", "eine Erkältung"),
        ("an exam", "eine Prüfung"),
    ),
    False: (("a lot of time", "viel Zeit"), ("guests", "Gäste"), ("a good idea", "eine gute Idee")),
}
_TIMES = {
    True: (("late", "spät"), ("dark", "dunkel"), ("very cold", "sehr kalt"), ("too hot", "zu heiß")),
    False: (("still early", "noch früh"), ("warm", "warm"), ("Sunday", "Sonntag")),
}
_ERRANDS = ("work", "sleep", "learn", "cook", "repair", "help", "get")


def weather_clause(writer: Writer, tense: str) -> Clause:
    """It is raining. It was cold. The sun is shining."""
    dynamic = "progressive" if tense == "present" else tense
    if writer.chance(0.5):
        return Clause(IT, writer.pick((verbs.RAIN, verbs.RAIN, verbs.SNOW)), dynamic)
    if writer.chance(0.25):
        subject, verb = writer.pick(((_SUN, "scheinen"), (_WIND, "wehen")))
        return Clause(subject, verbs.named(verb), dynamic)
    return being(IT, *writer.ranked(_WEATHER), tense=tense)


def circumstance(writer: Writer, subject: Optional[Pronoun], past: bool, hindering: bool) -> Clause:
    """A state of a person or of the world that keeps one from doing things, or invites one to do them."""
    tense = "past" if past else "present"
    roll = writer.pick(range(10))
    if subject is None or roll >= (8 if hindering else 6):
        return _circumstance_of_the_world(writer, past, hindering)
    if roll < 3:
        return being(subject, *writer.ranked(_STATES[hindering]), tense=tense)
    if roll < 6:
        had = fixed(*writer.ranked(_POSSESSIONS[hindering]), slot="accusative")
        return Clause(subject, verbs.HAVE, tense, (had,))
    tenses = ("had to", "wanted to") if past else ("have to", "want to", "must")
    return errand(writer, subject, writer.pick(tenses))


def _circumstance_of_the_world(writer: Writer, past: bool, hindering: bool) -> Clause:
    if writer.chance(0.5):
        return being(IT, *writer.pick(_TIMES[hindering]), tense="past" if past else "present")
    tense = "past" if past else "progressive"
    if hindering:
        return Clause(IT, writer.pick((verbs.RAIN, verbs.SNOW)), tense)
    return Clause(_SUN, verbs.named("scheinen"), tense)


def of_the_world(clause: Clause) -> bool:
    """Whether a circumstance is one of the world, such as the weather, and not of a person."""
    return clause.subject in (IT, _SUN)


def errand(writer: Writer, subject: Referent, tense: str) -> Clause:
    """Something that one may have to do instead of what one would like to do."""
    while True:
        clause = writer.activity(tense, subject, dynamic=True)
        if clause.verb.en in _ERRANDS:
            return clause


def deed(writer: Writer, tense: str, subject: Optional[Referent] = None, negated: bool = False) -> Clause:
    """An activity that may be negated: not one with a fixed object (nicht Fußball spielen)."""
    while True:
        clause = writer.activity(tense, subject, dynamic=True, negated=negated)
        has_fixed_object = any(phrase.referent is None and phrase.slot == "accusative" for phrase in clause.complements)
        if not (negated and has_fixed_object):
            return clause


def content(writer: Writer, tense: str) -> Clause:
    """Something that one may say, know or hope."""
    about_state = "past" if tense == "past" else "present"
    roll = writer.pick(range(10))
    if roll < 2:
        return weather_clause(writer, about_state)
    if roll < 4:
        phrase = definite(writer, writer.noun("building", "vehicle", "device", "exam", "abstract"), 0.0)
        adjective = predicate(writer, phrase)
        if adjective is not None:
            return being(phrase, adjective.en, adjective.de, about_state)
    return writer.activity(tense)


def at_present(clause: Clause) -> Clause:
    """The clause in the simple present: if it rains."""
    return replace(clause, tense="present") if clause.tense == "progressive" else clause
