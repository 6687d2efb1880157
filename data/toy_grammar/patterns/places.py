"""Where things are, and where they are put; pronouns that take a thing up."""

from __future__ import annotations

from typing import Optional

from .. import nouns, verbs
from ..clauses import Clause
from ..lexicon import Noun, Verb
from ..phrases import NounPhrase, Phrase, object_phrase
from ..sentences import Pair, finished, statement
from ..writer import Writer
from .common import being, definite, predicate


def position(writer: Writer) -> Optional[Pair]:
    """The vase is on the table. (German: stands, lies or hangs)"""
    noun = writer.noun("stands", "lying", "hanging")
    where = _where(writer, noun, goal=False)
    if (noun.has("furniture") and not noun.has("lamp", "chair")) or where.referent.noun == noun:
        return None
    tense = writer.pick(("present", "present", "past"))
    if noun.has("hanging"):
        tense = tense.replace("present", "progressive")
        return statement(Clause(definite(writer, noun), verbs.HANG, tense, (where,)))
    return statement(Clause(definite(writer, noun), _resting(noun), tense, (where,)))


def _resting(noun: Noun) -> Verb:
    return verbs.STAND if noun.has("stands") else verbs.LIE


def _putting(noun: Noun) -> Verb:
    return verbs.PUT_STANDING if noun.has("stands") else verbs.PUT_LYING


def _where(writer: Writer, noun: Noun, goal: bool) -> Phrase:
    """A place for a thing: a spot in a room or, for a picture, on the wall."""
    if not noun.has("hanging"):
        return writer.spot(goal)
    wall = writer.described(NounPhrase(nouns.BY_NAME["wall"]), 0.3)
    en, de, phrase = writer.pick(
        (
            ("on", "an", wall),
            ("above", "über", NounPhrase(nouns.BY_NAME["sofa"])),
            ("next to", "neben", NounPhrase(nouns.BY_NAME["window"])),
            ("above", "über", NounPhrase(nouns.BY_NAME["bed"])),
        )
    )
    return object_phrase(phrase, "acc" if goal else "dat", "goal" if goal else "place", en, de)


def putting(writer: Writer) -> Optional[Pair]:
    """Lena put the book on the table. (accusative of direction; stellen or legen)"""
    noun = writer.noun("small", "readable", "clothes", "hanging", "vessel")
    where = _where(writer, noun, goal=True)
    if noun.has("english_plural") or not noun.has("thing") or where.referent.noun == noun:
        return None
    subject = writer.person()
    what = writer.phrase_of(noun, owner=subject.possessive)
    if what.determiner == "every":
        return None
    tense, kind = writer.pick(
        (
            ("past", "past"),
            ("past", ""),
            ("progressive", "now"),
            ("can", ""),
            ("should", ""),
            ("would like to", ""),
            ("future", "future"),
        )
    )
    verb = verbs.HANG_UP if noun.has("hanging") else _putting(noun)
    clause = Clause(subject, verb, tense, (object_phrase(what, "acc", "accusative"), where))
    return statement(writer.timed(clause, kind, 0.3))


def pronoun_for_thing(writer: Writer) -> Optional[Pair]:
    """The key is new, and it is on the table. (it: er, sie or es)"""
    noun = writer.noun("small", "readable", "clothes")
    if noun.has("hanging") or not noun.has("thing"):
        return None
    subject = definite(writer, noun)
    adjective = predicate(writer, subject)
    where = writer.spot(goal=False)
    if adjective is None or where.referent.noun == noun:
        return None
    first = being(subject, adjective.en, adjective.de)
    second = Clause(subject.pronoun(), _resting(noun), "present", (where,))
    return finished(f"{first.english()}, and {second.english()}", f"{first.german_main()}, und {second.german_main()}")


def pronoun_object(writer: Writer) -> Optional[Pair]:
    """Anna bought a vase and put it on the table. (it: ihn, sie or es)"""
    noun = writer.noun("small", "readable", "toy")
    where = writer.spot(goal=True)
    if noun.has("hanging", "english_plural") or not noun.has("thing") or where.referent.noun == noun:
        return None
    subject = writer.person()
    plural = noun.countable and writer.chance(0.2)
    what = writer.described(NounPhrase(noun, "two" if plural else "a", plural=plural), 0.4)
    get = verbs.named(writer.pick(("kaufen", "finden")))
    first = Clause(subject, get, "past", (object_phrase(what, "acc", "accusative"),))
    it = object_phrase(what.pronoun(), "acc", "accusative")
    second = Clause(subject, _putting(noun), "past", (it, where))
    # both verbs share the subject and the auxiliary, which German says once
    shared = f"{subject.de('nom')} {second.german_main()[len(subject.de('nom')) :].split()[0]} "
    return finished(
        f"{first.english()} and {second.english('')}",
        f"{first.german_main()} und {second.german_main()[len(shared) :]}",
    )
