"""Being and having: adjectives, comparison, existence, possession, professions, prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import adjectives, adverbials, english, german, verbs
from ..clauses import Clause
from ..phrases import HE, SHE, Name, NounPhrase, Phrase, Referent, object_phrase
from ..sentences import Pair, finished, fixed, statement
from ..writer import Writer
from .common import DEGREES, NOT_GRADED, being, definite, predicate

_PASSING = ("happy", "tired", "ill", "hungry", "sad")
_DESCRIBED = (
    ("thing",),
    ("furniture",),
    ("building", "room", "outdoors"),
    ("vehicle",),
    ("abstract", "science"),
    ("food", "drink"),
    ("animal",),
    ("readable",),
)
_COMPARED = (
    ("building",),
    ("vehicle",),
    ("furniture",),
    ("clothes",),
    ("animal",),
    ("task",),
    ("thought",),
    ("readable",),
    ("device",),
    ("family",),
    ("mountain", "tower"),
    ("fruit",),
)
_COUNTRY, _WORLD = ("in the country", "im Land"), ("in the world", "auf der Welt")
_SUPERLATIVES = (
    (
        ("building", "street", "park", "square"),
        (("in the town", "in der Stadt"), ("in this village", "in diesem Dorf"), _COUNTRY),
    ),
    (("mountain", "river", "island", "lake", "bridge"), (_COUNTRY, _WORLD)),
    (("book", "report", "dictionary"), (("in the library", "in der Bibliothek"), ("on the shelf", "im Regal"))),
    (("device",), (("in the laboratory", "im Labor"), ("in the factory", "in der Fabrik"))),
    (("art",), (("in the museum", "im Museum"),)),
    (("furniture",), (("in the house", "im Haus"), ("in the room", "im Zimmer"))),
    (("ship", "boat"), (("in the harbour", "im Hafen"),)),
)
_TENS = (
    ("twenty", "zwanzig"),
    ("thirty", "dreißig"),
    ("fifty", "fünfzig"),
    ("a hundred", "hundert"),
    ("two hundred", "zweihundert"),
)
_TASTES = (
    ("good", "gut"),
    ("sweet", "süß"),
    ("bitter", "bitter"),
    ("delicious", "köstlich"),
    ("strange", "seltsam"),
    ("bad", "schlecht"),
    ("very good", "sehr gut"),
    ("too sweet", "zu süß"),
    ("very strange", "sehr seltsam"),
    ("too bitter", "zu bitter"),
)


def adjective_predicate(writer: Writer) -> Optional[Pair]:
    """The new suitcase is too heavy."""
    subject = definite(writer, writer.noun(*writer.pick(_DESCRIBED)))
    adjective = predicate(writer, subject)
    if adjective is None:
        return None
    en, de = writer.pick(DEGREES) if adjective.en not in NOT_GRADED else ("", "")
    tense = writer.pick(("present", "present", "past"))
    return statement(being(subject, en + adjective.en, de + adjective.de, tense))


def person_predicate(writer: Writer) -> Pair:
    """My grandmother was tired yesterday."""
    subject = writer.person()
    young = isinstance(subject, NounPhrase) and subject.noun.has("young")
    classes = {"person"} if young else {"person", "adult"}
    adjective = writer.pick(
        [item for item in adjectives.ALL if classes & set(item.tags) and item.en not in ("old", "young")]
    )
    tense, kind = writer.pick((("present", "now"), ("past", "past"), ("past", "past"), ("present", "")))
    clause = being(subject, adjective.en, adjective.de, tense)
    if kind and adjective.en in _PASSING and writer.chance(0.6):
        time = writer.time(kind)
        return statement(replace(clause, adverbials=(time,)), front=time if writer.chance(0.4) else None)
    return statement(clause)


def comparative(writer: Writer) -> Optional[Pair]:
    """The tower is much higher than the church."""
    tags = writer.pick(_COMPARED)
    first, second = (replace(definite(writer, writer.noun(*tags), 0.0), plural=False) for _ in range(2))
    adjective = predicate(writer, first)
    if adjective is None or adjective.en in NOT_GRADED:
        return None
    if first.noun == second.noun or not second.noun.has(*adjective.tags):
        return None
    en, _ = english.comparison(adjective.en)
    much, viel = writer.pick((("", ""), ("much ", "viel "), ("a little ", "etwas ")))
    return statement(
        being(first, f"{much}{en} than {second.en('nom')}", f"{viel}{adjective.comparative} als {second.de('nom')}")
    )


def superlative(writer: Writer) -> Optional[Pair]:
    """This is the oldest bridge in the country."""
    tags, places = writer.pick(_SUPERLATIVES)
    noun = writer.noun(*tags)
    adjective = predicate(writer, NounPhrase(noun))
    if adjective is None or adjective.en in NOT_GRADED:
        return None
    most = replace(adjective, en=english.comparison(adjective.en)[1], de=adjective.superlative)
    phrase = NounPhrase(noun, adjectives=(most,))
    place, ort = writer.pick(places)
    this = writer.pick(("this", "that"))
    be, sein = writer.pick((("is", "ist"), ("was", "war")))
    return finished(f"{this} {be} {phrase.en('nom')} {place}", f"das {sein} {phrase.de('nom')} {ort}")


def existence(writer: Writer) -> Pair:
    """There is an old castle in this town. (es gibt with the accusative)"""
    noun = writer.noun("building", "park", "lake", "square", "market", "harbour")
    plural = writer.chance(0.35)
    determiner = writer.pick(("two", "three", "many", "some", "several", "no") if plural else ("a", "no"))
    phrase = writer.described(NounPhrase(noun, determiner, plural=plural), 0.6)
    city, stadt = writer.ranked(adverbials.CITIES)
    en, de = writer.pick(
        (
            (f"in {city}", f"in {stadt}"),
            ("in this town", "in dieser Stadt"),
            ("in our village", "in unserem Dorf"),
            ("in this country", "in diesem Land"),
        )
    )
    be, gibt = writer.pick((("are" if plural else "is", "gibt"), ("were" if plural else "was", "gab")))
    if writer.chance(0.5):
        return finished(f"{en}, there {be} {phrase.en('acc')}", f"{de} {gibt} es {phrase.de('acc')}")
    return finished(f"there {be} {phrase.en('acc')} {en}", f"es {gibt} {phrase.de('acc')} {de}")


def possession(writer: Writer) -> Pair:
    """The farmer has two horses. We have no car."""
    phrase = writer.noun_phrase(
        "own", "pet", "clothes", "device", "house", "idea", "question", "exam", "sibling", "gift"
    )
    if phrase.noun.has("plural"):
        phrase = replace(phrase, determiner="bare")
    elif phrase.noun.countable and writer.chance(0.3):
        phrase = replace(phrase, determiner="no")
    elif phrase.noun.countable and phrase.determiner in ("the", "bare", "this", "every"):
        phrase = replace(phrase, determiner="two" if phrase.plural else "a")
    what = object_phrase(phrase, "acc", "accusative")
    return statement(Clause(writer.person(), verbs.HAVE, writer.pick(("present", "past")), (what,)))


def profession(writer: Writer) -> Optional[Pair]:
    """My sister wants to become an engineer. (Ingenieurin werden, no article)"""
    noun = writer.noun("worker")
    subject = writer.person()
    sex = _sex(subject)
    if (noun.has("kin") and not noun.has("teacher")) or not sex or (sex == "f" and not noun.feminine):
        return None
    verb, tense = writer.pick(
        (
            (verbs.BECOME, "want to"),
            (verbs.BE, "present"),
            (verbs.BECOME, "future"),
            (verbs.BE, "past"),
            (verbs.BECOME, "wanted to"),
        )
    )
    if isinstance(subject, NounPhrase) and subject.noun.has("young") and verb is verbs.BE:
        return None
    job = fixed(f"{english.article(noun.en)} {noun.en}", noun.feminine if sex == "f" else noun.de)
    soon = Phrase(*writer.pick((("soon", "bald"), ("next year", "nächstes Jahr"))), "time")
    return statement(Clause(subject, verb, tense, (job,), (soon,) if tense == "future" else ()))


def _sex(subject: Referent) -> str:
    """``m`` or ``f`` of a single person whose English word tells it, otherwise empty."""
    if isinstance(subject, Name):
        return subject.gender
    if isinstance(subject, NounPhrase):
        told = subject.noun.has("family", "boy") and not subject.en_plural
        return subject.noun.gender if told else ""
    return {HE: "m", SHE: "f"}.get(subject, "")


def price(writer: Writer) -> Optional[Pair]:
    """The tickets cost ten euros."""
    noun = writer.noun("clothes", "food", "ticket", "book", "furniture", "device", "gift", "own")
    if noun.has("mass"):
        return None
    subject = replace(definite(writer, noun), determiner=writer.pick(("the", "the", "this")))
    cheap = tuple(zip(english.NUMBERS, german.NUMBERS))
    en, de = writer.pick(cheap if noun.has("food", "ticket", "flower") else _TENS)
    return statement(Clause(subject, verbs.COST, "present", (fixed(f"{en} euros", f"{de} Euro"),)))


def taste(writer: Writer) -> Optional[Pair]:
    """The soup tasted very good."""
    subject = replace(definite(writer, writer.noun("food", "drink")), plural=False)
    how = fixed(*writer.pick(_TASTES))
    return statement(Clause(subject, verbs.TASTE, writer.pick(("present", "past")), (how,)))


def opening(writer: Writer) -> Pair:
    """The museum opens at nine on Mondays."""
    subject = definite(writer, writer.noun("opens"), 0.2)
    time = writer.hour()
    if writer.chance(0.5):
        day, tag = writer.ranked(adverbials.WEEKDAYS)
        time = Phrase(f"{time.en} on {day}s", f"{tag.lower()}s {time.de}", "time")
    return statement(Clause(subject, writer.pick((verbs.OPEN_AT, verbs.CLOSE_AT)), "present", (), (time,)))
