"""German word forms: declension of determiners, adjectives and nouns; conjugation of verbs.

Cases are ``"nom" "acc" "dat" "gen"``; a gender is ``"m" "f" "n"``, and ``"p"`` is the plural.
"""

from __future__ import annotations

import re

from .lexicon import Noun, Verb

CASES = ("nom", "acc", "dat", "gen")
GENDERS = ("m", "f", "n", "p")
NUMBERS = ("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn")


def _table(text: str) -> dict[tuple[str, str], str]:
    """Read a table of endings: one row per case, one column per gender; ``-`` is no ending."""
    rows = [row.split() for row in text.strip().splitlines()]
    return {
        (case, gender): "" if cell == "-" else cell
        for case, row in zip(CASES, rows)
        for gender, cell in zip(GENDERS, row)
    }


DEFINITE = _table("""
    der die das die
    den die das die
    dem der dem den
    des der des der""")
RELATIVE = _table("""
    der die das die
    den die das die
    dem der dem denen
    dessen deren dessen deren""")
# dies-er, jed-er, einig-e ...
DER_WORD = _table("""
    er e es e
    en e es e
    em er em en
    es er es er""")
# ein, kein and the possessives
EIN_WORD = _table("""
    -  e  -  e
    en e  -  e
    em er em en
    es er es er""")
# the adjective after der-words, after ein-words, and after nothing or a number
ADJECTIVE = {
    "weak": _table("""
        e  e  e  en
        en e  e  en
        en en en en
        en en en en"""),
    "mixed": _table("""
        er e  es en
        en e  es en
        en en en en
        en en en en"""),
    "strong": _table("""
        er e  es e
        en e  es e
        em er em en
        en er en er"""),
}
CONTRACTIONS = {
    ("in", "dem"): "im",
    ("in", "das"): "ins",
    ("an", "dem"): "am",
    ("an", "das"): "ans",
    ("zu", "dem"): "zum",
    ("zu", "der"): "zur",
    ("von", "dem"): "vom",
    ("bei", "dem"): "beim",
}

# ich du er wir ihr sie
AUXILIARIES = {
    name: tuple(forms.split())
    for name, forms in {
        "sein": "bin bist ist sind seid sind",
        "war": "war warst war waren wart waren",
        "haben": "habe hast hat haben habt haben",
        "hatte": "hatte hattest hatte hatten hattet hatten",
        "werden": "werde wirst wird werden werdet werden",
        "wurde": "wurde wurdest wurde wurden wurdet wurden",
        "würde": "würde würdest würde würden würdet würden",
        "können": "kann kannst kann können könnt können",
        "konnte": "konnte konntest konnte konnten konntet konnten",
        "müssen": "muss musst muss müssen müsst müssen",
        "musste": "musste musstest musste mussten musstet mussten",
        "wollen": "will willst will wollen wollt wollen",
        "wollte": "wollte wolltest wollte wollten wolltet wollten",
        "sollte": "sollte solltest sollte sollten solltet sollten",
        "dürfen": "darf darfst darf dürfen dürft dürfen",
        "durfte": "durfte durftest durfte durften durftet durften",
        "möchten": "möchte möchtest möchte möchten möchtet möchten",
        "mögen": "mag magst mag mögen mögt mögen",
        "wissen": "weiß weißt weiß wissen wisst wissen",
    }.items()
}


def adjective(stem: str, declension: str, case: str, gender: str) -> str:
    """An attributive adjective; ``declension`` is ``weak``, ``mixed`` or ``strong``."""
    ending = ADJECTIVE[declension][case, gender]
    return attributive_stem(stem) + ending


def attributive_stem(adjective_form: str) -> str:
    """The stem before an ending: hoch -> hoh-, dunkel -> dunkl-, teuer -> teur-, leise -> leis-."""
    if adjective_form == "hoch":
        return "hoh"
    if adjective_form.endswith("el"):
        return adjective_form[:-2] + "l"
    if re.search(r"(eu|au)er$", adjective_form):
        return adjective_form[:-2] + "r"
    return adjective_form[:-1] if adjective_form.endswith("e") else adjective_form


