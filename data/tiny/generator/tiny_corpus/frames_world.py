"""Frames about nature, the table, school, sending and lending, manner and quantity."""

from __future__ import annotations

from . import nouns, people, times
from .model import Noun, Phrase, phrases
from .template import frame

ANYONE = people.SOMEONE
CLOSE = people.PRIVATE
NO_KIDS = people.ADULTS
ADVERBS = {
    "slowly": "lentement",
    "fast": "vite",
    "well": "bien",
    "very well": "très bien",
    "too fast": "trop vite",
    "a lot": "beaucoup",
    "too much": "trop",
    "very little": "très peu",
    "badly": "mal",
}
MANNERS = [
    Phrase(f"{en} {adverb}", f"{fr} {ADVERBS[adverb]}", frozenset(tags))
    for en, fr, adverbs, *tags in (
        ("eat", "manger", ("slowly", "too fast", "a lot", "too much", "very little", "well")),
        ("speak", "parler", ("slowly", "too fast", "fast", "a lot", "too much", "very little")),
        ("drive", "conduire", ("slowly", "too fast", "fast", "very well", "badly"), "not-kid"),
        ("walk", "marcher", ("slowly", "fast", "too fast", "a lot")),
        ("work", "travailler", ("well", "a lot", "too much", "very little", "slowly", "fast"), "not-kid"),
        ("sleep", "dormir", ("well", "badly", "a lot", "very little", "too much")),
        ("sing", "chanter", ("very well", "badly", "well")),
        ("dance", "danser", ("very well", "badly", "well"), "not-old"),
        ("swim", "nager", ("very well", "fast", "badly")),
        ("read", "lire", ("a lot", "slowly", "very well", "fast")),
        ("run", "courir", ("fast", "very little", "a lot"), "not-old"),
        ("travel", "voyager", ("a lot", "very little", "too much"), "not-kid"),
        ("cook", "cuisiner", ("very well", "well", "badly", "a lot"), "not-kid"),
        ("laugh", "rire", ("a lot", "too much")),
    )
    for adverb in adverbs
]
QUANTITIES = phrases(
    "a lot of|beaucoup de",
    "too much|trop de",
    "enough|assez de",
    "very little|très peu de",
    "more|plus de",
)
MANY = phrases("a lot of|beaucoup de", "too many|trop de", "enough|assez de", "few|peu de")
OUTSIDE = phrases(
    "in the forest|dans la forêt",
    "in the mountains|à la montagne",
    "by the sea|au bord de la mer",
    "by the lake|au bord du lac",
    "by the river|au bord de la rivière",
    "on the island|sur l'île",
    "in the country|à la campagne",
    "on the beach|sur la plage",
)
WALKS = phrases(
    "go for a walk|se+promener",
    "have lunch|déjeuner",
    "play|jouer|not-grown|not-parent|not-old",
    "sleep|dormir",
    "take photos|prendre des photos",
    "rest|se+reposer",
    "read a book|lire un livre",
    "meet <friends>|retrouver <amis>",
)
FLOORS = phrases(
    "first|premier",
    "second|deuxième",
    "third|troisième",
    "fourth|quatrième",
    "fifth|cinquième",
    "sixth|sixième",
    "last|dernier",
)
SPORTS = phrases("football|football", "tennis|tennis", "basketball|basket", "rugby|rugby")
PLAYED = phrases(
    "football|au football",
    "tennis|au tennis",
    "basketball|au basket",
    "rugby|au rugby",
    "golf|au golf",
    "chess|aux échecs",
    "cards|aux cartes",
)
RECIPIENTS = phrases(
    "<mother>|<mère>",
    "<brother>|<frère>",
    "<parents>|<parents>",
    "<friends>|<amis>",
    "<grandmother>|<grand-mère>",
    "Paul|Paul",
    "Marie|Marie",
    "Julie|Julie",
)
SENDERS = phrases(
    "my mother|ma mère",
    "my brother|mon frère",
    "my parents|mes parents",
    "my aunt|ma tante",
    "our neighbours|nos voisins",
    "Paul|Paul",
    "Marie|Marie",
    "Anna|Anna",
    "my boss|mon chef",
    "our friends|nos amis",
)
LENT = (
    [n for n in nouns.SMALL_THINGS if n.en in ("umbrella", "pen", "camera", "pencil", "dictionary", "bag", "knife")]
    + [n for n in nouns.BIG_THINGS if n.en in ("car", "bike", "computer")]
    + nouns.READING[:1]
)
OWN_THINGS = phrases(
    "car|voiture",
    "bike|vélo",
    "book|livre",
    "umbrella|parapluie",
    "coat|manteau",
    "phone|téléphone",
    "computer|ordinateur",
    "jacket|veste",
    "watch|montre",
)
PROMISED = phrases(
    "come|venir",
    "help you|vous+aider",
    "call you|vous+appeler",
    "write to you|vous+écrire",
    "come back soon|revenir bientôt",
    "be here tomorrow|être là demain",
    "come home early|rentrer tôt",
    "wait for you|vous+attendre",
    "pay the bill|payer l'addition",
    "say nothing|ne rien dire",
)
TOLD = phrases(
    "the truth|la vérité",
    "everything|tout",
    "a story|une histoire",
    "something|quelque chose",
    "<name>|<nom>",
    "<address>|<adresse>",
)
NEG_VERBS = phrases(
    "see|voir",
    "hear|entendre",
    "eat|manger",
    "buy|acheter",
    "say|dire",
    "find|trouver",
    "forget|oublier",
    "understand|comprendre",
    "do|faire",
    "drink|boire",
    "lose|perdre",
)
PERSON_VERBS = phrases("see|voir", "hear|entendre", "call|appeler", "invite|inviter", "meet|rencontrer", "help|aider")
ACCIDENTS = phrases(
    "break a glass|casser un verre",
    "break a plate|casser une assiette",
    "break the window|casser la fenêtre",
    "break the lamp|casser la lampe",
    "break a cup|casser une tasse",
    "break the mirror|casser le miroir",
    "break the clock|casser l'horloge",
    "break a bottle|casser une bouteille",
)

