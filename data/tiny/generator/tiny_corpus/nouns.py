"""Nouns and adjectives by meaning, so that a frame takes only words that make sense in it."""

from __future__ import annotations

from .french import feminine
from .model import Adjective, Noun, phrases

# English | French | gender (m, f, or mp, fp for words that are always plural)


def _nouns(table: str, mass: bool = False) -> list[Noun]:
    """Read a table of nouns."""
    entries = []
    for line in table.strip().splitlines():
        en, fr, gender = line.split("|")
        tags = frozenset({"pl"}) if "p" in gender else frozenset[str]()
        entries.append(Noun(en, fr, "f" in gender, mass, tags))
    return entries


def adjectives(table: str, before: bool = False) -> list[Adjective]:
    """Read a table of adjectives; the feminine is given only where no rule makes it."""
    entries = []
    for line in table.strip().splitlines():
        en, fr, *rest = line.split("|")
        entries.append(Adjective(en, fr, rest[0] if rest else feminine(fr), before))
    return entries


FOOD_MASS = _nouns(
    """
bread|pain|m
cheese|fromage|m
meat|viande|f
fish|poisson|m
rice|riz|m
soup|soupe|f
salad|salade|f
butter|beurre|m
chocolate|chocolat|m
ham|jambon|m
chicken|poulet|m
jam|confiture|f
ice cream|glace|f
cream|crème|f
""",
    mass=True,
)
SEASONING = _nouns("sugar|sucre|m\nsalt|sel|m\npepper|poivre|m\nhoney|miel|m\noil|huile|f", mass=True)
FRUIT = _nouns("""
apple|pomme|f
orange|orange|f
banana|banane|f
strawberry|fraise|f
tomato|tomate|f
carrot|carotte|f
potato|pomme de terre|f
egg|œuf|m
pear|poire|f
cherry|cerise|f
lemon|citron|m
onion|oignon|m
mushroom|champignon|m
""")
TREATS = _nouns("""
cake|gâteau|m
sandwich|sandwich|m
pizza|pizza|f
biscuit|biscuit|m
omelette|omelette|f
pancake|crêpe|f
""")
FOOD_COUNT = FRUIT + TREATS
FOOD = FOOD_MASS + FOOD_COUNT
DRINKS = _nouns(
    """
water|eau|f
milk|lait|m
coffee|café|m
tea|thé|m
orange juice|jus d'orange|m
""",
    mass=True,
)
ALCOHOL = _nouns("wine|vin|m\nbeer|bière|f", mass=True)
ORDERS = _nouns("""
coffee|café|m
tea|thé|m
beer|bière|f
sandwich|sandwich|m
pizza|pizza|f
salad|salade|f
soup|soupe|f
cake|gâteau|m
orange juice|jus d'orange|m
""")
READING = _nouns("""
book|livre|m
letter|lettre|f
newspaper|journal|m
magazine|magazine|m
story|histoire|f
""")
SMALL_THINGS = _nouns("""
bag|sac|m
phone|téléphone|m
umbrella|parapluie|m
pen|stylo|m
watch|montre|f
ticket|billet|m
passport|passeport|m
suitcase|valise|f
camera|appareil photo|m
key|clé|f
wallet|portefeuille|m
ring|bague|f
pencil|crayon|m
notebook|cahier|m
dictionary|dictionnaire|m
knife|couteau|m
""")
CLOTHES = _nouns("""
coat|manteau|m
shirt|chemise|f
dress|robe|f
jacket|veste|f
hat|chapeau|m
scarf|écharpe|f
jumper|pull|m
skirt|jupe|f
tie|cravate|f
belt|ceinture|f
""")
PLURAL_CLOTHES = _nouns("""
shoes|chaussures|fp
boots|bottes|fp
gloves|gants|mp
glasses|lunettes|fp
socks|chaussettes|fp
""")
FURNITURE = _nouns("""
table|table|f
chair|chaise|f
bed|lit|m
sofa|canapé|m
lamp|lampe|f
fridge|frigo|m
mirror|miroir|m
carpet|tapis|m
armchair|fauteuil|m
wardrobe|armoire|f
clock|horloge|f
""")
BIG_THINGS = _nouns("""
car|voiture|f
house|maison|f
bike|vélo|m
computer|ordinateur|m
flat|appartement|m
television|télévision|f
""")
INSTRUMENTS = _nouns("piano|piano|m\nguitar|guitare|f\nviolin|violon|m")
SIGHTS = _nouns("""
station|gare|f
bank|banque|f
post office|poste|f
bakery|boulangerie|f
supermarket|supermarché|m
restaurant|restaurant|m
hotel|hôtel|m
museum|musée|m
park|parc|m
library|bibliothèque|f
hospital|hôpital|m
pharmacy|pharmacie|f
airport|aéroport|m
beach|plage|f
swimming pool|piscine|f
church|église|f
theatre|théâtre|m
castle|château|m
market|marché|m
cinema|cinéma|m
university|université|f
bookshop|librairie|f
zoo|zoo|m
stadium|stade|m
town hall|mairie|f
""")
SHOPS = [
    entry
    for entry in SIGHTS
    if entry.en
    in (
        "bank",
        "post office",
        "bakery",
        "supermarket",
        "restaurant",
        "museum",
        "library",
        "pharmacy",
        "swimming pool",
        "theatre",
        "castle",
        "market",
        "cinema",
        "bookshop",
    )
]
ROOMS = _nouns("""
kitchen|cuisine|f
bedroom|chambre|f
bathroom|salle de bains|f
living room|salon|m
garden|jardin|m
garage|garage|m
office|bureau|m
""")
HOUSE_PARTS = _nouns("door|porte|f\nwindow|fenêtre|f\nbox|boîte|f\nshop|magasin|m\nsuitcase|valise|f\nfridge|frigo|m")
TOWN = _nouns("""
street|rue|f
town|ville|f
village|village|m
country|pays|m
region|région|f
""")
ANIMALS = _nouns("""
dog|chien|m
cat|chat|m
horse|cheval|m
bird|oiseau|m
cow|vache|f
rabbit|lapin|m
mouse|souris|f
pig|cochon|m
sheep|mouton|m
duck|canard|m
hen|poule|f
""")
PETS = [entry for entry in ANIMALS if entry.en in ("dog", "cat", "horse", "rabbit", "bird")]
BODY = _nouns("""
head|tête|f
back|dos|m
stomach|ventre|m
leg|jambe|f
arm|bras|m
foot|pied|m
throat|gorge|f
hand|main|f
""")
WORKS = _nouns("""
film|film|m
book|livre|m
story|histoire|f
song|chanson|f
photo|photo|f
museum|musée|m
""")
SCHOOL = _nouns("""
exercise|exercice|m
question|question|f
lesson|leçon|f
exam|examen|m
word|mot|m
sentence|phrase|f
answer|réponse|f
""")
VEHICLES = _nouns("train|train|m\nbus|bus|m\nplane|avion|m\nboat|bateau|m\nbike|vélo|m\ncar|voiture|f")
TRANSPORT = [entry for entry in VEHICLES if entry.en in ("train", "bus", "plane", "boat")]
RELATIVES = _nouns("""
brother|frère|m
sister|sœur|f
mother|mère|f
father|père|m
son|fils|m
daughter|fille|f
uncle|oncle|m
aunt|tante|f
cousin|cousin|m
grandmother|grand-mère|f
grandfather|grand-père|m
friend|ami|m
neighbour|voisin|m
""")
COUNTED_RELATIVES = [
    entry for entry in RELATIVES if entry.en in ("brother", "sister", "son", "daughter", "cousin", "friend")
]
PEOPLE = _nouns("man|homme|m\nwoman|femme|f\nchild|enfant|m\ngirl|fille|f\nboy|garçon|m")
COUNTRIES = phrases(
    "France|en France",
    "Spain|en Espagne",
    "Italy|en Italie",
    "Germany|en Allemagne",
    "England|en Angleterre",
    "Canada|au Canada",
    "Japan|au Japon",
    "the United States|aux États-Unis",
    "Portugal|au Portugal",
    "Belgium|en Belgique",
    "Switzerland|en Suisse",
    "China|en Chine",
    "Greece|en Grèce",
    "Ireland|en Irlande",
)
COUNTRY_NAMES = _nouns("""
France|France|f
Spain|Espagne|f
Italy|Italie|f
Germany|Allemagne|f
England|Angleterre|f
Japan|Japon|m
Canada|Canada|m
Portugal|Portugal|m
Belgium|Belgique|f
Switzerland|Suisse|f
China|Chine|f
Greece|Grèce|f
Ireland|Irlande|f
""")
CITIES = phrases(
    "Paris|Paris",
    "London|Londres",
    "Lyon|Lyon",
    "Rome|Rome",
    "Berlin|Berlin",
    "Madrid|Madrid",
    "Marseille|Marseille",
    "Brussels|Bruxelles",
    "Geneva|Genève",
    "Lisbon|Lisbonne",
    "New York|New York",
)
LANGUAGES = phrases(
    "French|français",
    "English|anglais",
    "Spanish|espagnol",
    "Italian|italien",
    "German|allemand",
    "Chinese|chinois",
    "Japanese|japonais",
    "Portuguese|portugais",
)

