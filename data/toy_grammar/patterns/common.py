"""Clauses and phrases that several patterns build."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import verbs
from ..clauses import Clause
from ..lexicon import Adjective, Noun
from ..phrases import NounPhrase, Phrase, Pronoun, Referent
from ..sentences import fixed
from ..writer import Writer, fitting_adjectives

# adjectives that are not compared, and take neither *very* nor *too*
NOT_GRADED = (
    "right",
    "wrong",
    "broken",
    "foreign",
    "full",
    "empty",
    "black",
    "white",
    "red",
    "blue",
    "green",
    "yellow",
    "wild",
    "ill",
    "strange",
    "hungry",
    "light",
)
DEGREES = (
    ("", ""),
    ("very ", "sehr "),
    ("too ", "zu "),
    ("not very ", "nicht sehr "),
    ("really ", "wirklich "),
)
QUESTION_WORDS = (("where", "wo"), ("when", "wann"), ("why", "warum"), ("how", "wie"))
# what one does somewhere, so that *where* can be asked, and what one does in some way, so that *how* can
_ANYWHERE = (
    "read",
    "write",
    "buy",
    "sell",
    "find",
    "meet",
    "sing",
    "learn",
    "sleep",
    "eat",
    "drink",
    "cook",
    "play",
    "repair",
    "see",
    "wait",
    "hide",
    "work",
    "draw",
    "talk",
    "call",
    "help",
)
_SKILLS = (
    "find",
    "learn",
    "repair",
    "open",
    "solve",
    "cook",
    "bake",
    "translate",
    "discover",
    "build",
    "turn",
    "catch",
)


def pronoun_of(subject: Referent) -> Optional[Pronoun]:
    """The pronoun that takes a subject up, or None where English has no good one (the child)."""
    if isinstance(subject, Pronoun):
        return subject
    return subject.pronoun() if subject.possessive else None


def predicate(writer: Writer, phrase: NounPhrase) -> Optional[Adjective]:
    """An adjective that can be said of a noun phrase."""
    fitting = [item for item in fitting_adjectives(phrase.noun) if item not in phrase.adjectives]
    return writer.ranked(fitting) if fitting else None


def being(subject: Referent, en: str, de: str, tense: str = "present") -> Clause:
    """The clause that says what its subject is: ``en`` in English, ``de`` in German."""
    return Clause(subject, verbs.BE, tense, (fixed(en, de),))


def definite(writer: Writer, noun: Noun, described: float = 0.25) -> NounPhrase:
    """A definite noun phrase; ``described`` is the chance of an adjective."""
    determiners = ("the", "the", "this")
    if noun.has("clothes", "small", "own", "pet", "luggage", "device", "furniture", "room"):
        determiners = ("the", "the", "the", "this", "my", "your", "our")
    if noun.has("family"):
        determiners = ("the", "my", "your", "our")
    if noun.has("unique"):
        determiners = ("the",)
    plural = noun.countable and writer.chance(0.2)
    return writer.described(NounPhrase(noun, writer.pick(determiners), plural=plural), described)


def is_anywhere(clause: Clause) -> bool:
    """Whether the clause may take a place, or be asked for one."""
    return clause.verb.en in _ANYWHERE and all(phrase.slot != "place" for phrase in clause.complements)


def question_word(writer: Writer, clause: Clause) -> Optional[tuple[str, str]]:
    """A question word for a clause, or None if the one that was drawn does not suit it."""
    word = writer.pick(QUESTION_WORDS)
    if word[0] == "where" and not is_anywhere(clause):
        return None
    if word[0] == "how" and not (clause.tense == "past" and clause.verb.en in _SKILLS):
        return None
    return word


def stranded(clause: Clause, phrase: Phrase) -> Clause:
    """The clause without a complement whose English preposition stays: (who) is he waiting for."""
    left = Phrase(phrase.en_preposition, "", "predicate")
    return replace(clause, complements=tuple(left if item is phrase else item for item in clause.complements))


def direct_object(clause: Clause) -> Optional[Phrase]:
    """The complement that is a noun phrase in the accusative without a preposition."""
    return next(
        (
            item
            for item in clause.complements
            if item.slot.endswith("accusative") and isinstance(item.referent, NounPhrase)
        ),
        None,
    )


def says(clause: Clause, *words: str) -> bool:
    """Whether the English complements of a clause contain one of the words."""
    return any(word in phrase.en.split() for phrase in clause.complements for word in words)