READING_PLACES = phrases(
    "in the garden|dans le jardin",
    "in the garden|dans le jardin",
    "in the kitchen|dans la cuisine",
    "in the living room|dans le salon",
    "in the park|dans le parc",
    "in bed|au lit",
    "on the beach|sur la plage",
    "at the library|à la bibliothèque",
)
NATURE = [
    frame(
        150,
        "{s} {do s|read {x.a} {p}|prog}.",
        "{s} {do s|lire {x.a} {p}|pres}.",
        s=CLOSE,
        x=nouns.READING[:1] * 3 + nouns.READING,
        p=READING_PLACES,
    ),
    frame(
        80,
        "{s} {do s|{v} {p}|prog}.",
        "{s} {do s|{v} {p}|pres}.",
        s=CLOSE,
        v=phrases(
            "sleep|dormir",
            "play|jouer|not-grown|not-parent|not-old",
            "rest|se+reposer",
            "work|travailler|not-kid",
        ),
        p=READING_PLACES[1:5],
    ),
    frame(
        110,
        "{s} {do s|v|past} {p} {t}.",
        "{s} {do s|v|pc} {p} {t}.",
        s=CLOSE,
        v=WALKS,
        p=OUTSIDE,
        t=times.PAST[:9],
    ),
    frame(
        70,
        "{s} {do s|v|goto} {p} {t}.",
        "{s} {do s|v|proche} {p} {t}.",
        s=CLOSE,
        v=WALKS,
        p=OUTSIDE,
        t=times.FUTURE[:9],
    ),
    frame(
        60,
        "{s} {do s|like {do s|v|ing}|pres} {p}.",
        "{s} {do s|aimer {do s|v|inf}|pres} {p}.",
        s=CLOSE,
        v=WALKS,
        p=OUTSIDE,
    ),
    frame(60, "{s} {do s|live {p}|pres}.", "{s} {do s|habiter {p}|pres}.", s=CLOSE, p=OUTSIDE[1:7]),
    frame(
        50,
        "{s} {do s|spend <holidays> {p}|past}.",
        "{s} {do s|passer <vacances> {p}|pc}.",
        s=CLOSE,
        p=OUTSIDE[1:7],
    ),
    frame(
        40,
        "There is {x.a} near {y.the}.",
        "Il y a {x.a} près de {y.the}.",
        x=nouns.NATURE[:3],
        y=nouns.TOWN[2:3] + nouns.SIGHTS[6:7] + nouns.SIGHTS[15:16] + nouns.SIGHTS[12:13] + nouns.BIG_THINGS[1:2],
    ),
    frame(
        40,
        "{x.this} is {d}{x~c}.",
        "{x.this} est {d}{x~c}.",
        x=nouns.NATURE + nouns.PLANTS,
        c=nouns.adjectives("beautiful|beau\nbig|grand\nsmall|petit"),
        d=phrases("|", "very |très "),
    ),
    frame(
        40,
        "There are {q} {x.bare+} in {y.the}.",
        "Il y a {q} {x.bare+} dans {y.the}.",
        q=MANY[:2] + times.SMALL_NUMBERS[:3] * 2,
        x=nouns.PLANTS,
        y=nouns.ROOMS[4:5] + nouns.SIGHTS[8:9] + nouns.TOWN[:1],
    ),
    frame(
        70,
        "{s} {do s|see {x.a} at the zoo|past} {t}.",
        "{s} {do s|voir {x.a} au zoo|pc} {t}.",
        s=CLOSE,
        x=nouns.ZOO_ANIMALS,
        t=times.PAST[:2] + times.PAST[6:9] + times.LONG_AGO[:3],
    ),
    frame(
        70,
        "{s} {do s|be afraid of {x.gen}|pres}.",
        "{s} {do s|avoir peur de {x.gen}|pres}.",
        s=CLOSE,
        x=nouns.ZOO_ANIMALS + nouns.ANIMALS[:1],
    ),
    frame(
        40,
        "{x.the} is {d}{x~c}.",
        "{x.the} est {d}{x~c}.",
        x=nouns.ZOO_ANIMALS + nouns.ANIMALS[7:],
        c=nouns.adjectives("old|vieux\nbig|grand\nsmall|petit\ntired|fatigué\nill|malade\nbeautiful|beau"),
        d=phrases("|", "very |très "),
    ),
    frame(
        40,
        "My grandfather has {n} {x.bare+}.",
        "Mon grand-père a {n} {x.bare+}.",
        n=times.SMALL_NUMBERS,
        x=nouns.ANIMALS,
    ),
    frame(
        40,
        "{s} {do s|buy flowers for {r}|past} {t}.",
        "{s} {do s|acheter des fleurs pour {r}|pc} {t}.",
        s=NO_KIDS,
        r=RECIPIENTS,
        t=times.PAST[:9],
        fits=lambda b: not b["s"].tags & {"parent"} and b["s"].en != b["r"].en,
    ),
]

