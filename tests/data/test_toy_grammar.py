"""The grammar behind the embedded corpus, against forms written by hand."""

from __future__ import annotations

import pytest

from data.toy_grammar import adjectives, english, german, nouns, verbs
from data.toy_grammar.clauses import Clause
from data.toy_grammar.lexicon import read_verb
from data.toy_grammar.phrases import (
    HE,
    SHE,
    THEY,
    WE,
    YOU,
    YOU_ALL,
    YOU_POLITE,
    I,
    Name,
    NounPhrase,
    Phrase,
    object_phrase,
    prepositional,
)


def phrase(noun: str, determiner: str = "the", adjective: str = "", plural: bool = False) -> NounPhrase:
    described = tuple(item for item in adjectives.ALL if adjective == f"{item.en} {item.de}")
    assert len(described) == bool(adjective)
    return NounPhrase(nouns.BY_NAME[noun], determiner, described, plural)


def accusative(noun: str, determiner: str = "the") -> Phrase:
    return object_phrase(phrase(noun, determiner), "acc", "accusative")


@pytest.mark.parametrize(
    "noun_phrase, case, expected_english, expected_german",
    [
        (phrase("dog", "the", "old alt"), "nom", "the old dog", "der alte Hund"),
        (phrase("dog", "the", "old alt"), "acc", "the old dog", "den alten Hund"),
        (phrase("dog", "the", "old alt"), "dat", "the old dog", "dem alten Hund"),
        (phrase("dog", "the", "old alt"), "gen", "the old dog", "des alten Hundes"),
        (phrase("dog", "a", "old alt"), "nom", "an old dog", "ein alter Hund"),
        (phrase("horse", "a", "old alt"), "acc", "an old horse", "ein altes Pferd"),
        (phrase("cat", "a", "young jung"), "dat", "a young cat", "einer jungen Katze"),
        (phrase("dog", "two", "big groß", True), "nom", "two big dogs", "zwei große Hunde"),
        (phrase("dog", "two", "big groß", True), "dat", "two big dogs", "zwei großen Hunden"),
        (phrase("child", "many", "ill krank", True), "dat", "many ill children", "vielen kranken Kindern"),
        (phrase("car", "our", "red rot", True), "dat", "our red cars", "unseren roten Autos"),
        (phrase("coffee", "bare", "cold kalt"), "acc", "cold coffee", "kalten Kaffee"),
        (phrase("milk", "bare", "cold kalt"), "dat", "cold milk", "kalter Milch"),
        (phrase("water", "not_a", "cold kalt"), "acc", "any cold water", "kein kaltes Wasser"),
        (phrase("tower", "the", "tall hoch"), "nom", "the tall tower", "der hohe Turm"),
        (phrase("car", "a", "expensive teuer"), "nom", "an expensive car", "ein teures Auto"),
        (phrase("cellar", "the", "dark dunkel"), "dat", "the dark cellar", "dem dunklen Keller"),
        (phrase("boy", "this"), "acc", "this boy", "diesen Jungen"),
        (phrase("neighbour", "my"), "dat", "my neighbour", "meinem Nachbarn"),
        (phrase("student", "the"), "gen", "the student", "des Studenten"),
        (phrase("bus", "the"), "gen", "the bus", "des Busses"),
        (phrase("lake", "the"), "gen", "the lake", "des Sees"),
        (phrase("village", "the"), "gen", "the village", "des Dorfes"),
        (phrase("mother", "his"), "gen", "his mother", "seiner Mutter"),
        (phrase("glasses", "her"), "acc", "her glasses", "ihre Brille"),
        (phrase("furniture", "the", "new neu"), "nom", "the new furniture", "die neuen Möbel"),
        (phrase("front door key", "a"), "acc", "a front door key", "einen Haustürschlüssel"),
        (phrase("steamship", "every"), "nom", "every steamship", "jedes Dampfschiff"),
        (phrase("apple cake", "which"), "acc", "which apple cake", "welchen Apfelkuchen"),
        (phrase("friend", "your_all"), "acc", "your friend", "euren Freund"),
        (phrase("friend", "your_all"), "nom", "your friend", "euer Freund"),
        (phrase("grandparents", "their"), "dat", "their grandparents", "ihren Großeltern"),
    ],
)
def test_noun_phrases(noun_phrase, case, expected_english, expected_german):
    assert (noun_phrase.en(case), noun_phrase.de(case)) == (expected_english, expected_german)


PERSONS = [(person, plural) for plural in (False, True) for person in (1, 2, 3)]


