"""Questions, requests and suggestions."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import adverbials
from ..phrases import HE, WE, YOU, YOU_ALL, YOU_POLITE, NounPhrase, Phrase, Pronoun
from ..sentences import Pair, finished
from ..writer import Writer
from .common import direct_object, question_word, says, stranded

# what one asks of others
_REQUESTED = (
    "close",
    "open",
    "bring",
    "give",
    "show",
    "pass",
    "send",
    "lend",
    "call",
    "help",
    "wait",
    "wash",
    "cook",
    "buy",
    "read",
    "write",
    "turn",
    "tidy",
    "put",
    "take",
    "pick",
    "invite",
    "look",
    "listen",
    "explain",
    "tell",
    "ask",
    "answer",
    "repair",
    "clean",
    "water",
    "feed",
    "cut",
    "check",
    "sign",
    "translate",
    "carry",
    "brush",
    "hurry",
    "draw",
    "learn",
    "order",
    "pay",
    "comb",
    "prepare",
    "light",
    "paint",
    "sell",
    "drink",
    "eat",
    "thank",
    "sing",
)
_WHO = replace(HE, en_subject="who", forms=("wer", "wen", "wem"))
_POSSESSIVES = ("my", "your", "his", "her", "our", "their")


def yes_no_question(writer: Writer) -> Pair:
    """Have you read the newspaper? (verb first)"""
    tense, kind = writer.pick(
        (
            ("past", "past"),
            ("present", "habit"),
            ("progressive", "now"),
            ("can", "now"),
            ("want to", "future"),
            ("perfect", ""),
            ("future", "future"),
            ("have to", "future"),
            ("should", ""),
            ("be allowed to", ""),
            ("would like to", ""),
        )
    )
    clause = writer.timed(writer.activity(tense, YOU if writer.chance(0.45) else None), kind, 0.4)
    return finished(clause.english_question(), clause.german_question(), "?")


def w_question(writer: Writer) -> Optional[Pair]:
    """When will you fly to Rome? Why is he laughing?"""
    tense = writer.pick(("past", "past", "future", "progressive", "have to", "want to", "can"))
    clause = writer.activity(tense, YOU if writer.chance(0.4) else None, dynamic=True)
    word = question_word(writer, clause)
    if word is None:
        return None
    return finished(f"{word[0]} {clause.english_question()}", clause.german_main(word=word[1]), "?")


def who_question(writer: Writer) -> Optional[Pair]:
    """Who has found the key? Who is the waiter helping? (wer, wen, wem)"""
    clause = writer.activity(writer.pick(("past", "past", "progressive", "future", "can")))
    if writer.chance(0.5):
        if clause.verb.reflexive or says(clause, *_POSSESSIVES):
            return None
        clause = replace(clause, subject=_WHO)
        return finished(clause.english(), clause.german_main(), "?")
    phrase = next(
        (
            item
            for item in clause.complements
            if isinstance(item.referent, NounPhrase) and item.referent.noun.has("person")
        ),
        None,
    )
    if phrase is None:
        return None
    word = f"{phrase.de_preposition} {_WHO.de(phrase.case)}".strip()
    return finished(
        f"who {stranded(clause, phrase).english_question()}", clause.without(phrase).german_main(word=word), "?"
    )


def which_question(writer: Writer) -> Optional[Pair]:
    """Which coat did your sister buy? (welchen)"""
    clause = writer.activity(writer.pick(("past", "past", "future", "want to", "progressive")))
    phrase = direct_object(clause)
    if phrase is None or clause.verb.en_particle or phrase.referent.noun.has("family", "unique", "mass"):
        return None
    asked = replace(phrase.referent, determiner="which", adjectives=())
    rest = clause.without(phrase)
    return finished(f"{asked.en('acc')} {rest.english_question()}", rest.german_main(word=asked.de("acc")), "?")


def request(writer: Writer) -> Optional[Pair]:
    """Please close the window, Anna. (du, ihr or Sie, by whom one speaks to)"""
    who, en, de = _addressee(writer)
    clause = writer.activity("infinitive", who, dynamic=True)
    if clause.verb.en not in _REQUESTED or says(clause, en):
        return None
    definite = ("the", "this", "bare", who.possessive)
    if any(
        isinstance(item.referent, NounPhrase) and item.referent.determiner not in definite
        for item in clause.complements
    ):
        return None
    return finished(f"please {clause.english_infinitive()}, {en}", f"{clause.german_imperative()}, {de}")


def _addressee(writer: Writer) -> tuple[Pronoun, str, str]:
    """Whom one speaks to: the pronoun, and the name in both languages."""
    roll = writer.pick(range(4))
    if roll == 0:
        return YOU_ALL, "children", "Kinder"
    if roll == 1:
        surname = writer.pick(adverbials.SURNAMES)
        title, titel = writer.pick((("Mr", "Herr"), ("Mrs", "Frau")))
        return YOU_POLITE, f"{title} {surname}", f"{titel} {surname}"
    name = writer.pick(adverbials.WOMEN + adverbials.MEN)
    return YOU, name, name


def polite_question(writer: Writer) -> Optional[Pair]:
    """Mr Weber, can you help me? (Sie) Children, do you want to play? (ihr)"""
    who, en, de = _addressee(writer)
    tense = writer.pick(("can", "want to", "would like to", "have to", "future", "past"))
    clause = writer.activity(tense, who)
    if says(clause, en):
        return None
    return finished(f"{en}, {clause.english_question()}", f"{de}, {clause.german_question()}", "?")


def suggestion(writer: Writer) -> Pair:
    """Let us visit the castle tomorrow! (Besuchen wir ...)"""
    clause = writer.activity("infinitive", WE, dynamic=True)
    time = Phrase(
        *writer.pick(
            (
                ("today", "heute"),
                ("tomorrow", "morgen"),
                ("tonight", "heute Abend"),
                ("on Sunday", "am Sonntag"),
                ("next week", "nächste Woche"),
            )
        ),
        "time",
    )
    clause = replace(clause, adverbials=(time,))
    return finished(f"let us {clause.english_infinitive()}", clause.german_question(), "!")