TABLE = [
    frame(40, "{x.the} is on the table.", "{x.the} est sur la table.", x=nouns.TABLEWARE),
    frame(
        50,
        "{x.the} is {x~c}.",
        "{x.the} est {x~c}.",
        x=nouns.TABLEWARE,
        c=nouns.adjectives("dirty|sale\nclean|propre\nbroken|cassé\nempty|vide"),
        fits=lambda b: b["c"].en != "empty" or b["x"].en in ("glass", "cup", "plate", "bottle"),
    ),
    frame(40, "I need {x.a}.", "J'ai besoin de {x.a}.", x=nouns.TABLEWARE),
    frame(
        40,
        "Can you give me {x.a}, please?",
        "Pouvez-vous me donner {x.a}, s'il vous plaît ?",
        x=nouns.TABLEWARE + nouns.SMALL_THINGS[3:4] + nouns.SMALL_THINGS[12:15] + nouns.FRUIT,
    ),
    frame(
        40,
        "{n}, can you give me {x.the}?",
        "{n}, tu peux me donner {x.the} ?",
        n=people.FAMILIARS,
        x=nouns.TABLEWARE + nouns.SEASONING + nouns.FOOD_MASS[:1],
    ),
    frame(
        70,
        "There are {n} {x.bare+} on the table.",
        "Il y a {n} {x.bare+} sur la table.",
        n=times.SMALL_NUMBERS,
        x=nouns.TABLEWARE,
    ),
    frame(50, "{s} {do s|v|perf}.", "{s} {do s|v|pc}.", s=CLOSE, v=ACCIDENTS),
    frame(40, "{s} {do s|v|past} {t}.", "{s} {do s|v|pc} {t}.", s=CLOSE, v=ACCIDENTS, t=times.PAST[:7]),
    frame(
        30,
        "{n}, put {x.the+} on the table, please.",
        "{n}, mets {x.the+} sur la table, s'il te plaît.",
        n=people.FAMILIARS,
        x=nouns.TABLEWARE,
    ),
    frame(
        35,
        "{s} {do s|cut {x.the} with a knife|prog}.",
        "{s} {do s|couper {x.the} avec un couteau|pres}.",
        s=NO_KIDS,
        x=[n for n in nouns.FOOD_MASS if n.en in ("bread", "cheese", "meat", "ham", "chicken")]
        + nouns.TREATS[:1]
        + nouns.TREATS[2:3],
    ),
]

