"""Two main clauses, or two objects, side by side."""

from __future__ import annotations

from typing import Optional

from .. import verbs
from ..clauses import Clause
from ..phrases import HE, SHE, THEY, WE, I, NounPhrase
from ..sentences import Pair, finished, fixed, statement
from ..writer import Writer
from .circumstances import circumstance, deed

_PAIRS = (
    ("neither", "nor", "weder", "noch"),
    ("both", "and", "sowohl", "als auch"),
    ("either", "or", "entweder", "oder"),
)


def two_clauses(writer: Writer) -> Optional[Pair]:
    """The mother is cooking, and the father is reading the newspaper. (und, aber)"""
    tense = writer.pick(("progressive", "past", "future", "present"))
    one, two = (writer.activity(tense, dynamic=True) for _ in range(2))
    if one.verb.en == two.verb.en or one.subject == two.subject:
        return None
    joint, german_joint = writer.pick((("and", "und"), ("but", "aber"), ("and", "und")))
    return finished(
        f"{one.english()}, {joint} {two.english()}", f"{one.german_main()}, {german_joint} {two.german_main()}"
    )


def therefore(writer: Writer) -> Optional[Pair]:
    """It was raining; nevertheless, we went to the park. (deshalb, trotzdem: verb second)"""
    past = writer.chance(0.6)
    subject = writer.pick((I, WE, HE, SHE, THEY))
    hindering = writer.chance(0.6)
    against = hindering and writer.chance(0.6)
    cause = circumstance(writer, subject, past, hindering)
    tense = "past" if past else writer.pick(("progressive", "can", "future", "want to"))
    main = deed(writer, tense, subject, negated=hindering and not against)
    if cause.verb.en == main.verb.en:
        return None
    joint, german_joint = writer.pick(((", so", ", deshalb"), ("; therefore,", "; deshalb")))
    if against:
        joint, german_joint = "; nevertheless,", "; trotzdem"
    return finished(
        f"{cause.english()}{joint} {main.english()}", f"{cause.german_main()}{german_joint} {main.german_question()}"
    )


def two_objects(writer: Writer) -> Optional[Pair]:
    """He has neither a dog nor a cat. (weder ... noch, sowohl ... als auch, entweder ... oder)"""
    tags = writer.pick((("pet",), ("own",), ("clothes",), ("fruit",), ("drink",), ("cutlery", "vessel")))
    one, two = (writer.noun(*tags) for _ in range(2))
    if one == two or one.has("english_plural", "pair") or two.has("english_plural", "pair"):
        return None
    both, and_, beide, und = writer.pick(_PAIRS)
    first, second = (NounPhrase(noun, "bare" if noun.has("mass") else "a") for noun in (one, two))
    what = fixed(
        f"{both} {first.en('acc')} {and_} {second.en('acc')}",
        f"{beide} {first.de('acc')} {und} {second.de('acc')}",
        "accusative",
    )
    verb, tense = verbs.named("kaufen"), writer.pick(("past", "want to", "would like to"))
    if tags != ("drink",) and writer.chance(0.3):
        verb, tense = verbs.HAVE, "present"
    return statement(Clause(writer.person(), verb, tense, (what,)))
