"""The verbs: one row per reading, with the classes of its subject and of its complements.

Rows that share an English verb are told apart by what surrounds it: a person *eats* (isst),
an animal *eats* (frisst); you *know* (kennst) a town, but *know* (weißt) that it is old.
"""

from __future__ import annotations

from .lexicon import Verb, read_verbs

# English | German | subjects | complements | flags
# stative: no progressive, no times; unplanned: only told when it has happened; unwilled: not with
# modals; passive: told in the passive too
_TABLE = """
buy bought bought | kaufen - gekauft | person | A:clothes furniture food book small device own gift | passive
read read read         | lesen liest gelesen        | adult young | A:readable | passive
look | suchen - gesucht | person | for>+acc:small clothes pet document hotel solution
see saw seen | sehen sieht gesehen | person | A:person animal building vehicle art sky | stative
write wrote written    | schreiben - geschrieben    | adult | A:written | passive
eat ate eaten          | essen isst gegessen        | person | A:food
eat ate eaten          | fressen frisst gefressen   | animal | A:fruit vegetable meat bread fish cheese
drink drank drunk      | trinken - getrunken        | person | A:drink
find found found | finden - gefunden | person | A:small clothes solution pet document | passive unplanned
wait                   | warten - gewartet          | person | for>auf+acc:person public letter answer
help                   | helfen hilft geholfen      | person | D:person
give gave given | geben gibt gegeben | person | D:person; A:gift book key umbrella ticket ball map fruit
show showed shown      | zeigen - gezeigt           | person | D:person; A:art readable room garden map device
visit | besuchen - besucht | person | A:family kin museum castle settlement church | passive
meet met met           | treffen trifft getroffen   | person | A:person
know knew known | kennen - gekannt ~kannte | person | A:person castle church settlement song method | stative
like                   | mögen - gemocht ~mochte    | person | A:person pet food drink music art | stative
work                   | arbeiten - gearbeitet      | adult | PLACE
live                   | wohnen - gewohnt           | person | DWELLING | stative
cook | kochen - gekocht | adult | A:soup sausage pancake egg potato vegetable tea coffee | passive
bake                   | backen backt gebacken      | adult | A:baked | passive
wash                   | waschen wäscht gewaschen   | person | A:clothes car apple cloth dishes | passive
repair | reparieren - repariert | adult | A:vehicle furniture device roof clock toy bridge | passive
open                   | öffnen - geöffnet          | person | A:closes bottle box luggage letter | passive
close                  | schließen - geschlossen    | person | A:closes book luggage | passive
paint                  | streichen - gestrichen     | adult | A:wall door wooden room house gate | passive
sell sold sold | verkaufen - verkauft | adult | A:clothes furniture vehicle house art food | passive
clean                  | putzen - geputzt           | person | A:window room shoe boot own | passive
wear wore worn         | tragen trägt getragen      | person | A:clothes
carry                  | tragen trägt getragen      | person | A:luggage container furniture baby
explain                | erklären - erklärt         | adult | A:task thought study language; to>+dat:person
tell told told         | erzählen - erzählt         | adult | D:person; A:telling
send sent sent | schicken - geschickt | person | D:person; A:letter email postcard gift photo document
bring brought brought | bringen - gebracht | person | D:person; A:drink dish cake fruit newspaper towel
lend lent lent         | leihen - geliehen          | person | D:person; A:book own umbrella camera tool
answer                 | beantworten - beantwortet  | person | A:question letter email | passive
ask                    | fragen - gefragt           | person | A:person; ^the way/nach dem Weg
ask                    | bitten - gebeten           | person | A:person; ^for advice/um Rat
ask                    | bitten - gebeten           | person | A:person; ^for help/um Hilfe
ask                    | stellen - gestellt         | person | D:person; =a question/eine Frage
thank                  | danken - gedankt           | person | D:person
follow                 | folgen - gefolgt ist       | person | D:person animal
trust                  | vertrauen - vertraut       | person | D:person | stative
talk                   | sprechen spricht gesprochen | person | to>mit+dat:person
talk | sprechen spricht gesprochen | adult | about>über+acc:thought problem film trip exam study art
laugh                  | lachen - gelacht           | person | about>über+acc:telling film mistake idea
think thought thought  | denken - gedacht           | person | of>an+acc:person holidays trip exam
dream                  | träumen - geträumt         | person | of>von+dat:trip own sea house | unwilled
write wrote written    | schreiben - geschrieben    | adult | to>+dat:family friend colleague customer
listen                 | zu+hören - zugehört        | person | to>+dat:person
belong | gehören - gehört ~gehörte | small clothes own pet readable furniture | to>+dat:person | stative
laugh                  | lachen - gelacht           | person
sleep slept slept      | schlafen schläft geschlafen | person animal baby
sleep slept slept      | schlafen schläft geschlafen | person pet | REST
sit sat sat            | sitzen - gesessen          | person pet | REST
swim swam swum         | schwimmen - geschwommen ist | person | in>in+dat:lake river sea
play                   | spielen - gespielt         | young | with>mit+dat:toy pet
play                   | spielen - gespielt         | person | =football/Fußball
play                   | spielen - gespielt         | person | =chess/Schach
play                   | spielen - gespielt         | person | =the piano/Klavier
play                   | spielen - gespielt         | person | =the guitar/Gitarre
sing sang sung         | singen - gesungen          | person | A:song
learn                  | lernen - gelernt           | person | =English/Englisch
learn                  | lernen - gelernt           | person | =German/Deutsch
learn                  | lernen - gelernt           | young student | A:word poem
go went gone           | gehen - gegangen ist       | person | GOAL
go went gone           | fahren fährt gefahren ist  | person | BY_VEHICLE
travel                 | reisen - gereist ist       | adult | CITY
fly flew flown         | fliegen - geflogen ist     | adult | CITY
run ran run            | laufen läuft gelaufen ist  | young pet | GOAL
run ran run            | laufen läuft gelaufen ist  | engine machine program
run ran run | leiten - geleitet | boss engineer woman man | A:factory hotel museum restaurant bakery | stative
come came come         | kommen - gekommen ist      | person | ORIGIN | stative
call                   | an+rufen - angerufen       | person | A:person
get got got +up        | auf+stehen - aufgestanden ist | person
wake woke woken +up    | auf+wachen - aufgewacht ist | person pet |  | unplanned
arrive                 | an+kommen - angekommen ist | person train bus | ARRIVAL
leave left left        | ab+fahren fährt abgefahren ist | public
leave left left        | verlassen verlässt verlassen | person | A:building room settlement
forget forgot forgotten | vergessen vergisst vergessen | person | A:umbrella key wallet phone word | unplanned
open                   | auf+machen - aufgemacht    | person | A:present
turn +on               | ein+schalten - eingeschaltet | person | A:switch | passive
turn +off              | aus+schalten - ausgeschaltet | person | A:switch | passive
tidy +up               | auf+räumen - aufgeräumt    | person | A:room flat desk drawer | passive
put put put +on        | an+ziehen - angezogen      | person | A:clothes
take took taken +off   | aus+ziehen - ausgezogen    | person | A:coat jacket shoe boot glove jumper
pick +up               | ab+holen - abgeholt        | person | A:family kin luggage | passive
invite                 | ein+laden lädt eingeladen  | person | A:person | passive
bring brought brought +back | zurück+bringen - zurückgebracht | person | A:book own small
wash +up               | ab+waschen wäscht abgewaschen | person | A:dishes vessel
prepare                | vor+bereiten - vorbereitet | adult | A:soup salad party trip work | passive
watch                  | an+sehen sieht angesehen   | person | A:film game
suggest                | vor+schlagen schlägt vorgeschlagen | adult | A:plan solution trip method | passive
try +out               | aus+probieren - ausprobiert | person | A:device method code game
take took taken +along | mit+nehmen nimmt mitgenommen | person | A:umbrella luggage camera blanket map pet
fall fell fallen +asleep | ein+schlafen schläft eingeschlafen ist | person pet |  | unplanned
come came come +back   | zurück+kommen - zurückgekommen ist | person
look | sich freuen - gefreut | person | forward to>auf+acc:trip event holidays | unwilled
remember | sich erinnern - erinnert | person | >an+acc:person trip story teacher song | stative
look                   | sich kümmern - gekümmert   | person | after>um+acc:pet plant young garden
hurry                  | sich beeilen - beeilt      | person
complain               | sich beschweren - beschwert | adult | about>über+acc:hotel food boss bill
brush                  | sich_dat putzen - geputzt  | person | =POSS teeth/die Zähne
wash                   | sich_dat waschen wäscht gewaschen | person | =POSS hands/die Hände
comb                   | sich_dat kämmen - gekämmt  | person | =POSS hair/die Haare
save                   | sparen - gespart           | person | =a lot of money/viel Geld
save                   | retten - gerettet          | person | A:pet person | passive
save                   | speichern - gespeichert    | person | =the file/die Datei
spend spent spent      | aus+geben gibt ausgegeben  | person | =a lot of money/viel Geld
spend spent spent      | verbringen - verbracht     | person | =a lot of time/viel Zeit; PLACE
change                 | ändern - geändert          | adult | A:plan decision method contract | passive
change                 | um+steigen steigt umgestiegen ist | person | CHANGE
take took taken        | nehmen nimmt genommen      | person | A:public
take took taken | machen - gemacht | person | =a photo/ein Foto; of>von+dat:person building nature animal
make made made         | machen - gemacht           | person | A:mistake | unplanned
make made made         | machen - gemacht           | person | A:plan | passive
miss                   | verpassen - verpasst       | person | A:public | unplanned
miss                   | vermissen - vermisst       | person | A:family kin pet | stative
pass                   | bestehen - bestanden       | young student | A:exam
pass | reichen - gereicht | person | D:person; A:bread butter cheese cutlery vessel dishes
solve                  | lösen - gelöst             | person | A:task | passive
investigate | untersuchen - untersucht | researcher scientist | A:cell sample planet molecule | passive
examine                | untersuchen - untersucht   | doctor | A:person | passive
measure | messen misst gemessen | researcher scientist engineer | =the temperature/die Temperatur
measure | messen misst gemessen | researcher scientist engineer | =the speed of light/die Lichtgeschwindigkeit
observe | beobachten - beobachtet | researcher scientist student child | A:star planet animal | passive
develop | entwickeln - entwickelt | researcher scientist engineer | A:method device code theory | passive
discover | entdecken - entdeckt | researcher scientist | A:planet star island solution | passive unplanned
check | überprüfen - überprüft | adult | A:result bill engine measurement contract | passive
build built built | bauen - gebaut | adult | A:house bridge boat furniture robot ship tower | passive
discuss                | besprechen bespricht besprochen | adult | A:plan problem result project | passive
draw drew drawn        | zeichnen - gezeichnet      | person | A:animal building plant plan
give gave given        | halten hält gehalten       | adult | =a talk/einen Vortrag
pull                   | ziehen - gezogen           | horse | =the cart/den Wagen
feed fed fed           | füttern - gefüttert        | person | A:animal baby | passive
lose lost lost | verlieren - verloren | person | A:key wallet ring glove luggage ticket coin | unplanned
lose lost lost         | verlieren - verloren       | person | A:game | unplanned
understand understood understood | verstehen - verstanden | person | A:task thought language word | stative
translate              | übersetzen - übersetzt     | student teacher journalist | A:written word | passive
cut cut cut | schneiden - geschnitten | adult | A:bread cake vegetable fruit meat cheese | passive
order                  | bestellen - bestellt       | adult | A:dish cake drink book | passive
pay paid paid          | bezahlen - bezahlt         | adult | A:bill | passive
pay paid paid          | bezahlen - bezahlt         | adult | for>+acc:ticket drink dish book clothes
sign                   | unterschreiben - unterschrieben | adult | A:contract letter report | passive
hide hid hidden        | verstecken - versteckt     | person | A:gift small letter book | passive
plan | planen - geplant | adult | A:trip party wedding meeting experiment | passive
water                  | gießen - gegossen          | person | A:plant | passive
work                   | arbeiten - gearbeitet      | adult | ^at the bank/bei der Bank
bring brought brought  | bringen - gebracht         | adult | ^the money to the bank/das Geld zur Bank
go went gone           | gehen - gegangen ist       | person | ^to the bank of the river/zum Ufer des Flusses
write wrote written | schreiben - geschrieben | young | =a word of six letters/ein Wort mit sechs Buchstaben
count | zählen - gezählt | young | =the letters of the word/die Buchstaben des Wortes
press                  | drücken - gedrückt         | person | =a key of the piano/eine Taste des Klaviers
watch | an+sehen sieht angesehen | person | =the new play at the theatre/das neue Stück im Theater
watch                  | an+sehen sieht angesehen   | person | =the football match/das Fußballspiel
light lit lit          | an+zünden - angezündet     | adult | =a match/ein Streichholz
light lit lit          | an+zünden - angezündet     | adult | A:candle | passive
turn +on               | ein+schalten - eingeschaltet | person | =the light/das Licht
lie lay lain           | liegen - gelegen ~lag      | person pet | REST
lie lied lied          | lügen - gelogen            | person |  | unplanned
drink drank drunk      | trinken - getrunken        | person | =water from the spring/Wasser aus der Quelle
ring rang rung         | klingeln - geklingelt      | phone
catch caught caught    | fangen fängt gefangen      | person pet | A:ball mouse
catch caught caught    | erreichen - erreicht       | person | A:public
catch caught caught    | sich erkälten - erkältet   | person | =a cold/ | unplanned
break broke broken     | zerbrechen zerbricht zerbrochen | person | A:vessel vase dishes | unplanned
break broke broken     | sich_dat brechen bricht gebrochen | person | =a leg/ein Bein | unplanned
grow grew grown        | wachsen wächst gewachsen ist | plant
grow grew grown        | an+bauen - angebaut        | farmer gardener | A:vegetable
park | parken - geparkt | adult | A:car lorry motorbike; ^in front of the house/vor dem Haus
book                   | buchen - gebucht           | adult | =a room in the hotel/ein Zimmer im Hotel
turn                   | ab+biegen - abgebogen ist  | person | ^right at the church/an der Kirche nach rechts
turn                   | ab+biegen - abgebogen ist  | person | ^left at the station/am Bahnhof nach links
bark                   | bellen - gebellt           | dog
shine shone shone      | scheinen - geschienen      | sun
blow blew blown        | wehen - geweht             | wind
"""

