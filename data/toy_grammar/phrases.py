"""Noun phrases, pronouns and prepositional phrases, said in both languages at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional, Union

from . import english, german
from .lexicon import Adjective, Noun

# key: English singular, English plural, German stem, kind
# kind: definite, der (endings of dieser), ein (endings of ein), number (no ending)
_DETERMINERS = {
    "the": ("the", "the", "", "definite"),
    "a": ("a", "", "ein", "ein"),
    "no": ("no", "no", "kein", "ein"),
    "not_a": ("a", "any", "kein", "ein"),
    "this": ("this", "these", "dies", "der"),
    "which": ("which", "which", "welch", "der"),
    "every": ("every", "", "jed", "der"),
    "some": ("", "some", "einig", "plural"),
    "many": ("", "many", "viel", "plural"),
    "several": ("", "several", "mehrer", "plural"),
    "all": ("", "all", "all", "der"),
    "my": ("my", "my", "mein", "ein"),
    "your": ("your", "your", "dein", "ein"),
    "his": ("his", "his", "sein", "ein"),
    "her": ("her", "her", "ihr", "ein"),
    "our": ("our", "our", "unser", "ein"),
    "their": ("their", "their", "ihr", "ein"),
    "your_polite": ("your", "your", "Ihr", "ein"),
    "your_all": ("your", "your", "euer", "ein"),
    "bare": ("", "", "", "none"),
}
_DEFINITE = ("the", "this", "my", "your", "his", "her", "our", "their", "your_polite", "your_all")
_DETERMINERS.update({en: ("", en, de, "number") for en, de in zip(english.NUMBERS, german.NUMBERS)})


@dataclass(frozen=True)
class Phrase:
    """A part of a clause in both languages; ``slot`` places it in the German middle field.

    ``referent`` is the noun phrase it is made of, with its ``case`` and German preposition,
    so that a relative clause or a passive can be built around it.
    """

    en: str
    de: str
    slot: str
    referent: Optional[Referent] = None
    case: str = ""
    en_preposition: str = ""
    de_preposition: str = ""
    is_pronoun: bool = False


@dataclass(frozen=True)
class Pronoun:
    """A personal pronoun; ``reflexive`` is the pair (accusative, dative)."""

    en_subject: str
    en_object: str
    forms: tuple[str, str, str]
    person: int
    en_plural: bool
    de_plural: bool
    possessive: str
    reflexive: tuple[str, str]

    def en(self, case: str) -> str:
        return self.en_subject if case == "nom" else self.en_object

    def de(self, case: str) -> str:
        return self.forms[german.CASES.index(case)]


def _pronoun(row: str) -> Pronoun:
    en_subject, en_object, nom, acc, dat, person, en_number, de_number, possessive, reflexive = row.split()
    return Pronoun(
        en_subject,
        en_object,
        (nom, acc, dat),
        int(person),
        en_number == "p",
        de_number == "p",
        possessive,
        tuple(reflexive.split("/")),
    )


I, YOU, HE, SHE, IT, WE, THEY, YOU_POLITE, YOU_ALL = map(  # noqa: E741 (the pronoun)
    _pronoun,
    """
I    me   ich mich mir   1 s s my    mich/mir
you  you  du  dich dir   2 p s your  dich/dir
he   him  er  ihn  ihm   3 s s his   sich/sich
she  her  sie sie  ihr   3 s s her   sich/sich
it   it   es  es   ihm   3 s s its   sich/sich
we   us   wir uns  uns   1 p p our   uns/uns
they them sie sie  ihnen 3 p p their sich/sich
you  you  Sie Sie  Ihnen 3 p p your_polite sich/sich
you  you  ihr euch euch  2 p p your_all euch/euch
""".strip().splitlines(),
)


@dataclass(frozen=True)
class Name:
    """A person's name; a German title such as Herr is declined: Herrn Weber."""

    name: str
    gender: str
    en_title: str = ""
    de_title: str = ""
    en_plural = de_plural = False
    person = 3
    reflexive = ("sich", "sich")

    def en(self, case: str) -> str:
        return f"{self.en_title} {self.name}".strip()

    def de(self, case: str) -> str:
        title = "Herrn" if self.de_title == "Herr" and case != "nom" else self.de_title
        return f"{title} {self.name}".strip()

    def pronoun(self) -> Pronoun:
        return HE if self.gender == "m" else SHE

    @property
    def possessive(self) -> str:
        return self.pronoun().possessive


