"""Frames of set phrases between people: wishes, comfort, warnings, agreement, coming back."""

from __future__ import annotations

from . import actions, nouns, people, times
from .model import phrases
from .template import frame

NAMED = people.FAMILIARS
SOCIAL = people.PRIVATE
MISSED = [n for n in nouns.RELATIVES if n.en not in ("neighbour", "cousin")]
JUDGED = phrases(
    "possible|possible", "impossible|impossible", "important|important", "difficult|difficile", "easy|facile"
)
STOPPED = phrases(
    "smoke|fumer|not-kid",
    "work|travailler|not-kid",
    "laugh|rire",
    "cry|pleurer|not-grown|not-parent",
    "play tennis|jouer au tennis|not-old",
    "drink coffee|boire du café|not-kid",
    "eat meat|manger de la viande",
    "study|étudier",
    "sing|chanter",
)

WISHES = [
    frame(24, "Don't worry, {n}.", "Ne t'inquiète pas, {n}.", n=NAMED),
    frame(24, "Merry Christmas, {n}!", "Joyeux Noël, {n} !", n=NAMED),
    frame(24, "Happy birthday, {n}!", "Joyeux anniversaire, {n} !", n=NAMED),
    frame(24, "Congratulations, {n}!", "Félicitations, {n} !", n=NAMED),
    frame(24, "Good luck, {n}!", "Bonne chance, {n} !", n=NAMED),
    frame(24, "Have a good trip, {n}!", "Bon voyage, {n} !", n=NAMED),
    frame(24, "Enjoy your meal, {n}!", "Bon appétit, {n} !", n=NAMED),
    frame(24, "Well done, {n}!", "Bravo, {n} !", n=NAMED),
    frame(24, "Welcome, {n}!", "Bienvenue, {n} !", n=NAMED),
    frame(24, "Good night, {n}.", "Bonne nuit, {n}.", n=NAMED),
    frame(24, "Thank you, {n}.", "Merci, {n}.", n=NAMED),
    frame(24, "Yes, of course, {n}.", "Oui, bien sûr, {n}.", n=NAMED),
    frame(
        24,
        "See you {t}, {n}!",
        "À {t}, {n} !",
        n=NAMED,
        t=phrases("tomorrow|demain", "tonight|ce soir", "on Monday|lundi", "on Friday|vendredi", "soon|bientôt"),
    ),
    frame(30, "Welcome to {c}!", "Bienvenue à {c} !", c=nouns.CITIES),
    frame(30, "Have a good trip to {c}!", "Bon voyage à {c} !", c=nouns.CITIES),
    frame(
        30,
        "Thank you for {x.the}.",
        "Merci pour {x.the}.",
        x=[n for n in nouns.SENT + nouns.TREATS + nouns.DRINKS + nouns.SMALL_THINGS if n.en not in ("water", "milk")],
    ),
]
WARNINGS = [
    frame(24, "Hurry up, {n}!", "Dépêche-toi, {n} !", n=NAMED),
    frame(24, "Be careful, {n}!", "Fais attention, {n} !", n=NAMED),
    frame(24, "Be quiet, {n}!", "Tais-toi, {n} !", n=NAMED),
    frame(24, "Sit down, {n}.", "Assieds-toi, {n}.", n=NAMED),
    frame(24, "Stop, {n}!", "Arrête, {n} !", n=NAMED),
    frame(24, "Listen to me, {n}.", "Écoute-moi, {n}.", n=NAMED),
    frame(24, "Look at me, {n}.", "Regarde-moi, {n}.", n=NAMED),
    frame(24, "Answer me, {n}!", "Réponds-moi, {n} !", n=NAMED),
    frame(24, "Come quickly, {n}!", "Viens vite, {n} !", n=NAMED),
    frame(24, "Don't move, {n}!", "Ne bouge pas, {n} !", n=NAMED),
    frame(24, "Don't touch anything, {n}!", "Ne touche à rien, {n} !", n=NAMED),
    frame(
        24,
        "What is your favourite {x}, {n}?",
        "{x~quel} est {x.thy} {x~préféré}, {n} ?",
        n=NAMED,
        x=nouns.WORKS[:2] + nouns.WORKS[3:4],
    ),
]
NEWS = [
    frame(
        45,
        "{s} {do s|be married|pres}.",
        "{s} {do s|être [marié]|pres}.",
        s=[p for p in SOCIAL if not p.tags & {"kid", "grown"}],
    ),
    frame(
        45,
        "{s} {do s|get married {t}|goto}.",
        "{s} {do s|se+marier {t}|proche}.",
        t=times.FUTURE[7:11],
        s=[p for p in SOCIAL if not p.tags and p.en != "you"],
    ),
    frame(
        60,
        "{s} {do s|be back {t}|will}.",
        "{s} {do s|être de retour {t}|fut}.",
        s=SOCIAL,
        t=times.FUTURE[:5] + times.FUTURE[9:12] + phrases("soon|bientôt", "in an hour|dans une heure"),
    ),
    frame(60, "{s} {do s|be here {t}|will}.", "{s} {do s|être là {t}|fut}.", s=SOCIAL, t=times.FUTURE[:5]),
    frame(
        60,
        "{s} {do s|be {c}|pres} again.",
        "{s} {do s|être encore|pres} {s~c}.",
        s=SOCIAL,
        c=[c for c in nouns.FEELINGS if c.en in ("late", "ill", "angry", "sad", "tired")],
    ),
    frame(
        60,
        "{s} {do s|be still {p}|pres}.",
        "{s} {do s|être encore {p}|pres}.",
        s=SOCIAL,
        p=phrases(
            "at home|à la maison",
            "in bed|au lit",
            "at the market|au marché",
            "in the garden|dans le jardin",
            "on holiday|en vacances",
            "at the restaurant|au restaurant",
            "at the airport|à l'aéroport",
        ),
    ),
    frame(
        60,
        "{s} {do s|move to {c} {t}|past}.",
        "{s} {do s|déménager à {c} {t}|pc}.",
        s=people.ADULTS,
        c=nouns.CITIES,
        t=times.LONG_AGO,
    ),
    frame(
        50,
        "{s} {do s|stop {do s|v|ing}|past}.",
        "{s} {do s|arrêter de {do s|v|inf}|pc}.",
        s=SOCIAL,
        v=STOPPED,
    ),
    frame(
        50,
        "{s} {do s|ask me {q}|past}.",
        "{s} {do s|me+poser {q}|pc}.",
        s=people.THIRD,
        q=phrases(
            "a question|une question",
            "two questions|deux questions",
            "another question|une autre question",
            "a difficult question|une question difficile",
        ),
    ),
    frame(
        50,
        "{s} {do s|have|pres|+only} {n} euros.",
        "{s} {do s|avoir|pres|+seulement} {n} euros.",
        s=people.PRONOUNS + people.NAMES,
        n=times.NUMBERS,
    ),
    frame(
        40,
        "The {x} is free.",
        "{x.the} est {x~gratuit}.",
        x=nouns.SHOPS[5:7] + nouns.DRINKS[:3] + nouns.VEHICLES[1:2] + nouns.TREATS[2:3] + nouns.READING[2:4],
    ),
]
MINDS = [
    frame(40, "I miss {x.my}.", "{x.my} me manque.", x=MISSED + nouns.PETS[:2]),
    frame(
        40,
        "{s} {do s|agree with {w}|pres}.",
        "{s} {do s|être d'accord avec {w}|pres}.",
        s=people.THIRD,
        w=people.COMPANIONS[12:] + phrases("you|vous"),
    ),
    frame(
        40,
        "{s} {do s|agree with {w}|pres|not}.",
        "{s} {do s|être d'accord avec {w}|pres|pas}.",
        s=people.THIRD,
        w=people.COMPANIONS[12:] + phrases("you|vous"),
    ),
    frame(
        60,
        "It is {j} to {do s|v|inf}.",
        "Il est {j} de {do s|v|inf}.",
        j=JUDGED[2:],
        s=[people.YOU],
        v=[p for p in actions.PASTIMES if "<" not in p.en],
    ),
    frame(
        45,
        "{s} {do s|be sure|pres} that {w} {do w|v|pres}.",
        "{s} {do s|être [sûr]|pres} que {w} {do w|v|pres}.",
        s=people.PRONOUNS,
        w=people.NAMES + people.RELATIVES[:6],
        v=actions.STATES[:2] + actions.STATES[5:8] + actions.STATES[9:10],
    ),
    frame(40, "{s} {do s|be sorry|pres}.", "{s} {do s|être [désolé]|pres}.", s=SOCIAL),
    frame(
        40,
        "{x} is my favourite season.",
        "{x} est ma saison préférée.",
        x=phrases("summer|l'été", "winter|l'hiver", "spring|le printemps", "autumn|l'automne"),
    ),
    frame(40, "My favourite {x} is {c}.", "{x.my} {x~préféré} est {x~c}.", x=nouns.CLOTHES, c=nouns.COLOURS),
    frame(
        40,
        "Is this {x} free?",
        "Est-ce que {x.this} est libre ?",
        x=[n for n in nouns.FURNITURE + nouns.ROOMS if n.en in ("table", "chair", "bedroom", "armchair", "bathroom")],
    ),
    frame(
        45,
        "{ask s|be free {t}|pres}?",
        "{ask s|être libre {t}|pres} ?",
        s=people.ASKED,
        t=times.FUTURE[:7] + times.FUTURE[9:12],
    ),
    frame(
        45,
        "{s} {do s|be free {t}|pres|not}.",
        "{s} {do s|être libre {t}|pres|pas}.",
        s=SOCIAL,
        t=times.FUTURE[:7] + times.FUTURE[9:12],
    ),
    frame(
        45,
        "Nobody {v}.",
        "Personne ne {v}.",
        v=phrases(
            "is at home|est à la maison",
            "wants to come|veut venir",
            "wants to help us|veut nous aider",
            "understands this word|comprend ce mot",
            "is perfect|est parfait",
            "works on Sundays|travaille le dimanche",
            "is angry|est en colère",
            "likes this film|aime ce film",
            "speaks French here|parle français ici",
            "is waiting for us|nous attend",
        ),
    ),
    frame(
        45,
        "Everyone {v}.",
        "Tout le monde {v}.",
        v=phrases(
            "is at home|est à la maison",
            "wants to come|veut venir",
            "wants to help us|veut nous aider",
            "understands this word|comprend ce mot",
            "is ready|est prêt",
            "is sleeping|dort",
            "is angry|est en colère",
            "likes this film|aime ce film",
            "speaks French here|parle français ici",
            "is waiting for us|nous attend",
            "is laughing|rit",
            "is hungry|a faim",
        ),
    ),
]

FRAMES = WISHES + WARNINGS + NEWS + MINDS
