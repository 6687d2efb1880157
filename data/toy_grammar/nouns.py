"""The nouns. Within a class the order is the order of frequency: the first is drawn most often."""

from __future__ import annotations

from .lexicon import Noun, read_compounds, read_nouns

# en/plural if irregular | de~genitive if irregular | gender | plural ("=" like the singular) | more tags
_SIMPLE = """
@ person adult
man/men           | Mann          | m | Männer
woman/women       | Frau          | f | Frauen
friend            | Freund        | m | Freunde        | kin fem=Freundin
teacher           | Lehrer        | m | =              | kin worker fem=Lehrerin
neighbour         | Nachbar       | m | Nachbarn       | weak kin fem=Nachbarin
doctor            | Arzt~Arztes   | m | Ärzte          | worker fem=Ärztin
student           | Student       | m | Studenten      | weak fem=Studentin
colleague         | Kollege       | m | Kollegen       | weak kin worker fem=Kollegin
cook              | Koch          | m | Köche          | worker fem=Köchin
guest             | Gast          | m | Gäste          | kin
boss/bosses       | Chef~Chefs    | m | Chefs          | kin worker fem=Chefin
customer          | Kunde         | m | Kunden         | weak fem=Kundin
engineer          | Ingenieur     | m | Ingenieure     | worker fem=Ingenieurin
researcher        | Forscher      | m | =              | worker fem=Forscherin
farmer            | Bauer         | m | Bauern         | weak worker fem=Bäuerin
tourist           | Tourist       | m | Touristen      | weak fem=Touristin
waiter            | Kellner       | m | =              | worker
driver            | Fahrer        | m | =              | worker fem=Fahrerin
baker             | Bäcker        | m | =              | worker fem=Bäckerin
gardener          | Gärtner       | m | =              | worker fem=Gärtnerin
police officer    | Polizist      | m | Polizisten     | weak worker fem=Polizistin
artist            | Künstler      | m | =              | worker fem=Künstlerin
scientist         | Wissenschaftler | m | =            | worker fem=Wissenschaftlerin
journalist        | Journalist    | m | Journalisten   | weak worker fem=Journalistin
captain           | Kapitän       | m | Kapitäne       | worker
queen             | Königin       | f | Königinnen     | unique
king              | König         | m | Könige         | unique
@ person young
child/children    | Kind          | n | Kinder         | kin
boy               | Junge         | m | Jungen         | weak
girl              | Mädchen       | n | =
pupil             | Schüler       | m | =              | fem=Schülerin
@ person adult family
mother            | Mutter        | f | Mütter
father            | Vater         | m | Väter
brother           | Bruder        | m | Brüder         | sibling
sister            | Schwester     | f | Schwestern     | sibling
grandmother       | Großmutter    | f | Großmütter
grandfather       | Großvater     | m | Großväter
son               | Sohn          | m | Söhne
daughter          | Tochter       | f | Töchter
parents/parents   | Eltern        | p | Eltern         | plural
aunt              | Tante         | f | Tanten
uncle             | Onkel         | m | =
grandparents/grandparents | Großeltern | p | Großeltern | plural
siblings/siblings | Geschwister   | p | Geschwister    | plural
@ infant
baby              | Baby          | n | Babys
@ animal
dog               | Hund          | m | Hunde          | pet
cat               | Katze         | f | Katzen         | pet
horse             | Pferd         | n | Pferde         | farm
bird              | Vogel         | m | Vögel
cow               | Kuh           | f | Kühe           | farm
sheep/sheep       | Schaf         | n | Schafe         | farm
mouse/mice        | Maus          | f | Mäuse
rabbit            | Kaninchen     | n | =              | pet
duck              | Ente          | f | Enten          | farm
bear              | Bär           | m | Bären          | weak
monkey            | Affe          | m | Affen          | weak
wolf/wolves       | Wolf          | m | Wölfe
lion              | Löwe          | m | Löwen          | weak
elephant          | Elefant       | m | Elefanten      | weak
@ thing food lying
apple             | Apfel         | m | Äpfel          | fruit
egg               | Ei            | n | Eier
potato            | Kartoffel     | f | Kartoffeln     | vegetable
tomato            | Tomate        | f | Tomaten        | vegetable
pear              | Birne         | f | Birnen         | fruit
orange            | Orange        | f | Orangen        | fruit
onion             | Zwiebel       | f | Zwiebeln       | vegetable
carrot            | Karotte       | f | Karotten       | vegetable
sausage           | Wurst         | f | Würste         | dish
roll              | Brötchen      | n | =              | baked
banana            | Banane        | f | Bananen        | fruit
lemon             | Zitrone       | f | Zitronen       | fruit
pancake           | Pfannkuchen   | m | =              | dish
mushroom          | Pilz          | m | Pilze          | vegetable
cherry            | Kirsche       | f | Kirschen       | fruit
strawberry        | Erdbeere      | f | Erdbeeren      | fruit
@ food
cake              | Kuchen        | m | =              | baked
soup              | Suppe         | f | Suppen         | dish hot
salad             | Salat~Salats  | m | Salate         | dish
pizza             | Pizza         | f | Pizzas         | dish hot
sauce             | Soße          | f | Soßen          | hot
bread             | Brot          | n | -              | mass baked
cheese            | Käse          | m | -              | mass
meat              | Fleisch       | n | -              | mass
rice              | Reis          | m | -              | mass hot
chocolate         | Schokolade    | f | -              | mass
vegetables/vegetables | Gemüse    | n | -              | english_plural
fruit             | Obst          | n | -              | mass
butter            | Butter        | f | -              | mass
honey             | Honig         | m | -              | mass
ham               | Schinken      | m | -              | mass
jam               | Marmelade     | f | -              | mass
fish              | Fisch         | m | -              | mass
@ drink mass
coffee            | Kaffee        | m | -              | hot
tea               | Tee           | m | -              | hot
water             | Wasser        | n | -
milk              | Milch         | f | -
juice             | Saft          | m | -
wine              | Wein          | m | -
beer              | Bier          | n | -
lemonade          | Limonade      | f | -
cocoa             | Kakao         | m | -              | hot
@ thing readable lying document
book              | Buch          | n | Bücher         | book
letter            | Brief         | m | Briefe         | written
newspaper         | Zeitung       | f | Zeitungen
novel             | Roman         | m | Romane         | book written
report            | Bericht       | m | Berichte       | written
postcard          | Postkarte     | f | Postkarten     | written
magazine          | Zeitschrift   | f | Zeitschriften
dictionary        | Wörterbuch    | n | Wörterbücher   | book
contract          | Vertrag~Vertrags | m | Verträge    | paper
bill              | Rechnung      | f | Rechnungen     | paper
@ readable
story             | Geschichte    | f | Geschichten    | written telling
article           | Artikel       | m | =              | written
email             | E-Mail        | f | E-Mails        | written
poem              | Gedicht       | n | Gedichte       | written
@ thing clothes lying hangs
coat              | Mantel        | m | Mäntel
jacket            | Jacke         | f | Jacken
shirt             | Hemd          | n | Hemden
dress/dresses     | Kleid         | n | Kleider
shoe              | Schuh~Schuhs  | m | Schuhe         | pair
hat               | Hut           | m | Hüte
trousers/trousers | Hose          | f | -              | english_plural
skirt             | Rock          | m | Röcke
scarf/scarves     | Schal         | m | Schals
glove             | Handschuh     | m | Handschuhe     | pair
jumper            | Pullover      | m | =
sock              | Socke         | f | Socken         | pair
cap               | Mütze         | f | Mützen
boot              | Stiefel       | m | =              | pair
belt              | Gürtel        | m | =
glasses/glasses   | Brille        | f | -              | english_plural
@ thing furniture stands
table             | Tisch         | m | Tische         | wooden
chair             | Stuhl         | m | Stühle         | wooden seat
bed               | Bett          | n | Betten         | wooden
cupboard          | Schrank       | m | Schränke       | wooden
shelf/shelves     | Regal         | n | Regale         | wooden
desk              | Schreibtisch  | m | Schreibtische  | wooden
lamp              | Lampe         | f | Lampen         | switch
sofa              | Sofa          | n | Sofas          | seat
bench/benches     | Bank          | f | Bänke          | wooden seat
armchair          | Sessel        | m | =              | seat
mirror            | Spiegel       | m | =
furniture         | Möbel         | p | Möbel          | german_plural
@ thing small lying
key               | Schlüssel     | m | =              | metal
ball              | Ball          | m | Bälle          | toy
knife/knives      | Messer        | n | =              | metal cutlery
spoon             | Löffel        | m | =              | cutlery
fork              | Gabel         | f | Gabeln         | cutlery
ticket            | Fahrkarte     | f | Fahrkarten     | paper
map               | Landkarte     | f | Landkarten     | paper
blanket           | Decke         | f | Decken         | cloth
pillow            | Kissen        | n | =              | cloth
towel             | Handtuch      | n | Handtücher     | cloth
umbrella          | Regenschirm   | m | Regenschirme
wallet            | Brieftasche   | f | Brieftaschen
ring              | Ring          | m | Ringe          | metal
phone             | Telefon       | n | Telefone       | device
coin              | Münze         | f | Münzen         | metal
scissors/scissors | Schere        | f | -              | english_plural
raincoat          | Regenmantel   | m | Regenmäntel    | clothes hangs compound
stone             | Stein         | m | Steine
toy               | Spielzeug~Spielzeugs | n | Spielzeuge | toy
doll              | Puppe         | f | Puppen         | toy
hammer            | Hammer        | m | Hämmer         | tool
@ thing small stands
bottle            | Flasche       | f | Flaschen       | vessel
cup               | Tasse         | f | Tassen         | vessel
glass/glasses     | Glas          | n | Gläser         | vessel singular
plate             | Teller        | m | =              | dishes
vase              | Vase          | f | Vasen
pot               | Topf          | m | Töpfe          | dishes
bowl              | Schüssel      | f | Schüsseln      | dishes
candle            | Kerze         | f | Kerzen
box/boxes         | Kiste         | f | Kisten         | container
basket            | Korb          | m | Körbe          | container
suitcase          | Koffer        | m | =              | container luggage
bag               | Tasche        | f | Taschen        | container luggage
rucksack          | Rucksack~Rucksacks | m | Rucksäcke | container luggage
flower            | Blume         | f | Blumen         | plant gift
radio             | Radio         | n | Radios         | device switch
computer          | Computer      | m | =              | device switch
camera            | Kamera        | f | Kameras        | device
television        | Fernseher     | m | =              | device switch
machine           | Maschine      | f | Maschinen      | device switch
ladder            | Leiter        | f | Leitern        | tool
@ thing hanging
picture           | Bild          | n | Bilder         | art
clock             | Uhr           | f | Uhren
photo             | Foto          | n | Fotos          | art
painting          | Gemälde       | n | =              | art
calendar          | Kalender      | m | =
present           | Geschenk      | n | Geschenke      | gift
@ vehicle
car               | Auto          | n | Autos          | own road
train             | Zug           | m | Züge           | public
bus/buses         | Bus~Busses    | m | Busse          | public road
bicycle           | Fahrrad       | n | Fahrräder      | own
ship              | Schiff        | n | Schiffe        | water
plane             | Flugzeug~Flugzeugs | n | Flugzeuge | air
boat              | Boot          | n | Boote          | own water
tram              | Straßenbahn   | f | Straßenbahnen  | public
steamship         | Dampfschiff~Dampfschiffs | n | Dampfschiffe | water compound
spaceship         | Raumschiff~Raumschiffs   | n | Raumschiffe  | air compound
lorry             | Lastwagen     | m | =              | road
ferry             | Fähre         | f | Fähren         | public water
motorbike         | Motorrad      | n | Motorräder     | own
@ building
house             | Haus          | n | Häuser         | home
school            | Schule        | f | Schulen        | public_building
shop              | Laden         | m | Läden          | opens
hotel             | Hotel         | n | Hotels         | stay
restaurant        | Restaurant    | n | Restaurants    | opens
church/churches   | Kirche        | f | Kirchen
museum            | Museum        | n | Museen         | opens
library           | Bibliothek    | f | Bibliotheken   | opens public_building
hospital          | Krankenhaus   | n | Krankenhäuser  | public_building
station           | Bahnhof       | m | Bahnhöfe
castle            | Schloss       | n | Schlösser
tower             | Turm          | m | Türme
bridge            | Brücke        | f | Brücken
factory           | Fabrik        | f | Fabriken
theatre           | Theater       | n | =              | opens
cinema            | Kino          | n | Kinos          | opens
bakery            | Bäckerei      | f | Bäckereien     | opens
flat              | Wohnung       | f | Wohnungen      | home
airport           | Flughafen     | m | Flughäfen
@ room
kitchen           | Küche         | f | Küchen
room              | Zimmer        | n | =
office            | Büro          | n | Büros
living room       | Wohnzimmer    | n | =
bedroom           | Schlafzimmer  | n | =
bathroom          | Badezimmer    | n | =
cellar            | Keller        | m | =
laboratory        | Labor         | n | Labore
classroom         | Klassenzimmer | n | =
waiting room      | Wartezimmer   | n | =
@ outdoors
garden            | Garten        | m | Gärten
town              | Stadt         | f | Städte         | settlement
street            | Straße        | f | Straßen
park              | Park~Parks    | m | Parks
forest            | Wald          | m | Wälder         | nature
lake              | See~Sees      | m | Seen           | nature
river             | Fluss         | m | Flüsse         | nature
mountain          | Berg          | m | Berge          | nature
village           | Dorf          | n | Dörfer         | settlement
island            | Insel         | f | Inseln         | nature
market            | Markt         | m | Märkte
beach/beaches     | Strand        | m | Strände        | nature
square            | Platz         | m | Plätze
harbour           | Hafen         | m | Häfen
field             | Feld          | n | Felder         | nature
valley            | Tal           | n | Täler          | nature
farm              | Bauernhof     | m | Bauernhöfe
country           | Land          | n | Länder
tree              | Baum          | m | Bäume          | plant nature
sea               | Meer          | n | Meere          | unique nature
@ part
door              | Tür           | f | Türen          | closes
front door        | Haustür       | f | Haustüren      | closes compound
window            | Fenster       | n | =              | closes
wall              | Wand          | f | Wände
roof              | Dach          | n | Dächer
floor             | Boden         | m | Böden
drawer            | Schublade     | f | Schubladen     | closes
gate              | Tor           | n | Tore           | closes
fridge            | Kühlschrank   | m | Kühlschränke   | closes
@ abstract
question          | Frage         | f | Fragen         | task
answer            | Antwort       | f | Antworten      | said
idea              | Idee          | f | Ideen          | thought
problem           | Problem       | n | Probleme       | task
plan              | Plan          | m | Pläne          | thought
mistake           | Fehler        | m | =              | error
word              | Wort          | n | Wörter
language          | Sprache       | f | Sprachen       | learn
task              | Aufgabe       | f | Aufgaben       | task
solution          | Lösung        | f | Lösungen       | thought result
dream             | Traum~Traums  | m | Träume
secret            | Geheimnis     | n | Geheimnisse    | telling
decision          | Entscheidung  | f | Entscheidungen
advice            | Rat           | m | -              | mass
@ event
film              | Film~Films    | m | Filme          | show
song              | Lied          | n | Lieder         | music
game              | Spiel         | n | Spiele         | show
concert           | Konzert       | n | Konzerte       | show
journey           | Reise         | f | Reisen         | trip
trip              | Ausflug~Ausflugs | m | Ausflüge    | trip
exam              | Prüfung       | f | Prüfungen      | work
meeting           | Besprechung   | f | Besprechungen  | work
party             | Feier         | f | Feiern
lesson            | Unterrichtsstunde | f | Unterrichtsstunden | work
holidays/holidays | Ferien        | p | Ferien         | plural
birthday          | Geburtstag~Geburtstags | m | Geburtstage
wedding           | Hochzeit      | f | Hochzeiten
storm             | Sturm         | m | Stürme
@ science
experiment        | Versuch       | m | Versuche       | study
result            | Ergebnis      | n | Ergebnisse     | result
star              | Stern         | m | Sterne         | sky
planet            | Planet        | m | Planeten       | weak sky
theory            | Theorie       | f | Theorien       | thought
method            | Methode       | f | Methoden       | thought
device            | Gerät         | n | Geräte         | device
program           | Programm      | n | Programme      | code
robot             | Roboter       | m | =              | device
telescope         | Teleskop      | n | Teleskope      | device
microscope        | Mikroskop     | n | Mikroskope     | device
cell              | Zelle         | f | Zellen         | tiny
steam engine      | Dampfmaschine | f | Dampfmaschinen | device compound
space station     | Raumstation   | f | Raumstationen  | sky compound
engine            | Motor         | m | Motoren        | device
measurement       | Messung       | f | Messungen      | study
sample            | Probe         | f | Proben         | tiny
plant             | Pflanze       | f | Pflanzen       | plant
maths lesson      | Mathematikstunde | f | Mathematikstunden | work compound
molecule          | Molekül       | n | Moleküle       | tiny
project           | Projekt       | n | Projekte       | study thought
satellite         | Satellit      | m | Satelliten     | weak sky device
"""