SCHOOL = [
    frame(45, "{s} {do s|like {x.gen}|pres}.", "{s} {do s|aimer {x.gen}|pres}.", s=CLOSE, x=nouns.SUBJECTS),
    frame(
        40,
        "{s} {do s|study {x.gen}|pres} at university.",
        "{s} {do s|étudier {x.gen}|pres} à l'université.",
        s=[p for p in CLOSE if not p.tags],
        x=nouns.SUBJECTS[:3] + nouns.SUBJECTS[4:],
    ),
    frame(
        30,
        "{x} is {d}.",
        "{x.the} est {d}.",
        x=nouns.SUBJECTS[:2],
        d=phrases(
            "interesting|intéressante",
            "difficult|difficile",
            "easy|facile",
            "boring|ennuyeuse",
            "very interesting|très intéressante",
            "very important|très importante",
        ),
    ),
    frame(
        40,
        "{s} {do s|have {x.a.c}|pres}.",
        "{s} {do s|avoir {x.a.c}|pres}.",
        s=CLOSE,
        x=[n for n in nouns.SMALL_THINGS if n.en in ("pencil", "notebook", "dictionary", "pen")],
        c=nouns.COLOURS + nouns.SIZES[2:3],
    ),
    frame(50, "{s} {do s|like playing {g}|pres}.", "{s} {do s|aimer jouer {g}|pres}.", s=CLOSE, g=PLAYED),
    frame(
        70,
        "{s} {do s|v|past} {t}.",
        "{s} {do s|v|pc} {t}.",
        s=CLOSE,
        v=[
            Phrase(
                "play " + p.en,
                "jouer " + p.fr,
                frozenset({"not-old", "not-parent"} if p.en in ("football", "rugby", "basketball") else ()),
            )
            for p in PLAYED
        ],
        t=times.PAST[:9],
    ),
    frame(
        60,
        "{s} {do s|v|pres} {t}.",
        "{s} {do s|v|pres} {t}.",
        s=CLOSE,
        v=[
            Phrase(
                "play " + p.en,
                "jouer " + p.fr,
                frozenset({"not-old", "not-parent"} if p.en in ("football", "rugby", "basketball") else ()),
            )
            for p in PLAYED
        ],
        t=times.HABIT[1:7] + times.HABIT[9:],
    ),
    frame(
        40,
        "Do you want to play {g} {t}?",
        "Voulez-vous jouer {g} {t} ?",
        g=PLAYED,
        t=phrases("|") + times.FUTURE[:4],
    ),
    frame(40, "{n}, do you want to play {g}?", "{n}, tu veux jouer {g} ?", n=people.FAMILIARS, g=PLAYED),
    frame(35, "{s} {do s|play {g} very well|pres}.", "{s} {do s|jouer très bien {g}|pres}.", s=CLOSE, g=PLAYED),
    frame(
        50,
        "{s} {do s|win the {x} match|past} {t}.",
        "{s} {do s|gagner le match de {x}|pc} {t}.",
        s=[p for p in CLOSE if not p.tags],
        x=SPORTS[:4],
        t=times.PAST[:9],
    ),
    frame(
        40,
        "{s} {do s|explain {x.the} to me|past}.",
        "{s} {do s|me+expliquer {x.the}|pc}.",
        s=people.THIRD,
        x=nouns.SCHOOL[:3] + nouns.SCHOOL[4:] + [Noun("problem", "problème", False)],
    ),
    frame(
        40,
        "Can you explain {x.this} to me?",
        "Pouvez-vous m'expliquer {x.this} ?",
        x=nouns.SCHOOL[:3] + nouns.SCHOOL[4:] + [Noun("problem", "problème", False)],
    ),
    frame(
        30,
        "{s} {do s|answer {x.this}|must}.",
        "{s} {do s|devoir répondre à {x.this}|pres}.",
        s=CLOSE,
        x=nouns.SCHOOL[1:2] + nouns.SENT[:1] + nouns.SENT[3:4],
    ),
]