@dataclass(frozen=True)
class NounPhrase:
    """Determiner, adjectives, noun and what follows it (``tail``: English, German).

    A ``possessor`` takes the determiner's place in English (the king's dog) and follows in the
    genitive in German (der Hund des Königs).
    """

    noun: Noun
    determiner: str = "the"
    adjectives: tuple[Adjective, ...] = ()
    plural: bool = False
    tail: tuple[str, str] = ("", "")
    possessor: Optional[NounPhrase] = None
    person = 3
    reflexive = ("sich", "sich")

    @property
    def en_plural(self) -> bool:
        noun = self.noun
        return noun.has("plural", "english_plural") or (self.plural and not noun.has("german_plural"))

    @property
    def de_plural(self) -> bool:
        noun = self.noun
        return noun.has("plural", "german_plural") or (self.plural and not noun.has("english_plural"))

    @property
    def gender(self) -> str:
        """Gender of the German phrase; ``p`` is the plural."""
        return "p" if self.de_plural else self.noun.gender

    def en(self, case: str) -> str:
        singular, plural, _, _ = _DETERMINERS[self.determiner]
        any_of_it = self.determiner == "not_a" and self.noun.has("mass")
        determiner = plural if self.en_plural or any_of_it else singular
        words = [adjective.en for adjective in self.adjectives]
        words.append(self.noun.en_plural if self.en_plural else self.noun.en)
        if determiner == "a":
            determiner = english.article(words[0])
        if self.possessor:
            determiner = self.possessor.en("nom") + "'s"
        return " ".join(filter(None, [determiner, *words])) + self.tail[0]

    def de(self, case: str) -> str:
        determiner, declension = self._determiner(case)
        words = [german.adjective(item.de, declension, case, self.gender) for item in self.adjectives]
        words.append(german.noun_form(self.noun, case, self.de_plural))
        if self.possessor:
            words.append(self.possessor.de("gen"))
        return " ".join(filter(None, [determiner, *words])) + self.tail[1]

    def _determiner(self, case: str) -> tuple[str, str]:
        """The German determiner and the declension of the adjectives after it."""
        _, _, stem, kind = _DETERMINERS[self.determiner]
        if kind == "definite":
            return german.DEFINITE[case, self.gender], "weak"
        if kind == "der":
            return stem + german.DER_WORD[case, self.gender], "weak"
        if kind == "ein":
            ending = german.EIN_WORD[case, self.gender]
            return ("eur" if stem == "euer" and ending else stem) + ending, "mixed"
        if kind == "plural":
            return stem + german.DER_WORD[case, self.gender], "strong"
        return stem, "strong"

    def pronoun(self) -> Pronoun:
        """The pronoun that takes the phrase up: *the lamp* -> it: sie."""
        en = IT
        if self.en_plural:
            en = THEY
        elif self.noun.has("person"):
            en = {"m": HE, "f": SHE}.get(self.noun.gender, IT)
        de = {"m": HE, "f": SHE, "n": IT, "p": THEY}[self.gender]
        return replace(de, en_subject=en.en_subject, en_object=en.en_object, en_plural=en.en_plural)

    @property
    def possessive(self) -> str:
        """The possessive of an owner; empty for things, animals and das Kind (its? his? her?)."""
        if self.en_plural or (self.noun.has("person") and self.noun.gender != "n"):
            return self.pronoun().possessive
        return ""


Referent = Union[Pronoun, Name, NounPhrase]


def english_possessive(owner: Referent) -> str:
    """my, your, his ..., or nothing where an owner has no possessive."""
    return _DETERMINERS[owner.possessive][0] if owner.possessive else ""


def object_phrase(
    referent: Referent, case: str, slot: str, en_preposition: str = "", de_preposition: str = ""
) -> Phrase:
    """A complement: a bare case or a preposition with its case."""
    is_pronoun = isinstance(referent, Pronoun)
    if is_pronoun and not de_preposition:
        slot = f"pronoun {case}"
    elif slot == "accusative" and isinstance(referent, Name):
        slot = "dative"  # a name comes early, like a dative
    elif slot == "accusative" and referent.determiner in _DEFINITE:
        slot = "definite accusative"
    en = f"{en_preposition} {referent.en(case)}".strip()
    de = prepositional(de_preposition, referent.de(case)) if de_preposition else referent.de(case)
    return Phrase(en, de, slot, referent, case, en_preposition, de_preposition, is_pronoun)


def prepositional(preposition: str, phrase: str) -> str:
    """Join a German preposition and a phrase, contracted where usual: ``in dem Wald`` -> ``im Wald``."""
    article, _, rest = phrase.partition(" ")
    contracted = german.CONTRACTIONS.get((preposition, article))
    return f"{contracted} {rest}" if contracted and rest else f"{preposition} {phrase}"


def relative_pronoun(case: str, gender: str) -> str:
    """der, den, dem, dessen ..."""
    return german.RELATIVE[case, gender]
