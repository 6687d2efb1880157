"""A clause, and its word order in both languages.

German: the finite verb is second in a main clause, first in a yes/no question and an
imperative, and last in a subordinate clause; infinitives, participles and separated
prefixes close the clause.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Optional

from . import english, german
from .lexicon import Verb
from .phrases import Phrase, Pronoun, Referent
from .verbs import BE

# the order of the German middle field
SLOTS = (
    "pronoun acc",
    "pronoun dat",
    "dative",
    "time",
    "definite accusative",
    "frequency",
    "manner",
    "accusative",
    "not",
    "place",
    "prepositional",
    "goal",
    "predicate",
)
# name: English finite form, does its negation need "do"?, German modal
MODALS = {
    "can": ("can", False, "können"),
    "must": ("must", False, "müssen"),
    "have to": ("have", True, "müssen"),
    "want to": ("want", True, "wollen"),
    "should": ("should", False, "sollte"),
    "be allowed to": ("be", False, "dürfen"),
    "would like to": ("would", False, "möchten"),
    "could": ("could", False, "konnte"),
    "had to": ("had", True, "musste"),
    "wanted to": ("wanted", True, "wollte"),
    "was allowed to": ("was", False, "durfte"),
}


class Group(NamedTuple):
    """An English verb group: finite word, the rest, and the do-support it needs in negation."""

    finite: str
    rest: list[str]
    do_support: Optional[tuple[str, str]]


@dataclass(frozen=True)
class Clause:
    """Subject, verb, complements (in English order) and adverbials.

    ``tense`` is ``present progressive past perfect pluperfect future would`` or a key of
    ``MODALS``. ``frequency`` stands before the full verb in English. With ``passive`` the
    subject is what the verb is done to.
    """

    subject: Referent
    verb: Verb
    tense: str = "present"
    complements: tuple[Phrase, ...] = ()
    adverbials: tuple[Phrase, ...] = ()
    frequency: Optional[Phrase] = None
    negated: bool = False
    passive: bool = False

    def without(self, phrase: Phrase) -> Clause:
        """The clause with one complement or adverbial taken out, to be said elsewhere."""
        return replace(
            self,
            complements=tuple(item for item in self.complements if item is not phrase),
            adverbials=tuple(item for item in self.adverbials if item is not phrase),
        )

    # English

    def english(self, subject: Optional[str] = None) -> str:
        """The clause as a statement; ``subject`` replaces its subject (``who``)."""
        group = english_group(self)
        words = [self.subject.en("nom") if subject is None else subject]
        middle = [self.frequency.en] if self.frequency else []
        if self.negated and group.do_support:
            words += [group.do_support[0], "not", *middle, group.do_support[1], *group.rest]
        elif group.do_support:
            words += [*middle, group.finite, *group.rest]
        else:
            words += [group.finite, *(["not"] if self.negated else []), *middle, *group.rest]
        return _joined(words + self._english_tail()).replace("can not", "cannot")

    def english_question(self) -> str:
        """The clause with its subject after the first auxiliary."""
        group = english_group(self)
        finite, rest = group.finite, group.rest
        if group.do_support:
            finite, rest = group.do_support[0], [group.do_support[1], *group.rest]
        words = [finite, self.subject.en("nom")]
        words += ["not"] if self.negated else []
        words += [self.frequency.en] if self.frequency else []
        return _joined(words + rest + self._english_tail())

    def english_infinitive(self) -> str:
        """``read the book``: the bare infinitive with its complements."""
        return _joined([self.verb.en, *self._english_tail()])

    def english_gerund(self) -> str:
        """``reading the book``."""
        return _joined([english.gerund(self.verb.en), *self._english_tail()])

    def _english_tail(self) -> list[str]:
        complements = [phrase.en for phrase in self.complements]
        if self.verb.en_particle and not self.passive:
            after_pronoun = bool(self.complements) and self.complements[0].is_pronoun
            complements.insert(1 if after_pronoun else 0, self.verb.en_particle)
        elif self.verb.en_particle:
            complements.insert(0, self.verb.en_particle)
        return complements + [phrase.en for phrase in self.adverbials]

    # German

    def german_main(self, front: Optional[Phrase] = None, word: str = "") -> str:
        """Verb second, with ``front`` (a phrase of the clause) or a question word before the verb."""
        finite, closing = german_group(self, main=True)
        if front:
            return _joined([front.de, finite, *self.without(front)._after_finite(), *closing])
        if word:
            return _joined([word, finite, *self._after_finite(), *closing])
        return _joined([self.subject.de("nom"), finite, *self._middle(), *closing])

    def german_question(self) -> str:
        """Verb first."""
        finite, closing = german_group(self, main=True)
        return _joined([finite, *self._after_finite(), *closing])

    def german_subordinate(self, subject: Optional[str] = None) -> str:
        """Verb last, without the conjunction; ``subject`` replaces its subject (a relative pronoun)."""
        finite, closing = german_group(self, main=False)
        rest = self._after_finite() if subject is None else [subject, *self._middle()]
        return _joined([*rest, *closing, finite])

    def german_infinitive(self) -> str:
        """``das Buch zu lesen``, ``die Mutter anzurufen``."""
        return _joined([*self._middle(), german.zu_infinitive(self.verb)])

    def german_imperative(self, particle: str = "bitte") -> str:
        """To the subject, which is ``YOU`` (mach), ``YOU_ALL`` (macht) or ``YOU_POLITE`` (machen Sie)."""
        if self.subject.person == 3:
            verb = self.verb.stem_infinitive + " Sie"
        elif self.subject.de_plural:
            verb = german.present(self.verb, 2, True)
        else:
            verb = german.imperative(self.verb)
        middle = self._middle()
        pronouns = sum(phrase.slot.startswith("pronoun") for phrase in self.complements)
        pronouns += bool(self.verb.reflexive)
        return _joined([verb, *middle[:pronouns], particle, *middle[pronouns:], self.verb.prefix])

    def _after_finite(self) -> list[str]:
        """Subject and middle field; *sich* goes before a subject that is no pronoun: freut sich der Mann."""
        subject, middle = self.subject.de("nom"), self._middle()
        if self.verb.reflexive and not isinstance(self.subject, Pronoun):
            return [middle[0], subject, *middle[1:]]
        return [subject, *middle]

    def _middle(self) -> list[str]:
        phrases = [*self.complements, *self.adverbials]
        if self.frequency:
            phrases.append(self.frequency)
        if self.negated and not any(phrase.de.startswith("kein") for phrase in self.complements):
            phrases.append(Phrase("not", "nicht", "not"))
        if self.verb.reflexive:
            case = self.verb.reflexive
            word = self.subject.reflexive[0 if case == "acc" else 1]
            phrases.append(Phrase("", word, f"pronoun {case}"))
        return [phrase.de for phrase in sorted(phrases, key=lambda phrase: SLOTS.index(phrase.slot))]


def english_group(clause: Clause) -> Group:
    """The verb group of a clause, before negation and inversion."""
    verb, tense, subject = clause.verb, clause.tense, clause.subject
    if clause.passive:
        inner = Clause(subject, BE, tense)
        group = english_group(inner)
        return Group(group.finite, [*group.rest, verb.en_participle], group.do_support)
    agreement = (subject.person, subject.en_plural)
    if tense in MODALS:
        return _modal_group(verb.en, tense, agreement)
    if tense == "present":
        return _simple(verb, agreement)
    if tense == "past":
        if verb.en == "be":
            return Group(_be(english.BE_PAST, agreement), [], None)
        return Group(verb.en_past, [], ("did", verb.en))
    auxiliary, rest = {
        "progressive": (_be(english.BE_PRESENT, agreement), [english.gerund(verb.en)]),
        "perfect": (_have(agreement), [verb.en_participle]),
        "perfect progressive": (_have(agreement), ["been", english.gerund(verb.en)]),
        "pluperfect": ("had", [verb.en_participle]),
        "future": ("will", [verb.en]),
        "would": ("would", [verb.en]),
    }[tense]
    return Group(auxiliary, rest, None)


def german_group(clause: Clause, main: bool) -> tuple[str, list[str]]:
    """The finite verb, and the words that close the clause, in their order."""
    verb, tense = clause.verb, _german_tense(clause)
    agreement = (clause.subject.person, clause.subject.de_plural)
    full = verb.participle if clause.passive else verb.de
    closing = [full, "werden"] if clause.passive else [full]
    if tense in MODALS:
        return _form(MODALS[tense][2], agreement), closing
    if tense in ("future", "would"):
        return _form("werden" if tense == "future" else "würde", agreement), closing
    if clause.passive:
        return _form("wurde" if tense == "past" else "werden", agreement), [full]
    if tense == "perfect":
        return _form(verb.auxiliary, agreement), [verb.participle]
    if tense == "pluperfect":
        return _form("war" if verb.auxiliary == "sein" else "hatte", agreement), [verb.participle]
    conjugate = german.preterite if tense == "past" else german.present
    finite = conjugate(verb, *agreement)
    if main:
        return finite, [verb.prefix] if verb.prefix else []
    return verb.prefix + finite, []


def _german_tense(clause: Clause) -> str:
    if clause.tense in ("progressive", "perfect progressive"):
        return "present"
    if clause.tense == "past" and not clause.verb.preterite and not clause.passive:
        return "perfect"
    return clause.tense


def _form(auxiliary: str, agreement: tuple[int, bool]) -> str:
    person, plural = agreement
    return german.AUXILIARIES[auxiliary][person - 1 + 3 * plural]


def _modal_group(infinitive: str, tense: str, agreement: tuple[int, bool]) -> Group:
    finite, do_support, _ = MODALS[tense]
    link = tense.split()[1:]
    if tense in ("be allowed to", "was allowed to"):
        finite = _be(english.BE_PRESENT if finite == "be" else english.BE_PAST, agreement)
    if not do_support:
        return Group(finite, [*link, infinitive], None)
    if finite in ("had", "wanted"):
        return Group(finite, [*link, infinitive], ("did", {"had": "have", "wanted": "want"}[finite]))
    third = agreement == (3, False)
    inflected = {"have": "has", "want": "wants"}[finite] if third else finite
    return Group(inflected, [*link, infinitive], ("does" if third else "do", finite))


def _simple(verb: Verb, agreement: tuple[int, bool]) -> Group:
    if verb.en == "be":
        return Group(_be(english.BE_PRESENT, agreement), [], None)
    third = agreement == (3, False)
    finite = ("has" if verb.en == "have" else english.with_s(verb.en)) if third else verb.en
    return Group(finite, [], ("does" if third else "do", verb.en))


def _be(forms: tuple[str, ...], agreement: tuple[int, bool]) -> str:
    person, plural = agreement
    return forms[person - 1 + 3 * plural]


def _have(agreement: tuple[int, bool]) -> str:
    return "has" if agreement == (3, False) else "have"


def _joined(words: list[str]) -> str:
    return " ".join(filter(None, words))
