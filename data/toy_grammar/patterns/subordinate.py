"""Sentences with a subordinate clause (verb last)."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .. import verbs
from ..clauses import Clause
from ..phrases import HE, SHE, THEY, WE, YOU, I, object_phrase
from ..sentences import Pair, finished, with_subordinate
from ..writer import Writer, fitting_adjectives
from .circumstances import at_present, circumstance, content, deed, of_the_world, weather_clause
from .common import being, definite, pronoun_of, question_word

_WISHES = (
    "buy",
    "travel",
    "learn",
    "help",
    "visit",
    "cook",
    "fly",
    "build",
    "invite",
    "repair",
    "swim",
    "play",
    "read",
    "write",
    "go",
    "bake",
    "paint",
    "meet",
    "sing",
    "plan",
    "work",
)
# what happens at a moment, with the German simple past that *als* asks for
_EVENTS = (
    ("zurückkommen", "kam"),
    ("aufwachen", "wachte"),
    ("ankommen", "kam"),
    ("aufstehen", "stand"),
    ("einschlafen", "schlief"),
    ("öffnen", "öffnete"),
    ("verlassen", "verließ"),
    ("treffen", "traf"),
    ("anrufen", "rief"),
    ("einschalten", "schaltete"),
    ("ausschalten", "schaltete"),
    ("finden", "fand"),
)
_FEELINGS = (
    ("it is a pity", "es ist schade"),
    ("it is nice", "es ist schön"),
    ("I am glad", "ich bin froh"),
    ("we are sure", "wir sind sicher"),
    ("it is possible", "es ist möglich"),
    ("she is afraid", "sie hat Angst"),
    ("it is important", "es ist wichtig"),
    ("I am sure", "ich bin sicher"),
)
_LEADS = (
    ("do you know", "weißt du", "?"),
    ("I do not know", "ich weiß nicht", "."),
    ("we know", "wir wissen", "."),
    ("nobody knows", "niemand weiß", "."),
    ("please tell me", "sag mir bitte", "."),
    ("can you tell me", "kannst du mir sagen", "?"),
)
# adjective of a thing, and what came of it: German verb, tense, negated?
_OUTCOMES = (
    ("heavy", "tragen", "could", True),
    ("heavy", "mitnehmen", "wanted to", True),
    ("expensive", "kaufen", "could", True),
    ("beautiful", "kaufen", "wanted to", False),
    ("interesting", "lesen", "wanted to", False),
    ("broken", "reparieren", "could", True),
    ("dirty", "waschen", "had to", False),
    ("dirty", "putzen", "had to", False),
    ("hard", "lösen", "could", True),
    ("easy", "lösen", "could", False),
    ("long", "lesen", "could", True),
    ("hard", "beantworten", "could", True),
    ("hot", "essen", "could", True),
    ("good", "vorschlagen", "wanted to", False),
    ("hot", "trinken", "could", True),
    ("cheap", "kaufen", "could", False),
    ("old", "verkaufen", "wanted to", False),
)


def because(writer: Writer) -> Optional[Pair]:
    """Tom did not go to school because he was ill. (weil, obwohl)"""
    past = writer.chance(0.5)
    hindering = writer.chance(0.65)
    conjunctions = ("although", "obwohl") if hindering and writer.chance(0.45) else ("because", "weil")
    tense = "past" if past else writer.pick(("progressive", "future", "can", "want to", "future"))
    main = deed(writer, tense, negated=hindering and conjunctions[0] == "because")
    reason = circumstance(writer, pronoun_of(main.subject), past, hindering)
    if reason.verb.en == main.verb.en:
        return None
    return with_subordinate(main, conjunctions, reason, first=writer.chance(0.25))


def if_clause(writer: Writer) -> Optional[Pair]:
    """If it rains, we will not visit the museum. (wenn, sobald)"""
    subject = writer.pick((I, WE, YOU, HE, SHE, THEY))
    hindering = writer.chance(0.4)
    condition = at_present(circumstance(writer, subject, past=False, hindering=hindering))
    main = deed(writer, writer.pick(("future", "can", "should", "future")), subject, negated=hindering)
    if condition.verb.en == main.verb.en:
        return None
    soon = of_the_world(condition) and not hindering and writer.chance(0.5)
    return with_subordinate(
        main, ("as soon as", "sobald") if soon else ("if", "wenn"), condition, first=writer.chance(0.6)
    )


def unreal(writer: Writer) -> Optional[Pair]:
    """If I had more time, I would learn German. (hätte, wäre, würde)"""
    subject = writer.pick((I, WE, HE, SHE, THEY, YOU))
    main = writer.activity("would", subject, dynamic=True)
    if main.verb.en not in _WISHES:
        return None
    singular = {1: ("wäre", "hätte"), 2: ("wärst", "hättest"), 3: ("wäre", "hätte")}
    be, have = ("wären", "hätten") if subject.de_plural else singular[subject.person]
    en, de = writer.pick(
        (
            ("had more time", f"mehr Zeit {have}"),
            ("had more money", f"mehr Geld {have}"),
            ("were not so tired", f"nicht so müde {be}"),
            ("were rich", f"reich {be}"),
            ("were younger", f"jünger {be}"),
            ("had a free day", f"einen freien Tag {have}"),
        )
    )
    return finished(
        f"if {subject.en('nom')} {en}, {main.english()}", main.german_main(word=f"wenn {subject.de('nom')} {de},")
    )


def when_past(writer: Writer) -> Optional[Pair]:
    """When the father came back, the children slept. (als, with the simple past)"""
    infinitive, preterite = writer.pick(_EVENTS)
    verb = replace(verbs.named(infinitive), preterite=preterite)
    subject = writer.person()
    event = Clause(subject, verb, "past", writer.complements(verb, subject))
    main = writer.activity("past", dynamic=True) if writer.chance(0.6) else weather_clause(writer, "past")
    if event.verb.en == main.verb.en or main.subject == event.subject:
        return None
    return with_subordinate(main, ("when", "als"), event, first=writer.chance(0.6))


def before(writer: Writer) -> Optional[Pair]:
    """Before she goes to work, she drinks tea. After he had cooked, he called me. (bevor, nachdem)"""
    subject = writer.pick((I, WE, HE, SHE, THEY))
    past = writer.chance(0.5)
    first, second = (writer.activity("past" if past else "present", subject, dynamic=True) for _ in range(2))
    if first.verb.en == second.verb.en or "unwilled" in first.verb.flags + second.verb.flags:
        return None
    if past and writer.chance(0.6):
        first = replace(first, tense="pluperfect")
        return with_subordinate(second, ("after", "nachdem"), first, writer.chance(0.6))
    return with_subordinate(second, ("before", "bevor"), first, writer.chance(0.5))


def while_clause(writer: Writer) -> Optional[Pair]:
    """While the mother is cooking, the children are playing. (während)"""
    one, two = (writer.activity("progressive", dynamic=True) for _ in range(2))
    if one.verb.en == two.verb.en or one.subject == two.subject:
        return None
    return with_subordinate(one, ("while", "während"), two, writer.chance(0.6))


def that_clause(writer: Writer) -> Optional[Pair]:
    """I know that the bridge is old. (dass; wissen, not kennen)"""
    main = Clause(writer.person(), writer.ranked(verbs.SAYING, 3))
    inner = content(writer, writer.pick(("past", "future", "progressive", "perfect", "must")))
    if inner.subject == main.subject:
        return None
    return with_subordinate(main, ("that", "dass"), inner, first=False)


def feeling_that(writer: Writer) -> Pair:
    """It is a pity that you have to work tomorrow."""
    en, de = writer.pick(_FEELINGS)
    inner = writer.activity(writer.pick(("future", "must", "can", "have to", "perfect")), dynamic=True)
    return finished(f"{en} that {inner.english()}", f"{de}, dass {inner.german_subordinate()}")


def whether(writer: Writer) -> Optional[Pair]:
    """He does not know whether the shop is old. (ob)"""
    verb = writer.pick((verbs.KNOW, verbs.WONDER))
    main = Clause(writer.person(), verb, negated=verb is verbs.KNOW)
    inner = content(writer, writer.pick(("past", "future", "progressive", "can")))
    if inner.subject == main.subject:
        return None
    return with_subordinate(main, ("whether", "ob"), inner, first=False)


def indirect_question(writer: Writer) -> Optional[Pair]:
    """Do you know why the teacher is laughing?"""
    inner = writer.activity(writer.pick(("past", "future", "must")), dynamic=True)
    word = question_word(writer, inner)
    if word is None:
        return None
    en, de, mark = writer.pick(_LEADS)
    return finished(f"{en} {word[0]} {inner.english()}", f"{de}, {word[1]} {inner.german_subordinate()}", mark)


def so_that(writer: Writer) -> Optional[Pair]:
    """The box was so heavy that he could not carry it. (so ... dass; it: sie)"""
    en, german_verb, tense, negated = writer.pick(_OUTCOMES)
    verb = verbs.named(german_verb)
    subject = definite(writer, writer.noun(*verb.complements[0].tags), 0.0)
    adjective = next((item for item in fitting_adjectives(subject.noun) if item.en == en), None)
    if adjective is None or subject.noun.has("person"):
        return None
    main = being(subject, f"so {adjective.en}", f"so {adjective.de}", "past")
    it = object_phrase(subject.pronoun(), "acc", "accusative")
    who = writer.pick((I, WE, HE, SHE) if subject.de_plural else (I, WE, HE, THEY))
    outcome = Clause(who, verb, tense, (it,), negated=negated)
    return with_subordinate(main, ("that", "dass"), outcome, first=False)