COLOURS = adjectives("red|rouge\nblue|bleu\ngreen|vert\nblack|noir\nwhite|blanc\nyellow|jaune\ngrey|gris\npink|rose")
SIZES = adjectives("big|grand\nsmall|petit\nnew|nouveau\nold|vieux\nbeautiful|beau", before=True)
THING_STATES = adjectives("""
new|neuf
expensive|cher
heavy|lourd
clean|propre
dirty|sale
broken|cassé
beautiful|beau
big|grand
small|petit
old|vieux
cheap|bon marché
""")
CAR_STATES = [a for a in THING_STATES if a.en != "heavy"]
CLOTHES_LOOKS = adjectives("""
too big|trop grand
too small|trop petit
too long|trop long
too short|trop court
too expensive|trop cher
very beautiful|très beau
""")
PLACE_LOOKS = adjectives("""
open|ouvert
closed|fermé
empty|vide
""")
ROOM_LOOKS = adjectives("""
clean|propre
dirty|sale
small|petit
big|grand
dark|sombre
""")
WORK_QUALITIES = adjectives("""
interesting|intéressant
boring|ennuyeux
long|long
funny|drôle
sad|triste
famous|célèbre
beautiful|beau
""")
LESSON_QUALITIES = adjectives(
    "difficult|difficile\neasy|facile\nlong|long\nimportant|important\ninteresting|intéressant"
)
TASTES = adjectives("delicious|délicieux\ngood|bon\nfresh|frais\ncold|froid")
FEELINGS = adjectives("""
tired|fatigué
ill|malade
happy|heureux
sad|triste
angry|en colère
busy|occupé
ready|prêt
late|en retard
alone|seul
worried|inquiet
nervous|nerveux
surprised|surpris
disappointed|déçu
proud|fier|fière
jealous|jaloux|jalouse
""")
TRAITS = adjectives("""
tall|grand
kind|gentil
intelligent|intelligent
funny|drôle
young|jeune
old|vieux
beautiful|beau
shy|timide
lazy|paresseux
strong|fort
rich|riche
famous|célèbre
serious|sérieux
patient|patient
brave|courageux
polite|poli
calm|calme
curious|curieux
generous|généreux
""")
NATIONALITIES = adjectives(
    "French|français\nEnglish|anglais\nSpanish|espagnol\nItalian|italien\nGerman|allemand\nChinese|chinois\n"
    "Japanese|japonais\nPortuguese|portugais\nBelgian|belge\nAmerican|américain\nCanadian|canadien"
)
JOBS = adjectives("""
teacher|professeur|professeur
doctor|médecin|médecin
nurse|infirmier|infirmière
engineer|ingénieur|ingénieur
student|étudiant|étudiante
lawyer|avocat|avocate
baker|boulanger|boulangère
cook|cuisinier|cuisinière
journalist|journaliste
musician|musicien|musicienne
writer|écrivain|écrivain
farmer|agriculteur|agricultrice
dentist|dentiste
singer|chanteur
pilot|pilote
hairdresser|coiffeur
architect|architecte
painter|peintre
photographer|photographe
vet|vétérinaire
""")
ANIMAL_LOOKS = adjectives("beautiful|beau\nsmall|petit\nold|vieux\nblack|noir\nwhite|blanc\nhungry|affamé")[:5]

