"""Verb phrases, sorted by what they can say: habits, what happens now, single events, states."""

from __future__ import annotations

import re

from . import english, french, nouns
from .model import Noun, Phrase, phrases

# English | French | uses (h habit, n now, e event) | subjects it does not suit
_GENERAL = """
read the newspaper|lire le journal|hne|kid
watch television|regarder la télévision|hne|out
watch a film|regarder un film|ne|out
watch the match|regarder le match|ne|out
listen to music|écouter de la musique|hn|out
listen to the radio|écouter la radio|hn|out
listen to the news|écouter les nouvelles|hn|kid
play tennis|jouer au tennis|hne|old
play football|jouer au football|hne|old
play cards|jouer aux cartes|hne|out
play in the garden|jouer dans le jardin|hne|grown
cook dinner|préparer le dîner|hne|kid
make breakfast|préparer le petit déjeuner|hne|kid
make a cake|faire un gâteau|ne|out
make cakes|faire des gâteaux|h|out
watch films|regarder des films|h|out
read books|lire des livres|h|none
write letters|écrire des lettres|h|none
tell stories|raconter des histoires|h|out
make coffee|faire du café|hn|kid
do the washing-up|faire la vaisselle|hne|out
do the shopping|faire les courses|hne|kid
do the cleaning|faire le ménage|hne|kid
clean the kitchen|nettoyer la cuisine|hne|out
clean the house|nettoyer la maison|hne|out
clean <bedroom>|nettoyer <chambre>|hne|out
wash the car|laver la voiture|hne|kid
wash <hands>|se=laver les mains|hn|out
brush <teeth>|se=brosser les dents|hn|out
get up early|se+lever tôt|he|none
get up late|se+lever tard|he|none
get up at seven o'clock|se+lever à sept heures|he|none
go to bed early|se+coucher tôt|he|none
go to bed late|se+coucher tard|he|none
go to bed at ten o'clock|se+coucher à dix heures|he|none
have a shower|prendre une douche|hne|out
have a bath|prendre un bain|hne|out
have breakfast|prendre le petit déjeuner|hn|out
have lunch|déjeuner|hne|none
have lunch at the restaurant|déjeuner au restaurant|he|kid
have dinner at home|dîner à la maison|he|none
take the bus|prendre le bus|hne|none
take the train|prendre le train|hne|none
take photos|prendre des photos|hn|none
ride <bike>|faire du vélo|hn|old
go for a walk|se+promener|hne|none
walk in the park|se+promener dans le parc|hn|none
run in the park|courir dans le parc|hn|old
swim in the sea|nager dans la mer|hne|old
swim in the swimming pool|nager à la piscine|hn|old
dance|danser|hn|old
sing|chanter|hn|none
sing a song|chanter une chanson|ne|none
sleep|dormir|hn|none
rest|se+reposer|hne|none
work|travailler|hne|kid
work in the garden|travailler dans le jardin|hne|kid
work at the hospital|travailler à l'hôpital|hn|kid
work with <friends>|travailler avec <amis>|hne|kid
study French|étudier le français|hn|old
study English|étudier l'anglais|hn|old
learn Spanish|apprendre l'espagnol|hn|old
learn French|apprendre le français|hn|old
do <homework>|faire <devoirs>|hne|grown
go to school|aller à l'école|hn|grown
go to work|aller au travail|hn|kid
go to work by bus|aller au travail en bus|h|kid
call <mother>|appeler <mère>|hne|parent
call <parents>|appeler <parents>|hne|parent
call <friends>|appeler <amis>|hne|out
visit <grandparents>|rendre visite à <grands-parents>|he|parent
visit <friends>|rendre visite à <amis>|hne|kid
help <mother>|aider <mère>|hne|parent
help <neighbours>|aider <voisins>|hne|kid
help the children|aider les enfants|hne|kid
talk to <neighbours>|parler à <voisins>|hne|kid
talk to <friends>|parler à <amis>|hn|out
talk with the teacher|parler avec le professeur|ne|out
walk the dog|promener le chien|hne|out
feed the cat|nourrir le chat|hne|out
write a letter|écrire une lettre|hne|none
write to <parents>|écrire à <parents>|hne|parent
write to <friends>|écrire à <amis>|hne|none
look for <keys>|chercher <clés>|n|none
look for <phone>|chercher <téléphone>|n|none
look for <bag>|chercher <sac>|n|none
look for a job|chercher du travail|n|kid
look for a flat|chercher un appartement|n|kid
wait for the bus|attendre le bus|hn|none
wait for the train|attendre le train|hn|none
wait for <friends>|attendre <amis>|hn|none
open the window|ouvrir la fenêtre|hne|none
open the door|ouvrir la porte|ne|none
close the window|fermer la fenêtre|hne|none
close the door|fermer la porte|ne|none
repair the car|réparer la voiture|ne|kid
repair <bike>|réparer <vélo>|ne|old
sell the house|vendre la maison|e|kid
sell <car>|vendre <voiture>|e|kid
buy bread|acheter du pain|hn|none
buy a new car|acheter une nouvelle voiture|e|kid
buy flowers|acheter des fleurs|hne|kid
go to the cinema|aller au cinéma|hne|none
go to the market|aller au marché|hne|none
go to the theatre|aller au théâtre|hne|none
go to the swimming pool|aller à la piscine|hne|none
go to the library|aller à la bibliothèque|hne|none
go to the restaurant|aller au restaurant|hne|none
go to the beach|aller à la plage|hne|none
go to the supermarket|aller au supermarché|hne|none
go to the bakery|aller à la boulangerie|hne|none
go to the museum|aller au musée|hne|none
go to the doctor|aller chez le médecin|ne|out
go to the dentist|aller chez le dentiste|ne|out
go to church|aller à l'église|hn|out
go home by bus|rentrer en bus|hne|none
go home early|rentrer tôt|he|none
come home late|rentrer tard|he|none
leave early|partir tôt|he|none
go out with <friends>|sortir avec <amis>|hne|old
stay at home|rester à la maison|he|none
stay in bed|rester au lit|he|none
travel by train|voyager en train|hne|kid
travel by plane|voyager en avion|hne|kid
arrive late|arriver en retard|he|none
arrive early|arriver en avance|he|none
leave for Paris|partir pour Paris|ne|kid
leave for Spain|partir pour l'Espagne|ne|kid
meet <friends>|retrouver <amis>|hne|none
eat at the restaurant|manger au restaurant|hne|none
eat an apple|manger une pomme|hne|none
eat an ice cream|manger une glace|ne|none
eat fish|manger du poisson|hn|none
eat soup|manger de la soupe|hn|none
drink tea|boire du thé|hn|kid
drink a coffee|boire un café|hne|kid
drink a glass of water|boire un verre d'eau|hne|none
drink a cup of tea|boire une tasse de thé|hne|kid
pay the bill|payer l'addition|ne|kid
play the piano|jouer du piano|hn|out
play the guitar|jouer de la guitare|hn|out
drive to work|aller au travail en voiture|h|kid
take the children to school|emmener les enfants à l'école|hne|kid
pack <suitcase>|faire <valise>|ne|out
tell a story|raconter une histoire|hne|out
laugh|rire|hn|none
cry|pleurer|n|grown
smoke|fumer|hn|kid
draw a house|dessiner une maison|ne|grown
draw a horse|dessiner un cheval|ne|grown
cut the bread|couper le pain|n|kid
"""
_STATES = """
be hungry|avoir faim
be thirsty|avoir soif
be cold|avoir froid
be hot|avoir chaud
be afraid|avoir peur
be sleepy|avoir sommeil
be right|avoir raison
be wrong|avoir tort
be in a hurry|être [pressé]
be at home|être à la maison
be at work|être au travail|not-kid|not-old
be on holiday|être en vacances
"""
_MOMENTS = {
    "am": "get up|breakfast|go to work|to school",
    "pm": "go to bed|dinner|the theatre|sleep",
    "day": "school|to work|market|garden|park|beach|go for a walk|museum|library|bakery|church|doctor|"
    "dentist|flowers|lunch|swim|repair|wash the car|football|castle|supermarket|bike|tennis|clean",
    "daily": "shower|bath|hands|teeth|get up|go to bed|eat|drink|open|close|washing|feed|walk the dog|"
    "newspaper|coffee|wait|look for|sleep|the radio|the news|breakfast|dinner|rest|stay in|"
    "laugh|cry|cut|at home|leave early",
    "big": "sell|a new car|leave for|a car|a house|a flat",
}


