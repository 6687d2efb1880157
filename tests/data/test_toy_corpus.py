"""The embedded corpus: its files, its German (by tables written apart from the generator's), its grammar."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from data.toy_grammar import adjectives, adverbials, generate, nouns, verbs
from data.toy_grammar.sentences import Pair
from data.toy_grammar.writer import Writer
from onmt_evsoftmax.base.files import read_lines, sha256

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "toy_ende"
SIZES = {"train": 22000, "valid": 800, "test": 800}


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Pair]]:
    def lines(name: str, language: str) -> list[str]:
        return read_lines(FOLDER / f"{name}.{language}")

    return {name: [Pair(*pair) for pair in zip(lines(name, "en"), lines(name, "de"))] for name in SIZES}


@pytest.fixture(scope="module")
def pairs(corpus) -> list[Pair]:
    return [pair for part in corpus.values() for pair in part]


@pytest.fixture(scope="module")
def german_lines(pairs) -> list[str]:
    return [pair.de for pair in pairs]


# The files


@pytest.mark.slow
def test_the_generator_writes_the_shipped_files_byte_for_byte(tmp_path):
    command = [sys.executable, "-m", "data.toy_grammar.generate", "--out", str(tmp_path / "new" / "toy")]
    result = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "1"}, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [f"{name}: {size} pairs" for name, size in SIZES.items()]
    written = sorted(path.name for path in (tmp_path / "new" / "toy").iterdir())
    assert written == sorted(f"{name}.{language}" for name in SIZES for language in ("en", "de"))
    for name in written:
        assert (tmp_path / "new" / "toy" / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_every_part_has_as_many_lines_in_both_languages():
    for name, size in SIZES.items():
        assert len(read_lines(FOLDER / f"{name}.en")) == len(read_lines(FOLDER / f"{name}.de")) == size


def test_the_corpus_is_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000


def test_no_sentence_occurs_twice_in_any_part_also_when_lower_cased(pairs):
    for column in (0, 1):
        assert len({pair[column].lower() for pair in pairs}) == len(pairs) == sum(SIZES.values())


def test_every_held_out_word_is_frequent_in_train(corpus):
    def word_counts(name: str, column: int) -> Counter:
        return Counter(word for pair in corpus[name] for word in re.findall(r"[^\s.,;?!]+", pair[column]))

    for column in (0, 1):
        train = word_counts("train", column)
        for name in ("valid", "test"):
            rare = {word for word in word_counts(name, column) if train[word] < 5}
            assert not rare


def test_every_line_is_a_clean_sentence(pairs):
    allowed = re.compile(r"[A-ZÄÖÜ][A-Za-zÄÖÜäöüß ,;'-]*[.?!]")
    for sentence in (sentence for pair in pairs for sentence in pair):
        assert allowed.fullmatch(sentence), sentence
        assert not re.search(r"  | [,;.?!]|[,;][,;.?!]|,\S|;\S|None", sentence), sentence


def test_the_marks_at_the_end_agree(pairs):
    assert all(pair.en[-1] == pair.de[-1] for pair in pairs)


def test_the_sentences_are_varied(corpus):
    german_words = Counter(word for pair in corpus["train"] for word in re.findall(r"[\wäöüß-]+", pair.de))
    assert len(german_words) > 1500
    english_lengths = [len(pair.en.split()) for pair in corpus["train"]]
    assert 8 <= sum(english_lengths) / len(english_lengths) <= 14
    assert max(english_lengths) > 18


def test_the_readme_names_the_right_checksums():
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"`(\w+\.\w\w)` \| [\d,]+ \| `([0-9a-f]{64})`", readme))
    assert named == {path.name: sha256(path) for path in FOLDER.iterdir()}


# Agreement: which ending an adjective takes after a determiner, by the gender of the noun ("p" is the plural)

ENDING_AFTER = {
    "der": {"m": "e", "f": "en", "p": "en"},
    "die": {"f": "e", "p": "en"},
    "das": {"n": "e"},
    "den": {"m": "en", "p": "en"},
    "dem": {"m": "en", "n": "en"},
    "des": {"m": "en", "n": "en"},
    "dieser": {"m": "e", "f": "en", "p": "en"},
    "diese": {"f": "e", "p": "en"},
    "dieses": {"n": "e", "m": "en"},
    "diesen": {"m": "en", "p": "en"},
    "diesem": {"m": "en", "n": "en"},
    "jeder": {"m": "e", "f": "en"},
    "jede": {"f": "e"},
    "jedes": {"n": "e"},
    "jeden": {"m": "en"},
    "jedem": {"m": "en", "n": "en"},
    "ein": {"m": "er", "n": "es"},
    "eine": {"f": "e"},
    "einen": {"m": "en"},
    "einem": {"m": "en", "n": "en"},
    "einer": {"f": "en"},
    **{word: {"p": "e"} for word in ("einige", "viele", "mehrere")},
    **{word: {"p": "en?"} for word in ("zwei", "drei", "vier")},  # the number does not show the case
    **{word: {"p": "en"} for word in ("einigen", "vielen", "mehreren")},
}
for _word in ("kein", "mein", "dein", "sein", "ihr", "unser", "euer", "Ihr"):
    _stem = _word.replace("euer", "eur")
    ENDING_AFTER.update(
        {
            _word: {"m": "er", "n": "es"},
            _stem + "e": {"f": "e", "p": "en"},
            _stem + "en": {"m": "en", "p": "en"},
            _stem + "em": {"m": "en", "n": "en"},
            _stem + "er": {"f": "en", "p": "en"},
        }
    )
# singular and plural forms, as a dictionary gives them
FORMS = {
    "m": """Mann Arzt Koch Gast Freund Kollegen Kunden Studenten Jungen Hund Vogel Bären Apfel Kuchen Salat
        Käse Kaffee Tee Brief Roman Bericht Mantel Hut Tisch Stuhl Schrank Spiegel Schlüssel Ball Löffel Topf
        Korb Koffer Zug Bus Laden Turm Bahnhof Garten Wald Fluss Berg Plan Traum Ausflug Film Stern Roboter
        Apfelkuchen Küchentisch Wintermantel Haustürschlüssel Nachbarn Bruder Sohn Vater Großvater
        Regenschirm""",
    "f": """Frau Katze Maus Kuh Ente Kartoffel Tomate Birne Zwiebel Suppe Pizza Milch Zeitung Geschichte
        Postkarte Jacke Hose Mütze Brille Lampe Bank Gabel Fahrkarte Tasche Kiste Flasche Tasse Vase Blume Uhr
        Kamera Schule Kirche Bibliothek Brücke Fabrik Wohnung Küche Straße Stadt Tür Wand Frage Antwort Idee
        Lösung Reise Prüfung Methode Zelle Gartenbank Kaffeetasse Tomatensuppe Mutter Schwester Tochter
        Ärztin""",
    "n": """Kind Pferd Kaninchen Ei Brot Fleisch Obst Gemüse Wasser Bier Buch Gedicht Hemd Kleid Bett Sofa
        Regal Messer Kissen Handtuch Telefon Glas Radio Bild Foto Auto Schiff Flugzeug Boot Fahrrad Haus Hotel
        Museum Schloss Krankenhaus Zimmer Büro Dorf Fenster Dach Problem Wort Lied Spiel Ergebnis Gerät
        Programm Projekt Holzhaus Schulbuch Weinglas Dampfschiff Kinderbuch""",
    "p": """Männer Frauen Kinder Ärzte Köche Gäste Freunde Hunde Katzen Pferde Vögel Mäuse Äpfel Birnen Bücher
        Briefe Zeitungen Berichte Mäntel Hemden Hüte Schuhe Handschuhe Tische Stühle Lampen Bälle Gabeln
        Taschen Kisten Flaschen Tassen Gläser Züge Schiffe Häuser Schulen Städte Fenster Fragen Ideen
        Pläne Wörter Eltern Winterschuhe Küchenstühle Männern Frauen Kindern Freunden Kollegen Kunden
        Studenten Jungen Bären Nachbarn Kuchen Apfelkuchen Spiegel Schlüssel Haustürschlüssel Löffel Koffer
        Roboter Kaninchen Messer Kissen Zimmer""",
}


def without_relative_pronouns(line: str) -> str:
    return re.sub(r", ((auf|mit|in|an|von|über|um|für|aus|nach) )?(der|die|das|den|dem|denen) ", ", ", line)


GENDERS: dict[str, set[str]] = {}
for _gender, _forms in FORMS.items():
    for _form in _forms.split():
        GENDERS.setdefault(_form, set()).add(_gender)


def genders(noun: str) -> set[str]:
    return GENDERS.get(noun, set())


def test_adjective_endings_fit_the_determiner_and_the_noun(german_lines):
    checked = Counter()
    for line in map(without_relative_pronouns, german_lines):
        for determiner, adjective, noun in re.findall(r"\b(\w+) ([a-zäöüß]+) ([A-ZÄÖÜ][\wäöüß]+)", line):
            determiner = determiner if determiner.startswith("Ihr") else determiner.lower()
            endings = ENDING_AFTER.get(determiner, {})
            # two determiners in a row: the first is the pronoun of "könnt ihr eure Zeitung lesen"
            if not endings or adjective in ENDING_AFTER or not genders(noun):
                continue
            if not re.search("(e|en|er|es)$", adjective):
                continue
            licensed = [endings[gender] for gender in genders(noun) if gender in endings]
            assert any(re.search(f"[^e]{ending}$", adjective) for ending in licensed), line
            checked[determiner] += 1
    assert sum(checked.values()) > 2500 and len(checked) > 40


def test_determiners_fit_the_gender_of_the_noun(german_lines):
    checked = 0
    for line in map(without_relative_pronouns, german_lines):
        for determiner, noun in re.findall(r"\b(\w+) ([A-ZÄÖÜ][\wäöüß]+)", line):
            determiner = determiner if determiner.startswith("Ihr") else determiner.lower()
            # "ihr" is the pronoun too: ihr Bücher schicken
            if determiner in ENDING_AFTER and determiner != "ihr" and genders(noun):
                assert genders(noun) & set(ENDING_AFTER[determiner]), line
                checked += 1
    assert checked > 4000


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b(mit|von|aus|seit) (die|das|eine|einen) [A-Z]",
        r"\b(mit|von) den [A-Z]\w*[a-mo-rt-z](?!\w)",
        r"\b(für|durch) (dem|der|einem|einer) [A-Z]",
        r"(?<!, )\b(in|an|zu|von|bei) dem ([a-zäöüß]+ )?[A-Z]",
        r"(?<!, )\b(in|an) das ([a-zäöüß]+ )?[A-Z]",
        r"(?<!, )\bzu der\b",
        r"\b[Ee]in(e|en|em)? Möbel\b",
    ],
)
def test_these_german_mistakes_do_not_occur(german_lines, pattern):
    assert not [line for line in german_lines if re.search(pattern, line)]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b[Aa] (?!uni|use)[aeiou]",
        r"\b[Aa]n (?!hour)[b-df-hj-np-tv-z]",
        r"^(He|She|It) (have|do|are|were)\b",
        r"^(They|We|You) (has|does|is|was)\b",
    ],
)
def test_these_english_mistakes_do_not_occur(pairs, pattern):
    assert not [pair.en for pair in pairs if re.search(pattern, pair.en)]


# Word order


def clauses_of(line: str) -> list[list[str]]:
    """The parts between commas, semicolons and the end, as lists of words."""
    return [part.split() for part in re.split(r"[,;.?!]", line) if part.strip()]


def test_separated_prefixes_close_the_clause(german_lines):
    prefixes = {
        "ruft": "an",
        "rufen": "an",
        "lädt": "ein",
        "räumt": "auf",
        "räumen": "auf",
        "holt": "ab",
        "probiert": "aus",
        "schaltet": ("ein", "aus"),
        "schalten": ("ein", "aus"),
        "schlägt": "vor",
        "zieht": ("an", "aus"),
        "hört": "zu",
        "steigt": "um",
        "biegt": "ab",
        "bereitet": "vor",
    }
    checked = Counter()
    for line in german_lines:
        for clause in clauses_of(line):
            for word in clause[:-1]:
                # "ziehen" without a prefix pulls a cart; infinitives are glued to their prefix
                if word.lower() in prefixes and not {"Wagen", "werden"} & set(clause):
                    assert clause[-1] in prefixes[word.lower()], line
                    checked[word.lower()] += 1
    assert sum(checked.values()) > 150 and len(checked) >= 12


def test_the_finite_verb_is_last_after_weil_and_obwohl(german_lines):
    finite = set(
        """bin bist ist sind war warst waren habe hast hat haben hatte hattest hatten muss musst
        müssen will willst wollen musste musstest mussten wollte wolltest wollten scheint regnet
        schneit""".split()
    )
    checked = 0
    for line in german_lines:
        for clause in clauses_of(line):
            if clause[0].lower() in ("weil", "obwohl"):
                assert clause[-1] in finite, line
                checked += 1
    assert checked > 1000


def test_main_clauses_have_the_verb_second(german_lines):
    front = re.compile(
        r"(Gestern|Morgen früh|Übermorgen|Bald|Heute|Nächste Woche|Letzte Woche|Am Montag|"
        r"Wegen des Regens|Trotz des Schnees|Während der Pause|Im Garten|In der Küche) (\w+)"
    )
    no_verb = set("der die das den dem ein eine ich du er sie es wir ihr mein meine dieser diese".split())
    checked = 0
    for line in german_lines:
        match = front.match(line)
        if match and match[2] not in ("Abend", "Morgen"):
            assert match[2].islower() and match[2] not in no_verb, line
            checked += 1
    assert checked > 500


def test_a_subordinate_clause_in_front_is_followed_by_the_verb(german_lines):
    subjects = set("ich du er sie wir der die das ein eine mein meine dieser diese".split())
    fronted = [
        line
        for line in german_lines
        if re.match(r"(Weil|Obwohl|Wenn|Als|Sobald|Bevor|Nachdem|Während) ", line)
        and not re.match(r"Während der (Pause|Ferien|Reise)\b", line)
    ]
    assert len(fronted) > 800
    for line in fronted:
        assert line.split(", ")[-1].split()[0] not in subjects, line


def test_lying_takes_the_dative_and_laying_the_accusative(german_lines):
    place = r"(auf|in|unter|hinter|vor|neben) (dem|der|das|die|den)\b"
    checked = Counter()
    for line in german_lines:
        words = set(re.findall(r"\w+", line))
        found = re.search(place, line)
        if not found or "," in line:
            continue
        if words & {"liegt", "lag"} and found[2] != "den":
            assert found[2] in ("dem", "der"), line
            checked["lie"] += 1
        elif words & {"gelegt", "legen", "gestellt", "stellen"} and "_" not in line:
            assert found[2] in ("den", "die", "das"), line
            checked["lay"] += 1
    assert min(checked.values()) > 50 and len(checked) == 2


# One English word, several German ones


@pytest.mark.parametrize(
    "english_pattern, german_pattern",
    [
        (r"\b(knows?|knew) (that|why|when|how|where)\b", r"\b(weiß|wissen|wusste)"),
        (r"^(The|Our|My|A) (bird|horse|cow|mouse|rabbit)s? (ate|is eating)\b", r"\b(frisst|gefressen)\b"),
        (r"^(The|Our|My|A) (teacher|man|woman|cook)s? (ate|is eating)\b", r"\b(isst|gegessen)\b"),
        (r"\bbank of the river\b", r"\bufer des flusses\b"),
        (r"\b(to|at) the bank\b(?! of)", r"\bbank\b"),
        (r"\bgarden bench\b", r"\bgartenbank\b"),
        (r"\bkey of the piano\b", r"\btaste des klaviers\b"),
        (r"\bsav(e|ed|ing) a lot of money\b", r"\b(ge)?spar"),
        (r"\bsav(e|ed|ing) the file\b", r"speicher"),
        (r"\bthe light (suitcase|bag|jacket)", r"\bleicht"),
        (r"\bthe light (kitchen|office|bedroom|room|cellar)\b", r"\bhell"),
        (r"\bchang(es?|ed|ing) trains\b", r"umsteig|umgestieg|umzusteig|steig.* um\b"),
        (r"\bglasses (is|are|was|were|that)\b", r"brille\b"),
        (r"\btake a photo\b", r"\b(ge)?mach"),
    ],
)
def test_context_decides_the_reading(pairs, english_pattern, german_pattern):
    found = [pair for pair in pairs if re.search(english_pattern, pair.en)]
    assert found
    assert not [pair for pair in found if not re.search(german_pattern, pair.de.lower())]


def test_it_follows_the_gender_of_its_noun(pairs):
    pronouns = {"m": "er", "f": "sie", "n": "es"}
    checked = Counter()
    for pair in pairs:
        english_match = re.search(r", and (it) (is|was) ", pair.en)
        german_match = re.match(r"\w+ (?:[a-zäöüß]+ )?([A-ZÄÖÜ][\wäöüß]+) ist [^,]+, und (\w+) ", pair.de)
        if english_match and german_match and len(genders(german_match[1]) - {"p"}) == 1:
            (gender,) = genders(german_match[1]) - {"p"}
            assert german_match[2] == pronouns[gender], pair
            checked[gender] += 1
    assert len(checked) == 3 and min(checked.values()) >= 10


# The lexicon and the generator


def test_every_tag_that_a_verb_or_an_adjective_asks_for_is_one_of_a_noun():
    known = {tag for noun in nouns.ALL for tag in (*noun.tags, noun.en)} | {"sun", "wind"}
    for verb in verbs.ALL:
        wanted = {tag for item in verb.complements if item.kind == "object" for tag in item.tags}
        assert wanted | set(verb.subjects) <= known, verb.de
    for adjective in adjectives.ALL:
        assert set(adjective.tags) <= known, adjective.en


def test_the_lexicon_agrees_with_the_dictionary_of_this_test():
    by_german = {noun.de: noun for noun in nouns.ALL}
    checked = 0
    for gender in "mfn":
        for form in set(FORMS[gender].split()) & set(by_german):
            assert by_german[form].gender == gender
            checked += 1
    assert checked > 130


def test_every_place_and_spot_is_in_the_lexicon():
    assert {row[0] for row in adverbials.PLACES + adverbials.SPOTS} <= set(nouns.BY_NAME)


@pytest.mark.parametrize(
    "en, de",
    [
        ("the dog barks.", "Der Hund bellt."),
        ("The dog barks", "Der Hund bellt."),
        ("The {noun} barks.", "Der Hund bellt."),
        ("The dog  barks.", "Der Hund bellt."),
        ("The dog barks .", "Der Hund bellt."),
        ("The dog dog barks.", "Der Hund bellt."),
        ("The None barks.", "Der Hund bellt."),
        ("The dog barks.", "Der Hund,, bellt."),
        ("The dog barks.", "Der Hund bellt,."),
        ("The dog barks.", "Der" + " alte Hund" * 12 + " bellt."),
    ],
)
def test_a_malformed_pair_is_a_fault(en, de):
    assert generate.fault(Pair("The dog barks.", "Der Hund bellt.")) is None
    assert generate.fault(Pair(en, de)) is not None


def test_german_may_double_a_pronoun():
    assert (
        generate.fault(
            Pair("The letters that the queen is hiding are long.", "Die Briefe, die die Königin versteckt, sind lang.")
        )
        is None
    )


def test_two_translations_of_one_sentence_stop_the_generator(monkeypatch):
    versions = iter(["Der Hund bellt.", "Ein Hund bellt."])
    monkeypatch.setattr(generate, "PATTERNS", ((lambda writer: Pair("The dog barks.", next(versions)), 1),))
    with pytest.raises(RuntimeError, match="two translations of 'The dog barks.'"):
        generate.draw_pairs(Writer(1), 2)


def test_too_few_sentences_stop_the_generator(monkeypatch):
    same = Pair("The dog barks.", "Der Hund bellt.")
    monkeypatch.setattr(generate, "PATTERNS", ((lambda writer: same, 1),))
    with pytest.raises(RuntimeError, match="only 1 of 3 pairs"):
        generate.draw_pairs(Writer(1), 3)


def test_a_pair_with_a_rare_word_stays_in_train(monkeypatch):
    monkeypatch.setattr(generate, "SIZES", {"train": 6, "valid": 1, "test": 1})
    monkeypatch.setattr(generate, "MIN_TRAIN_COUNT", 3)
    rare = Pair("The wolf barks.", "Der Wolf bellt.")
    parts = generate.split([rare] + [Pair("The dog barks.", "Der Hund bellt.")] * 7)
    assert [len(parts[name]) for name in ("train", "valid", "test")] == [6, 1, 1]
    assert rare in parts["train"]


def test_a_writer_repeats_itself_with_the_same_seed_only():
    def first(seed: int) -> list[Pair]:
        return generate.draw_pairs(Writer(seed), 40)

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_ranked_prefers_the_first_and_reaches_the_last():
    writer = Writer(5)
    counts = Counter(writer.ranked("abcdefgh") for _ in range(4000))
    assert counts["a"] > counts["d"] > counts["h"] > 0