NATURE = _nouns("""
lake|lac|m
river|rivière|f
forest|forêt|f
mountain|montagne|f
sea|mer|f
island|île|f
""")
PLANTS = _nouns("tree|arbre|m\nflower|fleur|f")
TABLEWARE = _nouns("""
plate|assiette|f
glass|verre|m
cup|tasse|f
knife|couteau|m
fork|fourchette|f
spoon|cuillère|f
bottle|bouteille|f
""")
ZOO_ANIMALS = _nouns("lion|lion|m\nelephant|éléphant|m\nmonkey|singe|m\nbear|ours|m\nsnake|serpent|m")
SUBJECTS = _nouns(
    """
history|histoire|f
geography|géographie|f
music|musique|f
art|art|m
sport|sport|m
""",
    mass=True,
)
SENT = _nouns("""
letter|lettre|f
parcel|colis|m
postcard|carte postale|f
message|message|m
present|cadeau|m
photo|photo|f
""")
ABSTRACT = _nouns("time|temps|m\nmoney|argent|m\nwork|travail|m\nluck|chance|f\npatience|patience|f", mass=True)
CROWDS = _nouns("""
friend|ami|m
book|livre|m
child|enfant|m
question|question|f
problem|problème|m
photo|photo|f
dress|robe|f
""")