def _uses(en: str, code: str, excluded: str) -> frozenset[str]:
    """Return the tags of a phrase: its uses, the parts of the day it belongs to, whom it does not suit."""
    tags = {*code, f"not-{excluded}"}
    tags.update(name for name, words in _MOMENTS.items() if re.search(words, en))
    if excluded == "kid":
        tags.add("adult")
    if excluded == "grown":
        tags.update({"not-parent", "not-old", "not-out"})
    if excluded == "old":
        tags.update({"not-parent", "not-out"})
    if excluded == "parent":
        tags.add("not-old")
    return frozenset(tags)


def _product(en: str, fr: str, entries: list[Noun], form: str, code: str, excluded: str) -> list[Phrase]:
    """Combine a verb with every noun of a class: "buy" x clothes."""
    return [
        Phrase(f"{en} {english.noun(x, form)}", f"{fr} {french.noun(x, form)}", _uses(en, code, excluded))
        for x in entries
    ]


def _table(text: str) -> list[Phrase]:
    """Read the table of general phrases."""
    entries = []
    for line in text.strip().splitlines():
        en, fr, code, excluded = line.split("|")
        entries.append(Phrase(en, fr, _uses(en, code, excluded)))
    return entries


GENERAL = _table(_GENERAL)
READ = _product("read", "lire", nouns.READING, "a", "ne", "out")
BUY = _product("buy", "acheter", nouns.CLOTHES + nouns.SMALL_THINGS + nouns.READING[:1], "a", "ne", "kid")
BUY_BIG = _product("buy", "acheter", nouns.BIG_THINGS + nouns.FURNITURE, "a", "e", "kid")
_RAW = [n for n in nouns.FRUIT if n.en not in ("potato", "onion", "mushroom", "egg", "lemon")]
EAT_ONE = _product("eat", "manger", _RAW + nouns.TREATS, "a", "ne", "out")
COOK = _product("cook", "préparer", nouns.FOOD_MASS[2:5] + nouns.FOOD_MASS[5:6], "the", "ne", "kid")
CLEAN = _product("clean", "nettoyer", nouns.ROOMS, "the", "ne", "out")
_OLD_PLACES = [p for p in nouns.SIGHTS if p.en in ("museum", "castle", "church")]
VISIT = _product("visit", "visiter", _OLD_PLACES, "a", "e", "none")
HABITS = [p for p in GENERAL if "h" in p.tags]
NOW = [p for p in GENERAL + READ + EAT_ONE + COOK + CLEAN[:4] if "n" in p.tags]
EVENTS = [p for p in GENERAL + READ + BUY[::3] + BUY_BIG[::3] + VISIT + CLEAN if "e" in p.tags]
PLAIN_EVENTS = [p for p in EVENTS if p.negatable]
PLAIN_HABITS = [p for p in HABITS if p.negatable]
PLAIN_NOW = [p for p in NOW if p.negatable]
_SMALL_CHORES = ("do the washing-up", "walk the dog", "feed the cat", "close the window")
CHORES = [p for p in EVENTS if "adult" in p.tags] + CLEAN + [p for p in GENERAL if p.en in _SMALL_CHORES]
_GOING_OUT = ("go to the", "go for", "visit", "play ", "swim", "eat at", "take the train", "have lunch at")
OUTINGS = [p for p in EVENTS if p.en.startswith(_GOING_OUT) and not p.en.endswith(("doctor", "dentist"))]
PASTIMES = [
    p
    for p in HABITS
    if p.en.startswith(
        (
            "read",
            "watch",
            "listen",
            "play ",
            "dance",
            "sing",
            "swim",
            "go to the c",
            "go to the t",
            "go to the b",
            "go to the m",
            "travel",
            "walk in",
            "run",
            "sleep",
            "work in",
            "learn",
            "study",
            "ride",
            "eat at",
            "go for",
            "cook",
            "take photos",
            "make cakes",
            "write letters",
            "tell stories",
        )
    )
    and p.en != "watch a film"
]
STATES = phrases(*_STATES.strip().splitlines())
CHORES_TO_ORDER = phrases(
    *"""
open the window|ouvrir la fenêtre
close the door|fermer la porte
close the window|fermer la fenêtre
open the door|ouvrir la porte
clean the kitchen|nettoyer la cuisine
wash the car|laver la voiture
wash the dog|laver le chien
call the doctor|appeler le médecin
wait for the bus|attendre le bus
read this book|lire ce livre
read this letter|lire cette lettre
listen to this song|écouter cette chanson
look at this photo|regarder cette photo
take an umbrella|prendre un parapluie
take the train|prendre le train
take the first street on the right|prendre la première rue à droite
come with me|venir avec moi
come home early|rentrer tôt
go to bed|se+coucher
sit on this chair|se+asseoir sur cette chaise
drink some water|boire de l'eau
eat some fruit|manger des fruits
buy some bread|acheter du pain
do the shopping|faire les courses
do the washing-up|faire la vaisselle
walk the dog|promener le chien
help the children|aider les enfants
write to my parents|écrire à mes parents
answer the question|répondre à la question
ask the teacher|demander au professeur
turn on the light|allumer la lumière
turn off the television|éteindre la télévision
turn left|tourner à gauche
turn right|tourner à droite
wait here|attendre ici
speak slowly|parler lentement
repeat the question|répéter la question
finish this exercise|finir cet exercice
put the keys on the table|mettre les clés sur la table
put the milk in the fridge|mettre le lait dans le frigo
show me the photos|me+montrer les photos
give me the keys|me+donner les clés
give me the salt|me+donner le sel
tell me the truth|me+dire la vérité
tell me a story|me+raconter une histoire
""".strip().splitlines()
)
FORBIDDEN = phrases(
    *"""
open the window|ouvrir la fenêtre
close the door|fermer la porte
open this box|ouvrir cette boîte
touch this lamp|toucher cette lampe
eat this cake|manger ce gâteau
drink this milk|boire ce lait
drink this water|boire cette eau
wait for me|me+attendre
call me tonight|me+appeler ce soir
forget the keys|oublier les clés
forget the bread|oublier le pain
forget the tickets|oublier les billets
lose this ticket|perdre ce billet
listen to him|le+écouter
be late|être en retard
be sad|être triste
be afraid|avoir peur
go to bed late|se+coucher tard
come home late|rentrer tard
leave early|partir tôt
speak so fast|parler si vite
talk to the driver|parler au chauffeur
run in the house|courir dans la maison
play in the street|jouer dans la rue
swim in the river|nager dans la rivière
sell the house|vendre la maison
cry|pleurer
laugh|rire
smoke here|fumer ici
turn off the light|éteindre la lumière
""".strip().splitlines()
)
COMMON_VERBS = (
    "go ",
    "buy",
    "read",
    "watch",
    "play",
    "work",
    "take the",
    "have",
    "eat",
    "drink",
    "call",
    "stay",
    "clean",
    "visit",
    "help",
    "cook",
    "listen",
    "travel",
    "write",
)
COMMON_EVENTS = [p for p in EVENTS if p.en.startswith(COMMON_VERBS)]
COMMON_HABITS = [p for p in HABITS if p.en.startswith(COMMON_VERBS) and "adult" not in p.tags]
COMMON_NOW = [p for p in NOW if p.en.startswith((*COMMON_VERBS, "sleep", "do <"))]