def noun_form(noun: Noun, case: str, plural: bool) -> str:
    """A noun in a case and a number."""
    if plural:
        needs_n = case == "dat" and not re.search(r"[ns]$", noun.de_plural)
        return noun.de_plural + ("n" if needs_n else "")
    if case == "nom":
        return noun.de
    if "weak" in noun.tags:
        return noun.genitive if case == "gen" and noun.genitive else noun.de_plural
    if case == "gen" and noun.gender != "f":
        return noun.genitive or noun.de + genitive_ending(noun.de)
    return noun.de


def genitive_ending(noun: str) -> str:
    """-s or -es of a masculine or neuter noun.

    -es is needed after a sibilant and preferred after a single syllable; vowels and the
    unstressed -el, -er, -en, -em take -s.
    """
    if re.search(r"(s|ß|x|z|sch|st)$", noun):
        return "es"
    syllables = re.findall(r"[aeiouäöüy]+", noun.lower())
    ends_in_vowel = re.search(r"[aeiouäöüy]h?$", noun) is not None
    return "es" if len(syllables) == 1 and not ends_in_vowel else "s"


def present(verb: Verb, person: int, plural: bool) -> str:
    """The finite form in the present tense, without a separable prefix."""
    if verb.stem_infinitive in AUXILIARIES:
        return AUXILIARIES[verb.stem_infinitive][person - 1 + 3 * plural]
    stem = _stem(verb.stem_infinitive)
    if plural:
        return _with_t(stem) if person == 2 else verb.stem_infinitive
    if person == 1:
        return (stem[:-2] + "le") if stem.endswith("el") else stem + "e"
    third = verb.third or _with_t(stem)
    if person == 3:
        return third
    if re.search(r"[sßzx]$", stem):
        return third
    # er hält -> du hältst, but er fährt -> du fährst
    keeps_t = verb.third and re.search(r"[td]$", stem) and not third.endswith(("dt", "et"))
    return third + "st" if keeps_t else third[:-1] + "st"


def preterite(verb: Verb, person: int, plural: bool) -> str:
    """The finite form in the simple past, from the form of the third person."""
    if verb.preterite in AUXILIARIES:
        return AUXILIARIES[verb.preterite][person - 1 + 3 * plural]
    base = verb.preterite
    link = "e" if re.search(r"[td]$", base) else ""
    if base.endswith("e"):
        endings = ("", "st", "", "n", "t", "n")
    else:
        endings = ("", "st", "", "en", link + "t", "en")
    return base + endings[person - 1 + 3 * plural]


def imperative(verb: Verb) -> str:
    """The imperative for ``du``, without a separable prefix."""
    stem = _stem(verb.stem_infinitive)
    vowel_change = verb.third and "i" in verb.third and "i" not in stem
    if vowel_change:
        return verb.third[:-1]
    if stem.endswith("el"):
        return stem[:-2] + "le"
    return stem + ("e" if _needs_link(stem) else "")


def zu_infinitive(verb: Verb) -> str:
    """``zu lesen``, ``anzurufen``."""
    if verb.prefix:
        return f"{verb.prefix}zu{verb.stem_infinitive}"
    return f"zu {verb.stem_infinitive}"


def _stem(infinitive: str) -> str:
    return re.sub(r"e?n$", "", infinitive)


def _needs_link(stem: str) -> bool:
    """arbeit-e-t, öffn-e-t, zeichn-e-t, but lern-t and wohn-t."""
    return re.search(r"[td]$|([^aeiouäöülrhmn]|ch)[nm]$", stem) is not None


def _with_t(stem: str) -> str:
    return stem + ("et" if _needs_link(stem) else "t")
