"""Places, directions and times: tables of phrases that say the same in both languages."""

from __future__ import annotations

from .lexicon import rows


def _pairs(table: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cells) for cells in rows(table))


# English | German
CITIES = _pairs("""
Berlin | Berlin
Hamburg | Hamburg
Munich | München
Vienna | Wien
Cologne | Köln
Paris | Paris
Zurich | Zürich
London | London
Rome | Rom
Leipzig | Leipzig
Prague | Prag
Dresden | Dresden
Salzburg | Salzburg
""")
COUNTRIES = _pairs("""
Italy | Italien
France | Frankreich
Austria | Österreich
Spain | Spanien
Sweden | Schweden
Poland | Polen
""")
# noun | where: English, German preposition (with the dative) | where to: English, German preposition
PLACES = _pairs("""
kitchen      | in | in  | into | in
garden       | in | in  | into | in
office       | in | in  | to   | in
park         | in | in  | to   | in
school       | at | in  | to   | in
library      | in | in  | to   | in
market       | at | auf | to   | auf
restaurant   | in | in  | to   | in
station      | at | an  | to   | zu
hotel        | in | in  | to   | in
forest       | in | in  | into | in
living room  | in | in  | into | in
lake         | at | an  | to   | an
hospital     | in | in  | to   | in
museum       | in | in  | to   | in
beach        | on | an  | to   | an
factory      | in | in  | to   | in
bakery       | at | in  | to   | in
village      | in | in  | to   | in
farm         | on | auf | to   | auf
cellar       | in | in  | into | in
bedroom      | in | in  | into | in
laboratory   | in | in  | to   | in
theatre      | at | in  | to   | in
cinema       | at | in  | to   | in
harbour      | in | in  | to   | zu
airport      | at | an  | to   | zu
island       | on | auf | to   | auf
square       | on | auf | to   | auf
church       | in | in  | to   | in
town library | in | in  | to   | in
flower market | at | auf | to  | auf
Christmas market | at | auf | to | auf
village square | on | auf | to | auf
vegetable garden | in | in | into | in
art museum   | in | in  | to   | in
""")
# where one rests
RESTING_PLACES = _pairs("""
on the sofa              | auf dem Sofa
in bed                   | im Bett
in the armchair          | im Sessel
on the bench             | auf der Bank
under the tree           | unter dem Baum
on the bank of the river | am Ufer des Flusses
in the garden            | im Garten
on the beach             | am Strand
in front of the house    | vor dem Haus
next to the window       | neben dem Fenster
behind the house         | hinter dem Haus
on the garden bench      | auf der Gartenbank
""")
ARRIVALS = _pairs("""
at the station | am Bahnhof
at the airport | am Flughafen
at the hotel   | im Hotel
home           | zu Hause
at the harbour | am Hafen
""")
# vehicle, said after the goal in English and before it in German
FAR_MEANS = _pairs("""
by train | mit dem Zug
by car | mit dem Auto
by night train | mit dem Nachtzug
by bus | mit dem Bus
""")
NEAR_MEANS = _pairs("""
by bicycle | mit dem Fahrrad
by bus | mit dem Bus
by car | mit dem Auto
by tram | mit der Straßenbahn
""")
DAILY_GOALS = _pairs("""
to work | zur Arbeit
to school | zur Schule
home | nach Hause
to town | in die Stadt
to the station | zum Bahnhof
to the airport | zum Flughafen
to the lake | an den See
to the sea | ans Meer
to the market | auf den Markt
""")
# surfaces and containers: noun | English preposition | German two-way preposition
SPOTS = _pairs("""
table | on | auf
bed | on | auf
chair | on | auf
shelf | on | in
drawer | in | in
cupboard | in | in
desk | on | auf
floor | on | auf
bag | in | in
sofa | on | auf
suitcase | in | in
box | in | in
lamp | next to | neben
window | next to | neben
door | behind | hinter
bench | under | unter
kitchen table | on | auf
basket | in | in
bed | under | unter
kitchen cupboard | in | in
table | under | unter
computer | in front of | vor
mirror | in front of | vor
armchair | behind | hinter
garden table | on | auf
clock | next to | neben
""")
TIMES = {
    "habit": _pairs("""
every day | jeden Tag
in the morning | am Morgen
in the evening | am Abend
on Sundays | sonntags
every week | jede Woche
every summer | jeden Sommer
in winter | im Winter
on Mondays | montags
every evening | jeden Abend
in spring | im Frühling
at seven o'clock | um sieben Uhr
twice a week | zweimal pro Woche
at the weekend | am Wochenende
in autumn | im Herbst
"""),
    "now": _pairs("""
today | heute
now | jetzt
at the moment | im Moment
this morning | heute Morgen
this week | diese Woche
"""),
    "past": _pairs("""
yesterday | gestern
yesterday evening | gestern Abend
on Monday | am Montag
last week | letzte Woche
an hour ago | vor einer Stunde
on Saturday | am Samstag
two days ago | vor zwei Tagen
last summer | letzten Sommer
a week ago | vor einer Woche
last month | letzten Monat
last year | letztes Jahr
three years ago | vor drei Jahren
"""),
    "future": _pairs("""
tomorrow | morgen
tomorrow morning | morgen früh
on Friday | am Freitag
soon | bald
next week | nächste Woche
on Sunday | am Sonntag
in two hours | in zwei Stunden
the day after tomorrow | übermorgen
next month | nächsten Monat
in a week | in einer Woche
next year | nächstes Jahr
"""),
    "weather now": _pairs("""
today | heute
now | jetzt
this morning | heute Morgen
"""),
    "weather past": _pairs("""
yesterday | gestern
on Monday | am Montag
last night | letzte Nacht
on Saturday | am Samstag
yesterday evening | gestern Abend
two days ago | vor zwei Tagen
"""),
    "weather future": _pairs("""
tomorrow | morgen
on Friday | am Freitag
the day after tomorrow | übermorgen
on Sunday | am Sonntag
tomorrow morning | morgen früh
"""),
    "long since": _pairs("""
for three years | seit drei Jahren
since Monday | seit Montag
for a week | seit einer Woche
since last summer | seit letztem Sommer
for a long time | seit langer Zeit
for two months | seit zwei Monaten
"""),
    "departure": _pairs("""
tomorrow | morgen
soon | bald
tomorrow morning | morgen früh
in two hours | in zwei Stunden
on Friday | am Freitag
"""),
    "since": _pairs("""
for two hours | seit zwei Stunden
since this morning | seit heute Morgen
for a long time | seit langer Zeit
for an hour | seit einer Stunde
since seven o'clock | seit sieben Uhr
"""),
}
FREQUENCY = _pairs("""
often | oft
always | immer
sometimes | manchmal
never | nie
usually | meistens
rarely | selten
""")
# how one handles a thing, and how one does anything
HANDLING = _pairs("""
carefully | vorsichtig
quickly | schnell
slowly | langsam
""")
COMPANY = _pairs("""
alone | allein
secretly | heimlich
together | zusammen
""")
HOURS = _pairs("""
six | sechs
seven | sieben
eight | acht
nine | neun
ten | zehn
half past six | halb sieben
half past nine | halb zehn
quarter past eight | Viertel nach acht
""")
WEEKDAYS = _pairs("""
Monday | Montag
Tuesday | Dienstag
Wednesday | Mittwoch
Thursday | Donnerstag
Friday | Freitag
Saturday | Samstag
Sunday | Sonntag
""")
BECAUSE_OF = _pairs("""
because of the rain | wegen des Regens
despite the rain | trotz des Regens
because of the storm | wegen des Sturms
despite the snow | trotz des Schnees
because of the exam | wegen der Prüfung
during the break | während der Pause
during the holidays | während der Ferien
during the journey | während der Reise
because of the bad weather | wegen des schlechten Wetters
despite the bad weather | trotz des schlechten Wetters
""")
WOMEN = ("Anna", "Lena", "Maria", "Julia", "Clara", "Sophie")
MEN = ("Tom", "Peter", "Paul", "Jonas", "Lukas", "Felix")
SURNAMES = ("Weber", "Klein", "Schneider", "Becker", "Wolf", "Hofmann")