GENDERS = {
    "mère": "f",
    "père": "m",
    "parents": "mp",
    "frère": "m",
    "sœur": "f",
    "amis": "mp",
    "ami": "m",
    "fils": "m",
    "fille": "f",
    "enfants": "mp",
    "clés": "fp",
    "téléphone": "m",
    "sac": "m",
    "passeport": "m",
    "voiture": "f",
    "chambre": "f",
    "devoirs": "mp",
    "travail": "m",
    "chien": "m",
    "chat": "m",
    "grand-mère": "f",
    "grand-père": "m",
    "grands-parents": "mp",
    "oncle": "m",
    "tante": "f",
    "vacances": "fp",
    "maison": "f",
    "valise": "f",
    "cousin": "m",
    "voisin": "m",
    "voisins": "mp",
    "professeur": "m",
    "parapluie": "m",
    "portefeuille": "m",
    "école": "f",
    "anniversaire": "m",
    "vélo": "m",
    "manteau": "m",
    "chaussures": "fp",
    "lunettes": "fp",
    "mari": "m",
    "femme": "f",
    "rendez-vous": "m",
    "famille": "f",
    "billet": "m",
    "montre": "f",
    "ordinateur": "m",
    "chapeau": "m",
    "café": "m",
    "petit déjeuner": "m",
    "chemise": "f",
    "robe": "f",
    "livre": "m",
    "livres": "mp",
    "billets": "mp",
    "adresse": "f",
    "nom": "m",
    "veste": "f",
    "mains": "fp",
    "jardin": "m",
    "bague": "f",
    "meilleur ami": "m",
    "collègues": "mp",
    "chef": "m",
    "guitare": "f",
    "bureau": "m",
    "équipe": "f",
}
