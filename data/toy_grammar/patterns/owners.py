"""Parts and owners: the genitive."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import adverbials, nouns, verbs
from ..clauses import Clause
from ..lexicon import Verb
from ..phrases import NounPhrase, object_phrase
from ..sentences import Pair, finished, statement
from ..writer import Writer
from .common import NOT_GRADED, being, predicate

# a part or a possession, and what it may be of
_PARTS = (
    ("door", ("house", "church", "castle", "room", "car", "cellar")),
    ("roof", ("house", "church", "castle", "school")),
    ("window", ("house", "kitchen", "room", "office", "train")),
    ("wall", ("house", "room", "church", "castle")),
    ("engine", ("car", "ship", "plane", "boat", "motorbike")),
    ("drawer", ("desk", "cupboard", "table")),
    ("garden", ("neighbour", "school", "castle", "hotel")),
    ("captain", ("ship", "ferry", "steamship", "boat")),
    ("driver", ("bus", "car", "lorry", "tram")),
    ("boss", ("factory", "restaurant", "hotel", "bakery")),
    ("solution", ("problem", "task")),
    ("result", ("experiment", "exam", "measurement", "game")),
    ("teacher", ("girl", "boy", "child", "pupil")),
    ("dog", ("neighbour", "farmer", "boy", "queen")),
    ("car", ("doctor", "boss", "neighbour", "teacher")),
    ("child", ("neighbour", "king", "woman", "baker")),
    ("house", ("farmer", "teacher", "captain", "artist")),
)


def genitive(writer: Writer) -> Optional[Pair]:
    """The roof of the old church is high. He repaired the young farmer's car."""
    head = _owned(writer)
    adjective = predicate(writer, head)
    if adjective is not None and writer.chance(0.45):
        return statement(being(head, adjective.en, adjective.de, writer.pick(("present", "past"))))
    verb = writer.pick([verb for verb in verbs.ALL if _governs_only(verb, head)])
    wanted = verb.complements[0]
    phrase = object_phrase(head, wanted.case, wanted.slot, wanted.en_preposition, wanted.de_preposition)
    tense = writer.pick(("past", "past", "want to", "can", "future") if not verb.flags else ("past",))
    return statement(Clause(writer.subject(verb), verb, tense, (phrase,)))


def _governs_only(verb: Verb, phrase: NounPhrase) -> bool:
    """Whether a person may do this to the thing, with nothing else to be said."""
    return (
        len(verb.complements) == 1
        and phrase.noun.has(*verb.complements[0].tags)
        and not {"person", "adult"}.isdisjoint(verb.subjects)
    )


def _owned(writer: Writer) -> NounPhrase:
    """A part with what it belongs to: *of* the house, but the king*'s* child."""
    part, wholes = writer.pick(_PARTS)
    noun = nouns.BY_NAME[writer.pick(wholes)]
    determiner = writer.pick(("the", "the", "this", "my"))
    if determiner == "my" and not noun.has("own", "kin", "room", "house", "luggage"):
        determiner = "the"
    owner = writer.described(NounPhrase(noun, "the" if noun.has("unique") else determiner), 0.5)
    head = NounPhrase(nouns.BY_NAME[part], plural=part == "child")
    if noun.has("person"):
        return replace(head, possessor=owner)
    of = "to" if part == "solution" else "of"
    return replace(head, tail=(f" {of} {owner.en('nom')}", f" {owner.de('gen')}"))


def name_genitive(writer: Writer) -> Optional[Pair]:
    """Anna's brother is very friendly. (Annas Bruder)"""
    # after -s and -x German writes an apostrophe, which would be a rule for two names
    name = writer.pick(tuple(name for name in adverbials.WOMEN + adverbials.MEN if name[-1] not in "sx"))
    head = NounPhrase(writer.noun("family", "kin", "pet", "own"), "bare")
    adjective = predicate(writer, head)
    if adjective is None:
        return None
    degrees = (("", ""), ("very ", "sehr "), ("not ", "nicht "))
    en, de = writer.pick(degrees) if adjective.en not in NOT_GRADED else ("", "")
    be, sein = ("are", "sind") if head.en_plural else ("is", "ist")
    if writer.chance(0.4):
        be, sein = ("were", "waren") if head.en_plural else ("was", "war")
    return finished(
        f"{name}'s {head.en('nom')} {be} {en}{adjective.en}", f"{name}s {head.de('nom')} {sein} {de}{adjective.de}"
    )