SENDING = [
    frame(
        60,
        "{s} {do s|send {x.a} to {r}|past}.",
        "{s} {do s|envoyer {x.a} à {r}|pc}.",
        s=[p for p in CLOSE if "parent" not in p.tags and "old" not in p.tags],
        x=nouns.SENT,
        r=RECIPIENTS[:4] + RECIPIENTS[5:],
        fits=lambda b: b["s"].en != b["r"].en,
    ),
    frame(
        50,
        "{s} {do s|receive {x.a} from {r}|past} {t}.",
        "{s} {do s|recevoir {x.a} de {r}|pc} {t}.",
        s=people.PRONOUNS,
        x=nouns.SENT,
        r=SENDERS,
        t=times.PAST[:9],
    ),
    frame(
        35,
        "{s} {do s|receive {x.a} from {r}|past}.",
        "{s} {do s|recevoir {x.a} de {r}|pc}.",
        s=[people.SPEAKER, people.WE],
        x=nouns.SENT,
        r=SENDERS,
    ),
    frame(
        40,
        "{s} {do s|give <{x}> to {r}|past}.",
        "{s} {do s|donner <{x}> à {r}|pc}.",
        s=[p for p in CLOSE if not p.tags],
        x=OWN_THINGS,
        r=RECIPIENTS[1:2] + RECIPIENTS[3:4] + RECIPIENTS[5:],
        fits=lambda b: b["s"].en != b["r"].en,
    ),
    frame(40, "{s} {do s|lend me <{x}>|past}.", "{s} {do s|me+prêter <{x}>|pc}.", s=people.THIRD, x=OWN_THINGS),
    frame(40, "Can you lend me {x.your}?", "Pouvez-vous me prêter {x.your} ?", x=LENT),
    frame(40, "{n}, can you lend me {x.thy}?", "{n}, tu peux me prêter {x.thy} ?", n=people.FAMILIARS, x=LENT),
    frame(
        40,
        "{s} {do s|promise to {do s|v|inf}|past}.",
        "{s} {do s|promettre de {do s|v|inf}|pc}.",
        s=[people.SPEAKER, people.HE, people.SHE, people.WE, people.THEY, *people.NAMES[:3]],
        v=PROMISED[:9],
    ),
    frame(40, "I promise to {v}.", "Je promets de {do s|v|inf}.", s=[people.SPEAKER], v=PROMISED[:9]),
    frame(
        40,
        "{s} {do s|tell me {o}|past}.",
        "{s} {do s|me+dire {o}|pc}.",
        s=people.THIRD,
        o=TOLD[:2] + TOLD[3:],
    ),
    frame(
        40,
        "{s} {do s|bring {x.a} for {r}|past}.",
        "{s} {do s|apporter {x.a} pour {r}|pc}.",
        s=people.THIRD,
        x=nouns.SENT[4:5] * 3 + nouns.TREATS[:1] + nouns.READING[:1] + nouns.TABLEWARE[6:] + nouns.TREATS[2:3],
        r=phrases("me|moi", "you|vous", "us|nous", "the children|les enfants", "my mother|ma mère"),
        fits=lambda b: b["s"].en != b["r"].en and "mother" not in b["s"].en,
    ),
    frame(
        30,
        "This {x} is for {r}.",
        "{x.this} est pour {r}.",
        x=nouns.SENT + nouns.READING[:1],
        r=phrases(
            "me|moi",
            "you|vous",
            "us|nous",
            "her|elle",
            "him|lui",
            "the children|les enfants",
            "my mother|ma mère",
            "Paul|Paul",
            "Marie|Marie",
        ),
    ),
    frame(
        40,
        "{s} {do s|choose {x.this.c}|past}.",
        "{s} {do s|choisir {x.this.c}|pc}.",
        s=CLOSE,
        x=nouns.CLOTHES + nouns.BIG_THINGS[:1] + nouns.FURNITURE[:5],
        c=nouns.COLOURS,
    ),
    frame(
        40,
        "{s} {do s|remember {x.this}|pres}.",
        "{s} {do s|se+souvenir de {x.this}|pres}.",
        s=CLOSE,
        x=nouns.WORKS[:5] + nouns.PEOPLE + nouns.TOWN[:3] + nouns.SIGHTS[5:7],
    ),
]

