"""The adjectives: one row per reading, so that ``light`` is leicht for a suitcase and hell for a room."""

from __future__ import annotations

from .lexicon import Adjective, read_adjectives

_TABLE = """
old | alt älter ältest | adult animal furniture vehicle building clothes readable settlement device tree
new | neu | furniture readable vehicle building device thought task study method clothes show
big | groß größer größt | animal furniture building room outdoors container vessel plant vehicle gift dish
small | klein | animal young furniture building room outdoors container toy vessel fruit plant tiny vehicle
good        | gut besser best | worker food drink book telling thought method result show trip study
beautiful   | schön          | building outdoors plant clothes art music garden trip animal dream
young       | jung jünger jüngst | adult pet
friendly    | freundlich     | person pet
tall        | groß größer größt | adult young
tall        | hoch höher höchst | building mountain tree tower
long        | lang länger längst | readable trip work show street river word bridge
short       | kurz kürzer kürzest | readable trip work show street word answer
heavy       | schwer         | furniture container luggage tool device stone box
heavy       | stark stärker stärkst | storm
light       | leicht         | luggage container clothes tool
light       | hell           | room flat
hard        | schwierig      | task work decision language
hard        | hart härter härtest | baked seat stone
easy        | einfach        | task work method
interesting | interessant    | readable thought study show project museum method art
expensive | teuer | furniture clothes vehicle hotel restaurant wine trip device luggage book ring home
cheap       | billig         | clothes furniture hotel restaurant device
important   | wichtig        | abstract work study result document method theory
clever      | klug klüger klügst | person pet monkey idea plan
happy       | glücklich      | person
tired       | müde           | person horse
ill         | krank kränker kränkst | person animal
hungry      | hungrig        | person animal
sad         | traurig        | person telling show music
famous      | berühmt        | artist scientist journalist museum castle art novel theory researcher
broken      | kaputt         | furniture device vehicle toy window clock umbrella bicycle dishes
red         | rot            | clothes vehicle furniture flower apple door ball cap
blue        | blau           | clothes vehicle furniture vessel dishes lake sea
green       | grün           | clothes vehicle apple plant field forest
white       | weiß           | clothes vehicle animal furniture flower wall
black       | schwarz        | clothes vehicle pet luggage suitcase
yellow      | gelb           | clothes flower bird
dark        | dunkel         | room street forest cellar clothes
quiet       | ruhig          | outdoors street hotel room settlement
loud        | laut           | device vehicle young music
fresh       | frisch         | food fruit baked fish juice flower vegetable milk
hot         | heiß           | hot
cold        | kalt kälter kältest | drink dish room river lake
sweet       | süß            | fruit cake honey cocoa lemonade chocolate
ripe        | reif           | fruit tomato
clean       | sauber         | clothes room dishes vessel cloth hotel
dirty       | schmutzig      | clothes dishes vessel cloth window vehicle
empty       | leer           | vessel container room fridge street hotel
full        | voll           | vessel container bus train restaurant
warm        | warm wärmer wärmst | clothes room blanket food
fast        | schnell        | road public water device horse
slow        | langsam        | vehicle device
strong      | stark stärker stärkst | adult animal coffee tea engine
strict      | streng         | worker
patient     | geduldig       | adult
curious     | neugierig      | young student researcher journalist monkey cat
polite      | höflich        | worker young guest
lazy        | faul           | pet student young
brave       | mutig          | adult young
right       | richtig        | answer word solution decision
wrong       | falsch         | answer word solution
strange     | seltsam        | telling dream result idea animal
precise     | genau          | measurement clock result method
modern      | modern         | building device furniture art
sharp       | scharf schärfer schärfst | knife scissors
sharp       | scharf schärfer schärfst | sauce
useful      | nützlich       | tool device thought dictionary
dangerous   | gefährlich     | animal trip experiment mountain street
wild        | wild           | animal
narrow      | schmal         | street bridge bed
thick       | dick           | book wall blanket jumper coat
elegant     | elegant        | clothes
bright      | hell           | lamp star candle
foreign     | fremd          | country language
"""

ALL: tuple[Adjective, ...] = read_adjectives(_TABLE)
