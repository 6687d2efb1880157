"""The word classes of the lexicon, and the readers of its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Optional

from . import english


@dataclass(frozen=True)
class Noun:
    """A pair of nouns. ``tags`` say what it means and so which verbs and adjectives it takes.

    Tags with a meaning for the grammar: ``mass`` (no plural, no ``a``), ``plural`` (no
    singular in either language), ``english_plural`` (glasses: Brille), ``german_plural``
    (furniture: Möbel), ``weak`` (-n in all cases but the nominative), ``unique`` (only with
    ``the``).
    """

    en: str
    en_plural: str
    de: str
    gender: str
    de_plural: str
    genitive: Optional[str]
    tags: tuple[str, ...]
    feminine: Optional[str] = None

    @property
    def countable(self) -> bool:
        """Whether both languages use the singular and the plural."""
        return not self.has("mass", "plural", "english_plural", "german_plural", "unique", "singular")

    def has(self, *tags: str) -> bool:
        """Whether the noun, or its head if it is a compound, has one of the tags or names."""
        return self.en in tags or not set(self.tags).isdisjoint(tags)

    def as_feminine(self) -> Noun:
        """The noun for a woman of the same profession: der Arzt -> die Ärztin."""
        tags = tuple(tag for tag in self.tags if tag != "weak")
        return replace(
            self, de=self.feminine, de_plural=self.feminine + "nen", gender="f", genitive=None, feminine=None, tags=tags
        )


@dataclass(frozen=True)
class Complement:
    """What a verb governs: a case, perhaps with a preposition, or a fixed phrase.

    ``kind`` is ``object``, ``place`` or ``fixed``; a fixed phrase has ``en`` and ``de``, and
    a place has the name of its kind (see places.py) in ``tags``.
    """

    kind: str
    case: str = ""
    en_preposition: str = ""
    de_preposition: str = ""
    tags: tuple[str, ...] = ()
    en: str = ""
    de: str = ""
    slot: str = ""


@dataclass(frozen=True)
class Verb:
    """A pair of verbs in one reading, with the classes of its subject and its complements.

    German ``third`` (third person singular) is None where it is regular; ``preterite`` is
    None where the past is told in the perfect tense, as in spoken German.
    """

    en: str
    en_past: str
    en_participle: str
    en_particle: str
    stem_infinitive: str
    prefix: str
    third: Optional[str]
    participle: str
    auxiliary: str
    preterite: Optional[str]
    reflexive: str
    subjects: tuple[str, ...]
    complements: tuple[Complement, ...]
    flags: tuple[str, ...] = ()

    @property
    def de(self) -> str:
        return self.prefix + self.stem_infinitive


@dataclass(frozen=True)
class Adjective:
    """A pair of adjectives in one reading, with the classes of nouns it can describe."""

    en: str
    de: str
    tags: tuple[str, ...]
    comparative: str
    superlative: str


def rows(table: str) -> Iterator[list[str]]:
    """The rows of a table as lists of cells; blank lines are skipped."""
    for line in table.strip().splitlines():
        if line.strip():
            yield [cell.strip() for cell in line.split("|")]


def read_nouns(table: str) -> tuple[Noun, ...]:
    """Rows ``en[/plural] | de[~genitive] | gender | plural | more tags``; ``@ tags`` opens a section."""
    section: tuple[str, ...] = ()
    nouns = []
    for cells in rows(table):
        if cells[0].startswith("@"):
            section = tuple(cells[0][1:].split())
            continue
        en, _, en_plural = cells[0].partition("/")
        de, _, genitive = cells[1].partition("~")
        extra = cells[4].split() if len(cells) > 4 else []
        feminine = next((tag[4:] for tag in extra if tag.startswith("fem=")), None)
        tags = section + tuple(tag for tag in extra if not tag.startswith("fem="))
        plural = de if cells[3] == "=" else cells[3]
        nouns.append(Noun(en, en_plural or english.with_s(en), de, cells[2], plural, genitive or None, tags, feminine))
    return tuple(nouns)


def read_compounds(table: str, nouns: tuple[Noun, ...]) -> tuple[Noun, ...]:
    """Rows ``en=Modifier, ... | heads | more tags``: every modifier before every head (English names)."""
    by_name: dict[str, Noun] = {}
    for noun in nouns:
        by_name.setdefault(noun.en, noun)
    compounds = []
    for modifiers, heads, *extra in rows(table):
        for modifier in modifiers.split(","):
            en, de = modifier.strip().split("=")
            for head in heads.split(","):
                compounds.append(_compound(en, de, by_name[head.strip()], extra))
    return tuple(compounds)


def _compound(en: str, de: str, head: Noun, extra: list[str]) -> Noun:
    genitive = de + head.genitive.lower() if head.genitive else None
    tags = head.tags + ("compound", head.en) + tuple(extra[0].split() if extra else ())
    return replace(
        head,
        en=f"{en} {head.en}",
        en_plural=f"{en} {head.en_plural}",
        de=de + head.de.lower(),
        de_plural=de + head.de_plural.lower(),
        genitive=genitive,
        tags=tags,
        feminine=None,
    )


def read_adjectives(table: str) -> tuple[Adjective, ...]:
    """Rows ``en | de [comparative superlative] | tags``."""
    adjectives = []
    for en, de, tags in rows(table):
        forms = de.split()
        stem = forms[0][:-1] if forms[0].endswith("e") else forms[0]
        link = "e" if re.search(r"([dtsßz]|sch)$", stem) else ""
        # teuer -> teurer, dunkel -> dunkler
        shortened = re.sub(r"(eu|au)er$", r"\1r", re.sub("el$", "l", stem))
        comparative = forms[1] if len(forms) > 1 else shortened + "er"
        superlative = forms[2] if len(forms) > 2 else stem + link + "st"
        adjectives.append(Adjective(en, forms[0], tuple(tags.split()), comparative, superlative))
    return tuple(adjectives)


def read_verbs(table: str) -> tuple[Verb, ...]:
    """Rows ``English forms | German forms | subjects | complements; ... | flags``.

    English: ``see saw seen``, one form if regular, and ``+up`` for a particle. German:
    ``[sich] [prefix+]infinitive third-or-dash participle [ist] [~preterite]``.
    """
    return tuple(read_verb(*cells) for cells in rows(table))


def read_verb(en: str, de: str, subjects: str, complements: str = "", flags: str = "") -> Verb:
    """One row of the table of verbs."""
    particle = " ".join(form[1:] for form in en.split() if form.startswith("+"))
    forms = [form for form in en.split() if not form.startswith("+")]
    if len(forms) == 1:
        forms += [english.past(forms[0])] * 2
    words = de.split()
    reflexive = {"sich": "acc", "sich_dat": "dat"}.get(words[0], "")
    if reflexive:
        words = words[1:]
    prefix, _, stem = words[0].rpartition("+")
    preterite = next((word[1:] for word in words if word.startswith("~")), None)
    governed = tuple(_complement(text.strip()) for text in complements.split(";") if text.strip())
    return Verb(
        forms[0],
        forms[1],
        forms[2],
        particle,
        stem,
        prefix,
        None if words[1] == "-" else words[1],
        words[2],
        "sein" if "ist" in words[3:] else "haben",
        preterite,
        reflexive,
        tuple(subjects.split()),
        governed,
        tuple(flags.split()),
    )


def _complement(text: str) -> Complement:
    """``A:tags``, ``D:tags``, ``for>auf+acc:tags``, a kind of place, ``=en/de`` or ``^en/de``.

    ``=`` is a fixed accusative object, ``^`` a fixed phrase that stays near the end.
    """
    cases = {"A": "acc", "D": "dat"}
    if text.isupper():
        return Complement("place", tags=(text,))
    if text[0] in "=^":
        en, de = text[1:].split("/")
        return Complement("fixed", en=en, de=de, slot="accusative" if text[0] == "=" else "goal")
    government, tags = text.split(":")
    if government in cases:
        government = f">+{cases[government]}"
    en_preposition, german = government.split(">")
    de_preposition, case = german.split("+")
    slot = "prepositional" if de_preposition else _SLOTS[case]
    return Complement("object", case, en_preposition, de_preposition, tuple(tags.split()), slot=slot)


_SLOTS = {"acc": "accusative", "dat": "dative"}
