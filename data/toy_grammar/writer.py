"""Chooses words at random and builds phrases and clauses that make sense with them."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from typing import Optional, TypeVar

from . import adjectives, adverbials, nouns, verbs
from .clauses import Clause
from .lexicon import Adjective, Complement, Noun, Verb
from .phrases import (
    HE,
    SHE,
    THEY,
    WE,
    YOU,
    I,
    Name,
    NounPhrase,
    Phrase,
    Pronoun,
    Referent,
    english_possessive,
    object_phrase,
)

Item = TypeVar("Item")

PRONOUNS = (HE, SHE, I, WE, THEY, YOU)
# of the nouns that are drawn from a class with compounds, at most this share are compounds
COMPOUND_SHARE = 0.4
# tenses of a free-standing clause with the times that go with them
_TENSES = (
    ("present", "habit"),
    ("progressive", "now"),
    ("past", "past"),
    ("past", "past"),
    ("future", "future"),
    ("perfect", ""),
    ("can", "now"),
    ("must", "future"),
    ("have to", "future"),
    ("want to", "future"),
    ("should", "future"),
    ("would like to", "future"),
    ("be allowed to", "now"),
    ("could", "past"),
    ("had to", "past"),
    ("wanted to", "past"),
)
# verbs that a person may do
_PERSONAL = tuple(
    verb for verb in verbs.ALL if any(noun.has("person") and noun.has(*verb.subjects) for noun in nouns.SIMPLE)
)
# die Ärztin -> the noun for der Arzt
_MASCULINE = {noun.feminine: noun for noun in nouns.SIMPLE if noun.feminine}
# nouns that one owns, and so may have a possessive
_OWNED = (
    "clothes",
    "small",
    "document",
    "own",
    "kin",
    "family",
    "pet",
    "luggage",
    "device",
    "furniture",
    "room",
    "thought",
    "task",
    "garden",
)


class Writer:
    """Draws from the lexicon with one random stream, so that a seed fixes all that is written.

    Only ``Random.random`` is used: its stream is the same in every version of Python.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, all equally likely."""
        return items[int(self._random.random() * len(items))]

    def ranked(self, items: Sequence[Item], offset: int = 6) -> Item:
        """One of the items; the chance of rank r is proportional to 1 / (r + offset)."""
        bounds = _bounds(len(items), offset)
        return items[bisect_right(bounds, self._random.random() * bounds[-1], hi=len(items) - 1)]

    # nouns

    def noun(self, *tags: str) -> Noun:
        """A noun with one of the tags; compounds get a share of their own."""
        simple, compound = _nouns_with(tags)
        share = min(len(compound) / (len(simple) + len(compound)), COMPOUND_SHARE)
        if self.chance(share):
            return self.pick(compound)
        return self.ranked(simple)

    def noun_phrase(self, *tags: str, owner: str = "", negative: bool = False) -> NounPhrase:
        """A noun phrase for an object; ``owner`` is a possessive that may be used."""
        return self.phrase_of(self.noun(*tags), owner, negative)

    def phrase_of(self, noun: Noun, owner: str = "", negative: bool = False) -> NounPhrase:
        """A noun with a number, a determiner and perhaps an adjective."""
        plural = noun.has("pair") or (self.chance(0.25) and noun.countable and not noun.has("nature", "room"))
        determiner = self._determiner(noun, plural, owner, negative)
        if determiner == owner and not noun.has("pair", "kin", "readable"):
            plural = False
        return self.described(NounPhrase(noun, determiner, plural=plural), 0.3)

    def described(self, phrase: NounPhrase, probability: float) -> NounPhrase:
        """The phrase with an adjective that fits its noun, with the given probability."""
        fitting = fitting_adjectives(phrase.noun)
        if not fitting or not self.chance(probability):
            return phrase
        return replace(phrase, adjectives=(self.ranked(fitting),))

    def _determiner(self, noun: Noun, plural: bool, owner: str, negative: bool) -> str:
        if negative and not noun.has("unique", "family", "plural", "english_plural", "german_plural"):
            return self.pick(("not_a", "the"))
        if noun.has("unique"):
            return "the"
        if owner and noun.has(*_OWNED) and self.chance(0.45):
            return owner
        if noun.has("family", "plural"):
            return "the"
        if noun.has("english_plural", "german_plural"):
            return self.pick(("the", "this"))
        if noun.has("mass"):
            return self.pick(("the", "bare", "bare"))
        if plural and (noun.has("pair") or not noun.has("thing", "animal", "food", "plant", "person")):
            return self.pick(("the", "this", "bare", "some", "many", "several"))
        if plural:
            return self.pick(("the", "the", "this", "two", "two", "three", "four", "some", "many", "several"))
        return self.pick(("the", "the", "the", "a", "a", "a", "this", "every" if self.chance(0.2) else "the"))

    # subjects

    def person(self, feminine: bool = False) -> Referent:
        """A person as the subject of a clause: a pronoun, a name or a noun phrase."""
        roll = self._random.random()
        if roll < 0.22:
            return self.pick(PRONOUNS)
        if roll < 0.32:
            return self.name()
        return self.person_phrase("person", feminine=feminine)

    def person_phrase(self, *tags: str, feminine: bool = False) -> NounPhrase:
        """A noun phrase for a person; with ``feminine`` a doctor may be a woman (Ärztin).

        English does not tell the two apart, so the caller makes sure that *she* or *her*
        follows.
        """
        return self._person_with(self.noun(*tags), feminine)

    def _person_with(self, noun: Noun, feminine: bool) -> NounPhrase:
        plural = self.chance(0.18) and noun.countable and not noun.has("family")
        if feminine and noun.feminine and not plural and self.chance(0.5):
            noun = noun.as_feminine()
        if noun.has("family", "kin") and self.chance(0.5):
            determiner = self.pick(("my", "your", "our", "his", "her", "my"))
        elif noun.has("family", "plural", "unique"):
            determiner = "the"
        elif plural:
            determiner = self.pick(("the", "the", "the", "two", "three", "many", "some", "this"))
        else:
            determiner = self.pick(("the", "the", "the", "the", "a", "this"))
        if noun.gender == "f" and determiner == "her":
            determiner = "my"
        return self.described(NounPhrase(noun, determiner, plural=plural), 0.16)

    def name(self) -> Name:
        """A first name, or a title and a surname."""
        if self.chance(0.3):
            gender, en, de = self.pick((("m", "Mr", "Herr"), ("f", "Mrs", "Frau")))
            return Name(self.pick(adverbials.SURNAMES), gender, en, de)
        if self.chance(0.5):
            return Name(self.pick(adverbials.WOMEN), "f")
        return Name(self.pick(adverbials.MEN), "m")

    def subject(self, verb: Verb, feminine: bool = False) -> Referent:
        """A subject of the class that the verb asks for."""
        if "person" in verb.subjects and self.chance(0.85 if len(verb.subjects) > 1 else 1.0):
            return self.person(feminine)
        if verb.subjects in (("adult",), ("adult", "young")):
            roll = self._random.random()
            if roll < 0.3:
                return self.pick(PRONOUNS) if roll < 0.2 else self.name()
            return self.person_phrase("adult", feminine=feminine)
        tags = [tag for tag in verb.subjects if tag != "person"]
        phrase = self.described(NounPhrase(self.noun(*tags)), 0.25)
        if phrase.noun.has("person"):
            return self._person_with(phrase.noun, feminine)
        if phrase.noun.countable and self.chance(0.2):
            return replace(phrase, plural=True)
        return replace(phrase, determiner=self.pick(("the", "the", "the", "this", "my", "our")))

    # complements and adverbials

    def complements(self, verb: Verb, subject: Referent, negative: bool = False) -> tuple[Phrase, ...]:
        """Phrases for all that the verb governs."""
        return tuple(self._complement(item, subject, negative) for item in verb.complements)

    def _complement(self, wanted: Complement, subject: Referent, negative: bool) -> Phrase:
        if wanted.kind == "fixed":
            return Phrase(wanted.en.replace("POSS", english_possessive(subject)), wanted.de, wanted.slot)
        if wanted.kind == "place":
            return self.place(wanted.tags[0])
        referent = self._object(wanted, subject, negative)
        return object_phrase(referent, wanted.case, wanted.slot, wanted.en_preposition, wanted.de_preposition)

    def _object(self, wanted: Complement, subject: Referent, negative: bool) -> Referent:
        if wanted.tags[0] == "person" and self.chance(0.35):
            if self.chance(0.4):
                return self.name()
            taken = subject.pronoun() if not isinstance(subject, Pronoun) else subject
            return self.pick([pronoun for pronoun in PRONOUNS if not _overlap(pronoun, taken)])
        negative = negative and wanted.case == "acc" and not wanted.de_preposition
        return self.noun_phrase(*wanted.tags, owner=subject.possessive, negative=negative)

    def place(self, kind: str) -> Phrase:
        """A phrase for one of the kinds of place that verbs.py asks for."""
        tables = {"REST": (adverbials.RESTING_PLACES, "place"), "ARRIVAL": (adverbials.ARRIVALS, "place")}
        if kind in tables:
            table, slot = tables[kind]
            return Phrase(*self.ranked(table), slot)
        city, stadt = self.ranked(adverbials.CITIES)
        if kind == "CHANGE":
            return Phrase(f"trains in {city}", f"in {stadt}", "place")
        if kind == "ORIGIN":
            city, stadt = self.pick((self.ranked(adverbials.CITIES), self.ranked(adverbials.COUNTRIES)))
            return Phrase(f"from {city}", f"aus {stadt}", "goal")
        if kind == "CITY":
            city, stadt = self.pick((self.ranked(adverbials.CITIES), self.ranked(adverbials.COUNTRIES)))
            return Phrase(f"to {city}", f"nach {stadt}", "goal")
        if kind == "BY_VEHICLE":
            if self.chance(0.5):
                by, mit = self.ranked(adverbials.FAR_MEANS)
                return Phrase(f"to {city} {by}", f"{mit} nach {stadt}", "goal")
            by, mit = self.ranked(adverbials.NEAR_MEANS)
            to, nach = self.ranked(adverbials.DAILY_GOALS)
            return Phrase(f"{to} {by}", f"{mit} {nach}", "goal")
        if kind == "DWELLING" and self.chance(0.4):
            phrase = self.described(NounPhrase(self.noun("home", "village"), "a"), 0.7)
            return object_phrase(phrase, "dat", "place", "in", "in")
        if kind != "GOAL" and self.chance(0.4):
            return Phrase(f"in {city}", f"in {stadt}", "place")
        return self.location() if kind != "GOAL" else self.goal()

    def location(self) -> Phrase:
        """Where: a preposition with the dative."""
        name, en, de, _, _ = self.ranked(adverbials.PLACES)
        return object_phrase(self._known_place(name), "dat", "place", en, de)

    def goal(self) -> Phrase:
        """Where to: a two-way preposition with the accusative, or zu with the dative."""
        name, _, _, en, de = self.ranked(adverbials.PLACES)
        return object_phrase(self._known_place(name), "dat" if de == "zu" else "acc", "goal", en, de)

    def _known_place(self, name: str) -> NounPhrase:
        return self.described(NounPhrase(nouns.BY_NAME[name]), 0.25)

    def spot(self, goal: bool) -> Phrase:
        """On, in, under ... a piece of furniture: dative for a place, accusative for a goal."""
        name, en, de = self.ranked(adverbials.SPOTS)
        phrase = self.described(NounPhrase(nouns.BY_NAME[name]), 0.3)
        return object_phrase(phrase, "acc" if goal else "dat", "goal" if goal else "place", en, de)

    def time(self, kind: str) -> Phrase:
        return Phrase(*self.ranked(adverbials.TIMES[kind], offset=4), "time")

    # clauses

    def verb(self, *flags: str) -> Verb:
        """A verb that has all the flags."""
        return self.ranked([verb for verb in verbs.ALL if all(flag in verb.flags for flag in flags)], 25)

    def activity(
        self, tense: str, subject: Optional[Referent] = None, dynamic: bool = False, negated: bool = False
    ) -> Clause:
        """What a person does: the verb, then a subject and complements that fit it.

        With ``subject`` given the verb is one that this subject can do. ``dynamic`` leaves
        out verbs of state.
        """
        while True:
            verb = self.verb()
            if verb not in _PERSONAL or not _suits(verb, tense, dynamic):
                continue
            if subject is not None and not _can(subject, verb):
                continue
            who = subject if subject is not None else self.subject(verb, feminine=True)
            if tense == "present" and verb.en == verb.en_past and (who.en_plural or who.person < 3):
                continue  # "they read": present or past?
            clause = Clause(who, verb, self._aspect(verb, tense), self.complements(verb, who, negated), negated=negated)
            if subject is None:
                clause = _settle_gender(clause)
            if self.makes_sense(clause):
                return clause

    @staticmethod
    def _aspect(verb: Verb, tense: str) -> str:
        if tense == "infinitive" or (tense == "progressive" and "stative" in verb.flags):
            return "present"
        return tense

    @staticmethod
    def makes_sense(clause: Clause) -> bool:
        """Whether no noun or name occurs twice and every fixed possessive (his teeth) has an owner."""
        homeless = any(phrase.en.startswith((" ", "its ")) for phrase in clause.complements)
        nouns_used = [phrase.referent.noun for phrase in clause.complements if isinstance(phrase.referent, NounPhrase)]
        if isinstance(clause.subject, NounPhrase):
            nouns_used.append(clause.subject.noun)
        names = [noun.en for noun in nouns_used]
        names += [phrase.en for phrase in clause.complements if isinstance(phrase.referent, Name)]
        names += [clause.subject.en("nom")] if isinstance(clause.subject, Name) else []
        return not homeless and len(set(names)) == len(names)

    def timed(self, clause: Clause, kind: str, probability: float = 0.5) -> Clause:
        """The clause with a time of the given kind, with the given probability."""
        if not kind or "stative" in clause.verb.flags or not self.chance(probability):
            return clause
        return replace(clause, adverbials=clause.adverbials + (self.time(kind),))

    def tense(self) -> tuple[str, str]:
        """A tense and the kind of time that goes with it."""
        return self.pick(_TENSES)

    def hour(self) -> Phrase:
        en, de = self.pick(adverbials.HOURS)
        return Phrase(f"at {en}", f"um {de}", "time")


@cache
def _bounds(number: int, offset: int) -> list[float]:
    """The running sums of 1 / (r + offset)."""
    return list(accumulate(1.0 / (rank + offset) for rank in range(number)))


@cache
def _nouns_with(tags: tuple[str, ...]) -> tuple[list[Noun], list[Noun]]:
    """The simple nouns and the compounds that have one of the tags."""
    found = [noun for noun in nouns.ALL if noun.has(*tags)]
    return ([noun for noun in found if not noun.has("compound")], [noun for noun in found if noun.has("compound")])


@cache
def fitting_adjectives(noun: Noun) -> tuple[Adjective, ...]:
    """The adjectives that can be said of a noun."""
    return tuple(adjective for adjective in adjectives.ALL if noun.has(*adjective.tags))


def _overlap(one: Pronoun, other: Pronoun) -> bool:
    """Whether two pronouns may mean the same person, so that a reflexive would be needed."""
    groups = (("my", "our"), ("your", "your_polite", "your_all"))
    return one.possessive == other.possessive or any(
        one.possessive in group and other.possessive in group for group in groups
    )


def _suits(verb: Verb, tense: str, dynamic: bool) -> bool:
    """Whether a verb may be told in a tense: some things nobody plans, and a state has few tenses."""
    if "unplanned" in verb.flags:
        return tense in ("past", "perfect", "pluperfect")
    if "unwilled" in verb.flags:
        return tense in ("present", "progressive", "past", "perfect", "perfect progressive")
    if "stative" in verb.flags:
        return not dynamic and tense in ("present", "progressive", "past")
    return True


def _can(subject: Referent, verb: Verb) -> bool:
    """Whether a subject is of the class that the verb asks for; pronouns and names are adults."""
    if isinstance(subject, NounPhrase):
        return subject.noun.has(*verb.subjects)
    return "person" in verb.subjects or "adult" in verb.subjects


def _settle_gender(clause: Clause) -> Clause:
    """Make a feminine profession masculine again unless the English says *her*."""
    subject = clause.subject
    if not isinstance(subject, NounPhrase):
        return clause
    masculine = _MASCULINE.get(subject.noun.de)
    says_her = any("her" in phrase.en.split() for phrase in clause.complements)
    if masculine is None or says_her:
        return clause
    return replace(clause, subject=replace(subject, noun=masculine))