@pytest.mark.parametrize(
    "infinitive, forms",
    [
        ("machen", "mache machst macht machen macht machen"),
        ("arbeiten", "arbeite arbeitest arbeitet arbeiten arbeitet arbeiten"),
        ("öffnen", "öffne öffnest öffnet öffnen öffnet öffnen"),
        ("lesen", "lese liest liest lesen lest lesen"),
        ("essen", "esse isst isst essen esst essen"),
        ("geben", "gebe gibst gibt geben gebt geben"),
        ("nehmen", "nehme nimmst nimmt nehmen nehmt nehmen"),
        ("abfahren", "fahre fährst fährt fahren fahrt fahren"),
        ("halten", "halte hältst hält halten haltet halten"),
        ("einladen", "lade lädst lädt laden ladet laden"),
        ("schließen", "schließe schließt schließt schließen schließt schließen"),
        ("sitzen", "sitze sitzt sitzt sitzen sitzt sitzen"),
        ("mögen", "mag magst mag mögen mögt mögen"),
        ("zeichnen", "zeichne zeichnest zeichnet zeichnen zeichnet zeichnen"),
    ],
)
def test_present_tense(infinitive, forms):
    assert [german.present(verbs.named(infinitive), *who) for who in PERSONS] == forms.split()


@pytest.mark.parametrize(
    "verb, forms",
    [
        (verbs.LIE, "lag lagst lag lagen lagt lagen"),
        (verbs.STAND, "stand standst stand standen standet standen"),
        (verbs.named("kennen"), "kannte kanntest kannte kannten kanntet kannten"),
        (verbs.BE, "war warst war waren wart waren"),
    ],
)
def test_preterite_of_verbs_that_are_told_in_it(verb, forms):
    assert [german.preterite(verb, *who) for who in PERSONS] == forms.split()


@pytest.mark.parametrize(
    "infinitive, imperative, with_zu",
    [
        ("lesen", "lies", "zu lesen"),
        ("nehmen", "nimm", "zu nehmen"),
        ("warten", "warte", "zu warten"),
        ("öffnen", "öffne", "zu öffnen"),
        ("anrufen", "ruf", "anzurufen"),
        ("einladen", "lade", "einzuladen"),
        ("helfen", "hilf", "zu helfen"),
        ("mitnehmen", "nimm", "mitzunehmen"),
        ("waschen", "wasch", "zu waschen"),
    ],
)
def test_imperatives_and_infinitives(infinitive, imperative, with_zu):
    verb = verbs.named(infinitive)
    assert german.imperative(verb) == imperative
    assert german.zu_infinitive(verb) == with_zu


def test_prepositions_contract_with_the_article_only():
    assert prepositional("in", "dem Wald") == "im Wald"
    assert prepositional("zu", "der alten Schule") == "zur alten Schule"
    assert prepositional("in", "das Haus") == "ins Haus"
    assert prepositional("auf", "das Haus") == "auf das Haus"
    assert prepositional("in", "diesem Wald") == "in diesem Wald"
    assert prepositional("von", "dem") == "von dem"


CALL = Clause(HE, verbs.named("anrufen"), "present", (accusative("mother"),))


@pytest.mark.parametrize(
    "tense, expected_english, main, subordinate",
    [
        ("present", "he calls the mother", "er ruft die Mutter an", "er die Mutter anruft"),
        ("past", "he called the mother", "er hat die Mutter angerufen", "er die Mutter angerufen hat"),
        ("future", "he will call the mother", "er wird die Mutter anrufen", "er die Mutter anrufen wird"),
        ("have to", "he has to call the mother", "er muss die Mutter anrufen", "er die Mutter anrufen muss"),
        ("pluperfect", "he had called the mother", "er hatte die Mutter angerufen", "er die Mutter angerufen hatte"),
        ("perfect progressive", "he has been calling the mother", "er ruft die Mutter an", "er die Mutter anruft"),
    ],
)
def test_tenses_and_the_three_word_orders(tense, expected_english, main, subordinate):
    clause = Clause(CALL.subject, CALL.verb, tense, CALL.complements)
    assert clause.english() == expected_english
    assert clause.german_main() == main
    assert clause.german_subordinate() == subordinate
    finite = main.split()[1]
    assert clause.german_question() == " ".join([finite, "er", *main.split()[2:]])


@pytest.mark.parametrize(
    "tense, expected_english, expected_german",
    [
        ("present", "the man does not like the soup", "der Mann mag die Suppe nicht"),
        ("can", "the man cannot like the soup", "der Mann kann die Suppe nicht mögen"),
        ("past", "the man did not like the soup", "der Mann mochte die Suppe nicht"),
        ("want to", "the man does not want to like the soup", "der Mann will die Suppe nicht mögen"),
    ],
)
def test_negation(tense, expected_english, expected_german):
    soup = accusative("soup")
    clause = Clause(phrase("man"), verbs.named("mögen"), tense, (soup,), negated=True)
    assert (clause.english(), clause.german_main()) == (expected_english, expected_german)