MANNER = [
    frame(130, "{s} {do s|v|pres}.", "{s} {do s|v|pres}.", s=ANYONE, v=MANNERS),
    frame(
        40,
        "You must {v}.",
        "Vous devez {do s|v|inf}.",
        s=[people.YOU],
        v=[m for m in MANNERS if m.en.split(" ", 1)[1] in ("slowly", "fast", "a lot")],
    ),
    frame(
        40,
        "Why {ask s|v|prog}?",
        "Pourquoi {wh s|v|pres} ?",
        s=people.ASKED,
        v=[m for m in MANNERS if m.en.endswith(("slowly", "fast"))],
    ),
    frame(
        60,
        "{s} {do s|have {q} {x}|pres}.",
        "{s} {do s|avoir {q} {x}|pres}.",
        s=people.PRONOUNS + people.NAMES,
        q=QUANTITIES[:4],
        x=nouns.ABSTRACT[:3],
    ),
    frame(
        40,
        "{s} {do s|have any {x}|pres|not}.",
        "{s} {do s|avoir de {x}|pres|pas}.",
        s=people.PRONOUNS + people.NAMES,
        x=nouns.ABSTRACT[:3],
    ),
    frame(
        45,
        "{s} {do s|have {q} {x.bare+}|pres}.",
        "{s} {do s|avoir {q} {x.bare+}|pres}.",
        s=people.PRONOUNS + people.NAMES,
        q=MANY[:2],
        x=nouns.CROWDS[:2] + nouns.CROWDS[4:],
    ),
    frame(
        40,
        "There are {q} {x.bare+} {p}.",
        "Il y a {q} {x.bare+} {p}.",
        q=MANY[:2],
        x=nouns.PEOPLE[:3] + nouns.VEHICLES[5:] + nouns.VEHICLES[1:2] + nouns.VEHICLES[4:5],
        p=phrases(
            "in the street|dans la rue",
            "in this town|dans cette ville",
            "in front of the station|devant la gare",
        ),
    ),
    frame(
        45,
        "{s} {do s|eat {q} {x}|pres}.",
        "{s} {do s|manger {q} {x.bare}|pres}.",
        s=CLOSE,
        q=QUANTITIES[:2],
        x=nouns.FOOD_MASS,
    ),
    frame(
        30,
        "{s} {do s|put {q} {x} in <coffee>|pres}.",
        "{s} {do s|mettre {q} {x} dans <café>|pres}.",
        s=[p for p in CLOSE if "kid" not in p.tags],
        q=QUANTITIES[:2],
        x=nouns.SEASONING[:1] + nouns.DRINKS[1:2],
    ),
    frame(
        70,
        "{s} {do s|live on the {f} floor|pres}.",
        "{s} {do s|habiter au {f} étage|pres}.",
        s=CLOSE,
        f=FLOORS,
    ),
    frame(
        25,
        "The {x} is on the {f} floor.",
        "{x.the} est au {f} étage.",
        x=[n for n in nouns.SIGHTS if n.en in ("restaurant", "library")] + nouns.ROOMS[1:2] + nouns.ROOMS[6:],
        f=FLOORS,
    ),
    frame(
        90,
        "{s} {do s|{v} anything|past|not}.",
        "{s} {do s|{v}|pc|rien}.",
        s=people.PRONOUNS * 2 + people.NAMES + people.RELATIVES[:6],
        v=NEG_VERBS,
    ),
    frame(
        40,
        "{s} {do s|{v} anything|pres|not}.",
        "{s} {do s|{v}|pres|rien}.",
        s=people.PRONOUNS + people.NAMES[:4],
        v=[v for v in NEG_VERBS if v.en not in ("find", "forget", "lose")],
    ),
    frame(
        45,
        "{s} {do s|{v} anyone|pres|not}.",
        "{s} {do s|{v}|pres|personne}.",
        s=people.PRONOUNS + people.NAMES,
        v=PERSON_VERBS[:2] + PERSON_VERBS[5:] + phrases("know|connaître", "love|aimer", "believe|croire"),
    ),
    frame(50, "{s} {do s|{v} something|past}.", "{s} {do s|{v} quelque chose|pc}.", s=CLOSE, v=NEG_VERBS[:7]),
    frame(
        40,
        "{s} {do s|{v} someone|past} {t}.",
        "{s} {do s|{v} quelqu'un|pc} {t}.",
        s=CLOSE,
        v=PERSON_VERBS,
        t=times.PAST[:2] + times.PAST[4:7],
    ),
    frame(40, "{ask s|{v} something|past}?", "{ask s|{v} quelque chose|pc} ?", s=people.ASKED, v=NEG_VERBS[:8]),
    frame(
        40,
        "{ask s|want to {do s|v|inf}|pres} something?",
        "{ask s|vouloir {do s|v|inf}|pres} quelque chose ?",
        s=people.ASKED,
        v=phrases("eat|manger", "drink|boire", "buy|acheter", "say|dire", "read|lire"),
    ),
    frame(
        60,
        "{s} {do s|invite {w} to {e}|past}.",
        "{s} {do s|inviter {w} à {e}|pc}.",
        s=[people.SPEAKER, people.HE, people.SHE, people.WE, people.THEY],
        w=SENDERS[:1] + SENDERS[2:7],
        e=phrases("the party|@la fête", "dinner|dîner", "the restaurant|@le restaurant", "the cinema|@le cinéma"),
    ),
    frame(
        45,
        "{s} {do s|come to the party {t}|will}.",
        "{s} {do s|venir à la fête {t}|fut}.",
        s=ANYONE,
        t=times.FUTURE[:1] + times.FUTURE[4:6] + times.FUTURE[9:13],
    ),
    frame(
        35,
        "{ask s|come to the party {t}|prog}?",
        "{ask s|venir à la fête {t}|pres} ?",
        s=people.ASKED,
        t=times.FUTURE[4:6] + times.FUTURE[9:13],
    ),
    frame(40, "{s} {do s|be bored|pres}.", "{s} {do s|se+ennuyer|pres}.", s=CLOSE),
    frame(40, "{s} {do s|be lucky|pres}.", "{s} {do s|avoir de la chance|pres}.", s=CLOSE),
]

FRAMES = NATURE + TABLE + SCHOOL + SENDING + MANNER
