"""Relative clauses."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import verbs
from ..clauses import Clause
from ..phrases import THEY, WE, I, NounPhrase, Phrase, object_phrase, relative_pronoun
from ..sentences import Pair, finished, statement
from ..writer import Writer
from .common import NOT_GRADED, being, predicate, says, stranded


def relative_subject(writer: Writer) -> Optional[Pair]:
    """The man who is reading the newspaper lives in Vienna."""
    head = replace(writer.person_phrase("person"), adjectives=())
    if head.determiner not in ("the", "this", "a") or head.noun.has("family"):
        head = replace(head, determiner="the")
    inner = writer.activity(writer.pick(("progressive", "past", "past", "perfect")), head)
    whole = replace(head, tail=_tail_of_subject(head, inner))
    main = writer.activity(writer.pick(("present", "past", "future", "can")), whole)
    if main.verb.en == inner.verb.en or says(inner, "his", "her") or says(main, "his", "her"):
        return None
    return statement(main)


def _tail_of_subject(head: NounPhrase, clause: Clause) -> tuple[str, str]:
    """``who reads the book``: the noun is the subject of the clause."""
    pronoun = relative_pronoun("nom", head.gender)
    return f" {clause.english('who')}", f", {clause.german_subordinate(pronoun)},"


def relative_object(writer: Writer) -> Optional[Pair]:
    """The train that the man is waiting for is slow. (auf den)"""
    clause = writer.activity(writer.pick(("past", "past", "progressive", "perfect")))
    phrase = next((item for item in clause.complements if isinstance(item.referent, NounPhrase)), None)
    if phrase is None or clause.verb.en_particle or phrase.referent.noun.has("mass", "unique", "family"):
        return None
    head = replace(phrase.referent, determiner="the", adjectives=())
    adjective = predicate(writer, head)
    if adjective is None:
        return None
    whole = replace(head, tail=_tail_of_complement(head, phrase, clause))
    en, de = writer.pick((("", ""), ("very ", "sehr "))) if adjective.en not in NOT_GRADED else ("", "")
    return statement(being(whole, en + adjective.en, de + adjective.de, writer.pick(("present", "past"))))


def _tail_of_complement(head: NounPhrase, phrase: Phrase, clause: Clause) -> tuple[str, str]:
    """``that the man is waiting for``: the noun is a complement of the clause."""
    pronoun = f"{phrase.de_preposition} {relative_pronoun(phrase.case, head.gender)}".strip()
    en_pronoun = "whom" if head.noun.has("person") else "that"
    return (
        f" {en_pronoun} {stranded(clause, phrase).english()}",
        f", {pronoun} {clause.without(phrase).german_subordinate()},",
    )


def relative_in_object(writer: Writer) -> Optional[Pair]:
    """We helped a student who was looking for the key. (the clause follows the closing verb)"""
    head = NounPhrase(writer.noun("adult"), writer.pick(("a", "the")))
    if head.noun.has("family", "plural", "unique"):
        return None
    inner = writer.activity(writer.pick(("past", "past", "progressive", "can")), head)
    verb = writer.pick(
        [
            item
            for item in verbs.ALL
            if len(item.complements) == 1 and "person" in item.subjects and item.complements[0].tags[:1] == ("person",)
        ]
    )
    if inner.verb.en == verb.en or says(inner, "his", "her"):
        return None
    subject = writer.pick((I, WE, THEY)) if writer.chance(0.7) else writer.name()
    wanted = verb.complements[0]
    phrase = object_phrase(head, wanted.case, wanted.slot, wanted.en_preposition, wanted.de_preposition)
    main = Clause(subject, verb, "past", (phrase,))
    tail = _tail_of_subject(head, inner)
    return finished(main.english() + tail[0], main.german_main() + tail[1])