def test_a_negated_indefinite_object_takes_kein_instead_of_nicht():
    tea = accusative("tea", "not_a")
    clause = Clause(WE, verbs.named("trinken"), "past", (tea,), negated=True)
    assert clause.english() == "we did not drink any tea"
    assert clause.german_main() == "wir haben keinen Tee getrunken"


def test_the_middle_field_is_ordered():
    time = Phrase("yesterday", "gestern", "time")
    complements = (object_phrase(Name("Anna", "f"), "dat", "dative"), accusative("book"))
    clause = Clause(I, verbs.named("geben"), "past", complements, (time,))
    assert clause.german_main() == "ich habe Anna gestern das Buch gegeben"
    assert clause.german_main(front=time) == "gestern habe ich Anna das Buch gegeben"
    seen = Clause(WE, verbs.named("sehen"), "past", (object_phrase(SHE, "acc", "accusative"),), (time,))
    assert seen.german_main() == "wir haben sie gestern gesehen"


def test_reflexive_verbs():
    look_after = verbs.named("kümmern")
    cat = object_phrase(phrase("cat"), "acc", "prepositional", "after", "um")
    time = Phrase("today", "heute", "time")
    assert Clause(I, look_after, "present", (cat,)).german_main() == "ich kümmere mich um die Katze"
    assert Clause(phrase("man"), look_after, "present", (cat,), (time,)).german_main(front=time) == (
        "heute kümmert sich der Mann um die Katze"
    )
    assert Clause(THEY, look_after, "present", (cat,)).german_subordinate() == "sie sich um die Katze kümmern"
    polite = Clause(YOU_POLITE, look_after, "present", (cat,))
    assert polite.german_imperative() == "kümmern Sie sich bitte um die Katze"


def test_the_three_ways_to_say_you():
    window = (accusative("window"),)
    shut = read_verb("turn +off", "aus+schalten - ausgeschaltet", "person")
    assert Clause(YOU, shut, "present", window).german_imperative() == "schalte bitte das Fenster aus"
    assert Clause(YOU_ALL, shut, "present", window).german_imperative() == "schaltet bitte das Fenster aus"
    polite = Clause(YOU_POLITE, shut, "present", window)
    assert polite.german_imperative() == "schalten Sie bitte das Fenster aus"
    assert polite.english_question() == "do you turn off the window"


def test_passive():
    clause = Clause(phrase("bridge"), verbs.named("bauen"), "past", passive=True)
    assert (clause.english(), clause.german_main()) == ("the bridge was built", "die Brücke wurde gebaut")
    clause = Clause(phrase("bridge", plural=True), verbs.named("bauen"), "must", passive=True)
    assert clause.english() == "the bridges must be built"
    assert clause.german_subordinate() == "die Brücken gebaut werden müssen"


def test_a_title_is_declined():
    assert Name("Weber", "m", "Mr", "Herr").de("nom") == "Herr Weber"
    assert Name("Weber", "m", "Mr", "Herr").de("dat") == "Herrn Weber"
    assert Name("Weber", "f", "Mrs", "Frau").de("dat") == "Frau Weber"


@pytest.mark.parametrize(
    "base, third, gerund, past",
    [
        ("carry", "carries", "carrying", "carried"),
        ("watch", "watches", "watching", "watched"),
        ("stop", "stops", "stopping", "stopped"),
        ("lie", "lies", "lying", "lied"),
        ("open", "opens", "opening", "opened"),
        ("forget", "forgets", "forgetting", "forgetted"),
        ("play", "plays", "playing", "played"),
        ("travel", "travels", "travelling", "travelled"),
        ("repair", "repairs", "repairing", "repaired"),
        ("write", "writes", "writing", "writed"),
    ],
)
def test_english_verb_forms(base, third, gerund, past):
    # irregular pasts come from the table of verbs, not from the rule
    assert (english.with_s(base), english.gerund(base), english.past(base)) == (third, gerund, past)


@pytest.mark.parametrize(
    "adjective, forms",
    [
        ("old", ("older", "oldest")),
        ("big", ("bigger", "biggest")),
        ("heavy", ("heavier", "heaviest")),
        ("good", ("better", "best")),
        ("expensive", ("more expensive", "most expensive")),
        ("nice", ("nicer", "nicest")),
        ("clever", ("cleverer", "cleverest")),
        ("useful", ("more useful", "most useful")),
    ],
)
def test_english_comparison(adjective, forms):
    assert english.comparison(adjective) == forms


@pytest.mark.parametrize(
    "word, article",
    [
        ("apple", "an"),
        ("hour", "an"),
        ("university", "a"),
        ("useful", "a"),
        ("umbrella", "an"),
        ("book", "a"),
    ],
)
def test_indefinite_article(word, article):
    assert english.article(word) == article