ALL: tuple[Verb, ...] = read_verbs(_TABLE)
_BY_GERMAN: dict[str, Verb] = {}
for _verb in ALL:
    _BY_GERMAN.setdefault(_verb.de, _verb)

# verbs that say, believe or know that something is so
SAYING = read_verbs("""
say said said | sagen - gesagt | person
believe | glauben - geglaubt | person
know knew known | wissen weiß gewusst ~wusste | person
hope | hoffen - gehofft | person
think thought thought | denken - gedacht | person
""")
# verbs with an infinitive clause
WITH_INFINITIVE = read_verbs("""
try | versuchen - versucht | person
forget forgot forgotten | vergessen vergisst vergessen | person
begin began begun | an+fangen fängt angefangen | person
decide | beschließen - beschlossen | person
promise | versprechen verspricht versprochen | person
""")
KNOW = SAYING[2]
(
    BE,
    HAVE,
    BECOME,
    WONDER,
    STAND,
    LIE,
    HANG,
    PUT_STANDING,
    PUT_LYING,
    HANG_UP,
    RAIN,
    SNOW,
    COST,
    TASTE,
    OPEN_AT,
    CLOSE_AT,
) = read_verbs("""
be was been | sein ist gewesen ist ~war | thing | | stative
have had had | haben hat gehabt ~hatte | person | | stative
become became become | werden wird geworden ist | person | | stative
wonder | sich fragen - gefragt | person
be was been | stehen - gestanden ~stand | thing | | stative
be was been | liegen - gelegen ~lag | thing | | stative
hang hung hung | hängen - gehangen ~hing | thing | | stative
put put put | stellen - gestellt | person
put put put | legen - gelegt | person
hang hung hung | hängen - gehängt | person
rain | regnen - geregnet | it
snow | schneien - geschneit | it
cost cost cost | kosten - gekostet | thing
taste | schmecken - geschmeckt | food
open | öffnen - geöffnet | building
close | schließen - geschlossen | building
""")


def named(german: str) -> Verb:
    """The first verb of the table with this German infinitive."""
    return _BY_GERMAN[german]
