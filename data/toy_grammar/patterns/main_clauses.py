"""Main clauses: tenses, adverbials and word order."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import adverbials, verbs
from ..clauses import Clause
from ..phrases import HE, SHE, THEY, WE, YOU, I, NounPhrase, Phrase, object_phrase
from ..sentences import Pair, finished, fixed, statement
from ..writer import Writer
from .circumstances import deed, weather_clause
from .common import direct_object, is_anywhere

ALREADY = fixed("already", "schon", "frequency")
_ANIMAL_TENSES = (("progressive", "now"), ("past", "past"), ("past", "past"), ("present", "habit"))
_HANDLING = (
    "open",
    "close",
    "carry",
    "cut",
    "wash",
    "read",
    "eat",
    "repair",
    "paint",
    "clean",
    "sign",
    "tidy",
)
_LASTING = (
    "wait",
    "sleep",
    "look",
    "play",
    "repair",
    "paint",
    "read",
    "write",
    "cook",
    "talk",
    "discuss",
    "translate",
    "sit",
    "clean",
    "prepare",
    "watch",
    "bake",
)
_LASTING_LONG = ("work", "learn", "save", "develop", "investigate", "plan", "build", "observe")


def plain_statement(writer: Writer) -> Pair:
    """The teacher explained the task to the child yesterday."""
    tense, kind = writer.tense()
    return statement(writer.timed(writer.activity(tense), kind))


def time_first(writer: Writer) -> Pair:
    """Yesterday, the mother bought a new coat. (verb second)"""
    tense, kind = writer.pick(
        (
            ("past", "past"),
            ("past", "past"),
            ("future", "future"),
            ("progressive", "now"),
            ("present", "habit"),
            ("must", "future"),
            ("had to", "past"),
        )
    )
    time = writer.time(kind)
    return statement(replace(writer.activity(tense, dynamic=True), adverbials=(time,)), front=time)


def place_first(writer: Writer) -> Optional[Pair]:
    """In the kitchen, the cook is drinking tea."""
    clause = writer.activity(writer.pick(("progressive", "past", "past")), dynamic=True)
    if not is_anywhere(clause):
        return None
    place = writer.location()
    return statement(replace(clause, adverbials=(place,)), front=place)


def object_first(writer: Writer) -> Optional[Pair]:
    """This book we have already read."""
    clause = writer.activity("perfect", writer.pick((I, WE, SHE, HE, THEY, YOU)))
    phrase = direct_object(clause)
    if phrase is None or len(clause.complements) > 1 or phrase.referent.noun.has("person"):
        return None
    shown = object_phrase(replace(phrase.referent, determiner="this"), "acc", "accusative")
    clause = replace(clause, complements=(shown,), frequency=ALREADY)
    return finished(f"{shown.en} {clause.without(shown).english()}", clause.german_main(shown))


def with_frequency(writer: Writer) -> Pair:
    """The neighbour often helps the old man."""
    frequency = Phrase(*writer.ranked(adverbials.FREQUENCY), "frequency")
    return statement(replace(writer.activity("present", dynamic=True), frequency=frequency))


def already(writer: Writer) -> Pair:
    """My sister has already written the letter."""
    return statement(replace(writer.activity("perfect", dynamic=True), frequency=ALREADY))


def with_manner(writer: Writer) -> Optional[Pair]:
    """He opened the box carefully."""
    clause = writer.activity("past", dynamic=True)
    phrase = direct_object(clause)
    if phrase is None or len(clause.complements) > 1 or "unplanned" in clause.verb.flags:
        return None
    handled = clause.verb.en in _HANDLING and writer.chance(0.8)
    manner = Phrase(*writer.pick(adverbials.HANDLING if handled else adverbials.COMPANY), "manner")
    if manner.en == "together" and not clause.subject.en_plural:
        return None
    return statement(replace(clause, adverbials=(manner,)))


def negation(writer: Writer) -> Pair:
    """The guest does not drink any coffee. The child must not play here. (nicht, kein; darf nicht)"""
    tense, kind = writer.pick(
        (
            ("present", ""),
            ("past", "past"),
            ("can", "now"),
            ("future", "future"),
            ("want to", "future"),
            ("must", ""),
            ("should", ""),
            ("have to", "future"),
        )
    )
    clause = writer.timed(deed(writer, tense, negated=True), kind, 0.4)
    if tense == "must":
        return finished(clause.english(), replace(clause, tense="be allowed to").german_main())
    return statement(clause)


def since(writer: Writer) -> Optional[Pair]:
    """She has been waiting for the train for two hours. (German: present tense)"""
    clause = writer.activity("perfect progressive", dynamic=True)
    if clause.verb.auxiliary == "sein" or clause.verb.en not in _LASTING + _LASTING_LONG:
        return None
    time = writer.time("long since" if clause.verb.en in _LASTING_LONG else "since")
    return statement(replace(clause, adverbials=(time,)), front=time if writer.chance(0.2) else None)


def because_of(writer: Writer) -> Pair:
    """Because of the rain, the tourists had to wait. (genitive)"""
    cause = Phrase(*writer.ranked(adverbials.BECAUSE_OF), "time")
    tense = writer.pick(("past", "past", "could", "had to", "wanted to"))
    clause = replace(writer.activity(tense, dynamic=True), adverbials=(cause,))
    return statement(clause, front=cause if writer.chance(0.6) else None)


def animal(writer: Writer) -> Optional[Pair]:
    """The dog is barking. The cat ate the fish. (frisst)"""
    tense, kind = writer.pick(_ANIMAL_TENSES)
    verb = writer.pick(
        [
            verb
            for verb in verbs.ALL
            if "stative" not in verb.flags and {"animal", "pet", "dog", "horse", "machine"}.intersection(verb.subjects)
        ]
    )
    noun = writer.noun(*(tag for tag in verb.subjects if tag not in ("person", "young")))
    plural = writer.chance(0.3)
    determiners = ("the", "two", "three", "many", "our") if plural else ("the", "the", "a", "my", "our")
    subject = writer.described(NounPhrase(noun, writer.pick(determiners), plural=plural), 0.4)
    clause = Clause(subject, verb, tense, writer.complements(verb, subject))
    if not writer.makes_sense(clause):
        return None
    return _perhaps_time_first(writer, writer.timed(clause, kind))


def _perhaps_time_first(writer: Writer, clause: Clause) -> Pair:
    front = clause.adverbials[0] if clause.adverbials and writer.chance(0.4) else None
    return statement(clause, front=front)


def belongs(writer: Writer) -> Pair:
    """The red bicycle belongs to my brother. (dative)"""
    verb = verbs.named("gehören")
    subject = replace(writer.noun_phrase(*verb.subjects), determiner=writer.pick(("the", "the", "this")))
    return statement(Clause(subject, verb, writer.pick(("present", "past")), writer.complements(verb, I)))


def departure(writer: Writer) -> Pair:
    """The train to Hamburg leaves at eight. (fährt ... ab)"""
    city, stadt = writer.ranked(adverbials.CITIES)
    to, nach, verb = writer.pick(((" to ", " nach ", "abfahren"), (" from ", " aus ", "ankommen")))
    subject = NounPhrase(writer.noun("train", "bus"), tail=(to + city, nach + stadt))
    tense, time = writer.pick(
        (("present", writer.hour()), ("past", writer.time("weather past")), ("future", writer.time("departure")))
    )
    return _perhaps_time_first(writer, Clause(subject, verbs.named(verb), tense, (), (time,)))


def weather(writer: Writer) -> Pair:
    """Yesterday, it snowed in Vienna."""
    tense, kind = writer.pick((("present", "now"), ("past", "past"), ("past", "past"), ("future", "future")))
    time = writer.time(f"weather {kind}")
    there: tuple[Phrase, ...] = ()
    if writer.chance(0.6):
        place, ort = writer.ranked(adverbials.CITIES + adverbials.COUNTRIES)
        there = (Phrase(f"in {place}", f"in {ort}", "place"),)
    clause = replace(weather_clause(writer, tense), adverbials=(*there, time))
    return statement(clause, front=time if writer.chance(0.6) else None)


def passive(writer: Writer) -> Optional[Pair]:
    """The bridge was built last year. The letter has to be signed. (werden)"""
    verb = writer.verb("passive")
    unplanned = "unplanned" in verb.flags
    if len(verb.complements) > 1 or (unplanned and writer.chance(0.5)):
        return None
    subject = writer.noun_phrase(*verb.complements[0].tags)
    if subject.determiner in ("bare", "every", "a") and not subject.noun.has("mass"):
        subject = replace(subject, determiner="the")
    tense, kind = writer.pick(
        (
            ("past", "past"),
            ("past", "past"),
            ("progressive", "now"),
            ("must", "future"),
            ("can", ""),
            ("should", "future"),
            ("had to", "past"),
            ("future", "future"),
        )
    )
    clause = Clause(subject, verb, "past" if unplanned else tense, passive=True)
    doers = [tag for tag in ("person", "adult") if tag in verb.subjects]
    if doers and clause.tense in ("past", "had to") and writer.chance(0.35):
        agent = writer.person_phrase(doers[0])
        clause = replace(clause, complements=(object_phrase(agent, "dat", "prepositional", "by", "von"),))
    return _perhaps_time_first(writer, writer.timed(clause, "past" if unplanned else kind))