# modifiers (English=German with linking element) | heads | more tags
_COMPOUNDS = """
kitchen=Küchen, garden=Garten                             | table, chair, bench
kitchen=Küchen                                            | knife, lamp, cupboard, clock, door, window
garden=Garten                                             | gate
office=Büro                                               | chair, lamp
wooden=Holz | table, chair, bench, box, bridge, house, spoon, toy
winter=Winter, summer=Sommer                              | coat, shoe, jacket, dress, holidays
leather=Leder                                             | jacket, shoe, bag, glove, belt, armchair
rain=Regen                                                | jacket
apple=Apfel, cherry=Kirsch                                | cake, juice, tree
orange=Orangen, tomato=Tomaten, grape=Trauben             | juice
potato=Kartoffel, tomato=Tomaten, vegetable=Gemüse, onion=Zwiebel | soup
potato=Kartoffel, tomato=Tomaten, fruit=Obst              | salad
chocolate=Schokoladen                                     | cake
strawberry=Erdbeer, cherry=Kirsch                         | jam
school=Schul                                              | book, bag, bus, project
children's=Kinder                                         | book, song, room
love=Liebes                                               | letter, story, song
travel=Reise                                              | report, bag
weather=Wetter                                            | report, satellite
research=Forschungs                                       | report, project, satellite
crime=Kriminal                                            | novel, film
town=Stadt                                                | map, park, library, museum, theatre
village=Dorf                                              | school, church, square
holiday=Ferien                                            | house, flat
sailing=Segel                                             | boat, ship
cargo=Fracht                                              | ship, plane
night=Nacht                                               | train, bus
house=Haus, car=Auto, garage=Garagen, front door=Haustür, cellar=Keller | key
car=Auto, garage=Garagen, cellar=Keller, bathroom=Badezimmer | door
cellar=Keller, bathroom=Badezimmer                        | window
bathroom=Badezimmer, wall=Wand                            | mirror
wine=Wein, water=Wasser                                   | glass, bottle
milk=Milch                                                | bottle
coffee=Kaffee, tea=Tee                                    | cup
coffee=Kaffee, washing=Wasch                              | machine
flower=Blumen                                             | vase, garden, market, shop
wall=Wand                                                 | clock, calendar
reading=Lese                                              | lamp, glasses
computer=Computer                                         | game, program
football=Fußball                                          | game
birthday=Geburtstags                                      | present, cake, party
Christmas=Weihnachts                                      | tree, present, market
fishing=Fischer                                           | boat, village, harbour
art=Kunst                                                 | museum, teacher
language=Sprach                                           | school, teacher
maths=Mathematik                                          | teacher, exam
bus=Bus, taxi=Taxi, lorry=Lastwagen                       | driver
radio=Radio                                               | telescope
plant=Pflanzen, nerve=Nerven                              | cell
water=Wasser, blood=Blut                                  | sample
vegetable=Gemüse                                          | garden
"""

SIMPLE: tuple[Noun, ...] = read_nouns(_SIMPLE)
COMPOUNDS: tuple[Noun, ...] = read_compounds(_COMPOUNDS, SIMPLE)
ALL = SIMPLE + COMPOUNDS
BY_NAME: dict[str, Noun] = {}
for _noun in ALL:
    BY_NAME.setdefault(_noun.en, _noun)
