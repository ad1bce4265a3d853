"""Frames of the kind "somebody does something (at some time)"."""

from __future__ import annotations

from . import actions, people, times
from .model import Phrase, phrases
from .nouns import FEELINGS
from .template import frame

SAID = people.SOMEONE
NARRATED = [people.SPEAKER, people.HE, people.SHE, people.THEY] * 3 + people.RELATIVES + people.NAMES
REASONS = phrases("tired|fatigué", "ill|malade", "busy|occupé", "late|en retard")

PRESENT = [
    frame(240, "{s} {do s|v|prog}.", "{s} {do s|v|pres}.", s=SAID, v=actions.NOW),
    frame(110, "{s} {do s|v|prog} {t}.", "{s} {do s|v|pres} {t}.", s=people.PRIVATE, v=actions.NOW, t=times.NOW),
    frame(90, "{s} {do s|v|prog|not}.", "{s} {do s|v|pres|pas}.", s=people.PRIVATE, v=actions.PLAIN_NOW),
    frame(260, "{s} {do s|v|pres} {t}.", "{s} {do s|v|pres} {t}.", s=SAID, v=actions.HABITS, t=times.HABIT),
    frame(120, "{s} {do s|v|pres|+often}.", "{s} {do s|v|pres|+souvent}.", s=SAID, v=actions.HABITS),
    frame(80, "{s} {do s|v|pres|+always}.", "{s} {do s|v|pres|+toujours}.", s=SAID, v=actions.PLAIN_HABITS),
    frame(80, "Sometimes {s} {do s|v|pres}.", "Parfois, {s} {do s|v|pres}.", s=people.PRIVATE, v=actions.HABITS),
    frame(120, "{s} {do s|v|pres|+never}.", "{s} {do s|v|pres|jamais}.", s=SAID, v=actions.PLAIN_HABITS),
    frame(
        70,
        "{s} {do s|v|pres|not} {t}.",
        "{s} {do s|v|pres|pas} {t}.",
        s=people.PRIVATE,
        v=actions.PLAIN_HABITS,
        t=times.HABIT[:3] + times.HABIT[5:7],
    ),
    frame(
        70,
        "{s} {do s|v|pres|not} any more.",
        "{s} {do s|v|pres|plus}.",
        s=people.PRIVATE,
        v=actions.PLAIN_HABITS,
    ),
    frame(
        60,
        "{s} {do s|v|prog} with {w}.",
        "{s} {do s|v|pres} avec {w}.",
        s=people.PRONOUNS[2:4] + people.NAMES[:2] + people.PRONOUNS[:1],
        v=[
            p
            for p in actions.NOW
            if p.en
            in (
                "watch a film",
                "play tennis",
                "play cards",
                "play football",
                "dance",
                "sing",
                "watch television",
                "watch the match",
                "go to the cinema",
                "go to the market",
                "listen to music",
                "go to the beach",
                "study French",
                "make a cake",
                "have lunch",
                "play the piano",
            )
        ],
        w=people.NAMED_COMPANIONS[5:11] + people.COMPANIONS[14:],
    ),
    frame(
        70,
        "On {d}, {s} {do s|v|pres}.",
        "Le {d}, {s} {do s|v|pres}.",
        d=[Phrase(d.en + "s", d.fr) for d in times.DAYS],
        s=people.PRIVATE,
        v=[p for p in actions.HABITS if "daily" not in p.tags and " " in p.en],
    ),
]

PAST = [
    frame(330, "{s} {do s|v|past} {t}.", "{s} {do s|v|pc} {t}.", s=SAID, v=actions.EVENTS, t=times.PAST),
    frame(
        90,
        "{t}, {s} {do s|v|past}.",
        "{t}, {s} {do s|v|pc}.",
        s=people.PRIVATE,
        v=actions.EVENTS,
        t=times.PAST,
    ),
    frame(
        120,
        "{s} {do s|v|past|not} {t}.",
        "{s} {do s|v|pc|pas} {t}.",
        s=SAID,
        v=actions.PLAIN_EVENTS,
        t=times.PAST[:7],
    ),
    frame(
        80,
        "{s} {do s|v|perf|+already}.",
        "{s} {do s|v|pc|+déjà}.",
        s=SAID,
        v=[p for p in actions.PLAIN_EVENTS if "daily" in p.tags or "adult" in p.tags],
    ),
    frame(
        80,
        "{s} {do s|v|perf|not} yet.",
        "{s} {do s|v|pc|pas encore}.",
        s=people.PRIVATE,
        v=[p for p in actions.PLAIN_EVENTS if not p.en.endswith(("late", "early", "home", "bed", "o'clock"))],
    ),
    frame(
        70,
        "{s} {do s|v|perf|+just}.",
        "{s} {do s|venir de {do s|v|inf}|pres}.",
        s=people.PRIVATE,
        v=[p for p in actions.EVENTS if not p.en.endswith(("late", "early", "home", "bed", "o'clock"))],
    ),
    frame(
        90,
        "{s} {do s|v|pastprog} when {w} {do w|arrive|past}.",
        "{s} {do s|v|impf} quand {w} {do w|arriver|pc}.",
        lambda b: b["s"] is not b["w"],
        s=NARRATED,
        v=[p for p in actions.COMMON_NOW if not p.en.startswith("go ")],
        w=people.PRONOUNS + people.NAMES + people.RELATIVES[:6],
    ),
    frame(
        70,
        "{s} {do s|v|pastprog} when the phone rang.",
        "{s} {do s|v|impf} quand le téléphone a sonné.",
        s=NARRATED,
        v=[p for p in actions.COMMON_NOW if not p.en.startswith(("go ", "call", "take"))],
    ),
    frame(
        70,
        "{s} {do s|v|pastprog} {t}.",
        "{s} {do s|v|impf} {t}.",
        s=NARRATED,
        v=[
            p
            for p in actions.NOW
            if p.en
            in (
                "sleep",
                "work",
                "read the newspaper",
                "listen to music",
                "watch television",
                "study French",
                "dance",
                "rest",
                "cook dinner",
                "wait for the bus",
                "work in the garden",
                "look for <keys>",
                "do <homework>",
                "play cards",
                "play in the garden",
                "play the piano",
                "wait for <friends>",
                "clean <bedroom>",
            )
        ],
        t=[
            Phrase("at that moment", "à ce moment-là"),
            Phrase("at eight o'clock", "à huit heures", frozenset({"not-am"})),
            Phrase("at noon", "à midi"),
            Phrase("at five o'clock", "à cinq heures"),
        ],
    ),
    frame(
        70,
        "When {s} {do s|be|past} young, {s2} {do s2|v|past} {t}.",
        "Quand {s} {do s|être [jeune]|impf}, {s2} {do s2|v|impf} {t}.",
        lambda b: b["s"] is b["s2"],
        s=NARRATED[:4],
        s2=NARRATED[:4],
        v=actions.COMMON_HABITS,
        t=times.HABIT[:5] + times.HABIT[5:7],
    ),
    frame(
        60,
        "Before, {s} {do s|v|past} {t}.",
        "Avant, {s} {do s|v|impf} {t}.",
        s=NARRATED,
        v=actions.COMMON_HABITS,
        t=times.HABIT[:7],
    ),
    frame(
        60,
        "{s} {do s|v|past} {t}.",
        "{s} {do s|v|pc} {t}.",
        s=people.PRIVATE,
        t=times.DURATIONS,
        v=[
            p
            for p in actions.NOW
            if p.en
            in (
                "work",
                "sleep",
                "listen to music",
                "study French",
                "dance",
                "sing",
                "wait for the bus",
                "wait for the train",
                "work in the garden",
                "play cards",
                "play the piano",
                "rest",
                "look for <keys>",
                "walk in the park",
                "study English",
                "look for <phone>",
                "play in the garden",
            )
        ],
    ),
]

FUTURE = [
    frame(240, "{s} {do s|v|goto} {t}.", "{s} {do s|v|proche} {t}.", s=SAID, v=actions.EVENTS, t=times.FUTURE),
    frame(
        160,
        "{s} {do s|v|will} {t}.",
        "{s} {do s|v|fut} {t}.",
        s=SAID,
        v=actions.COMMON_EVENTS,
        t=times.FUTURE,
    ),
    frame(
        70,
        "{s} {do s|v|will|not} {t}.",
        "{s} {do s|v|fut|pas} {t}.",
        s=people.PRIVATE,
        v=[p for p in actions.COMMON_EVENTS if p.negatable],
        t=times.FUTURE[:9],
    ),
    frame(
        70,
        "{s} {do s|v|goto|not} {t}.",
        "{s} {do s|v|proche|pas} {t}.",
        s=people.PRIVATE,
        v=actions.PLAIN_EVENTS,
        t=times.FUTURE[:9],
    ),
    frame(
        70,
        "{t}, {s} {do s|v|goto}.",
        "{t}, {s} {do s|v|proche}.",
        s=people.PRIVATE,
        v=actions.EVENTS,
        t=times.FUTURE[:9],
    ),
    frame(
        60,
        "Perhaps {s} {do s|v|will} {t}.",
        "Peut-être que {s} {do s|v|fut} {t}.",
        s=people.PRIVATE,
        v=actions.COMMON_EVENTS,
        t=times.FUTURE[:9],
    ),
    frame(
        60,
        "I think that {s} {do s|v|will} {t}.",
        "Je pense que {s} {do s|v|fut} {t}.",
        s=people.THIRD,
        v=actions.COMMON_EVENTS,
        t=times.FUTURE[:9],
    ),
    frame(
        60,
        "If the weather is fine, {s} {do s|v|will}.",
        "Si il fait beau, {s} {do s|v|fut}.",
        s=people.PRIVATE,
        v=actions.OUTINGS
        + [
            p
            for p in actions.EVENTS
            if p.en
            in (
                "work in the garden",
                "wash the car",
                "play in the garden",
                "walk the dog",
                "take photos",
                "play football",
                "play tennis",
            )
        ],
    ),
    frame(
        50,
        "If it rains, {s} {do s|v|will}.",
        "Si il pleut, {s} {do s|v|fut}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.EVENTS
            if p.en
            in (
                "stay at home",
                "take the bus",
                "go to the cinema",
                "go to the museum",
                "watch a film",
                "play cards",
                "read a book",
                "go to the library",
                "have lunch at the restaurant",
                "read the newspaper",
                "stay in bed",
                "clean the house",
                "go home early",
                "watch television",
                "go to the theatre",
            )
        ],
    ),
]

WISHES = [
    frame(
        170,
        "{s} {do s|want to {do s|v|inf}|pres}.",
        "{s} {do s|vouloir {do s|v|inf}|pres}.",
        s=SAID,
        v=actions.EVENTS + actions.BUY_BIG,
    ),
    frame(
        80,
        "{s} {do s|want to {do s|v|inf}|pres|not}.",
        "{s} {do s|vouloir {do s|v|inf}|pres|pas}.",
        s=SAID,
        v=actions.PLAIN_EVENTS,
    ),
    frame(
        80,
        "{s} {do s|want to {do s|v|inf}|past}.",
        "{s} {do s|vouloir {do s|v|inf}|impf}.",
        s=people.PRIVATE,
        v=actions.EVENTS,
    ),
    frame(
        150,
        "{s} {do s|v|can} {t}.",
        "{s} {do s|pouvoir {do s|v|inf}|pres} {t}.",
        s=people.PRIVATE,
        v=actions.EVENTS,
        t=times.FUTURE[:9],
    ),
    frame(
        100,
        "{s} {do s|v|can|not} {t}.",
        "{s} {do s|pouvoir {do s|v|inf}|pres|pas} {t}.",
        s=people.PRIVATE,
        v=actions.PLAIN_EVENTS,
        t=times.FUTURE[:8],
    ),
    frame(
        50,
        "{s} {do s|v|could|not} {t}.",
        "{s} {do s|pouvoir {do s|v|inf}|pc|pas} {t}.",
        s=people.PRIVATE,
        v=actions.PLAIN_EVENTS,
        t=times.PAST[:7],
    ),
    frame(
        140,
        "{s} {do s|v|must} {t}.",
        "{s} {do s|devoir {do s|v|inf}|pres} {t}.",
        s=SAID,
        v=actions.CHORES,
        t=times.FUTURE[:9],
    ),
    frame(
        90,
        "{s} {do s|have to {do s|v|inf}|pres}.",
        "{s} {do s|devoir {do s|v|inf}|pres}.",
        s=SAID,
        v=actions.CHORES,
    ),
    frame(
        60,
        "{s} {do s|have to {do s|v|inf}|past} {t}.",
        "{s} {do s|devoir {do s|v|inf}|pc} {t}.",
        s=people.PRIVATE,
        v=actions.CHORES,
        t=times.PAST[:7],
    ),
    frame(
        60,
        "You should {do s|v|inf}.",
        "Vous devriez {do s|v|inf}.",
        s=[people.YOU],
        v=[p for p in actions.EVENTS + actions.HABITS if not p.en.endswith("late") and "sell" not in p.en],
    ),
    frame(
        110,
        "{s} {do s|like to {do s|v|inf}|would}.",
        "{s} {do s|aimer {do s|v|inf}|cond}.",
        s=SAID,
        v=actions.EVENTS + actions.PASTIMES,
    ),
    frame(
        120,
        "{s} {do s|like {do s|v|ing}|pres}.",
        "{s} {do s|aimer {do s|v|inf}|pres}.",
        s=SAID,
        v=actions.PASTIMES,
    ),
    frame(
        80,
        "{s} {do s|like {do s|v|ing}|pres|not}.",
        "{s} {do s|aimer {do s|v|inf}|pres|pas}.",
        s=SAID,
        v=[p for p in actions.PASTIMES + actions.CHORES if p.negatable and "sell" not in p.en],
    ),
    frame(
        70,
        "{s} {do s|love {do s|v|ing}|pres}.",
        "{s} {do s|adorer {do s|v|inf}|pres}.",
        s=people.PRIVATE,
        v=actions.PASTIMES,
    ),
    frame(
        60,
        "{s} {do s|hate {do s|v|ing}|pres}.",
        "{s} {do s|détester {do s|v|inf}|pres}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.HABITS
            if p.negatable and " " in p.en and not p.en.startswith(("have", "go home", "sleep"))
        ],
    ),
    frame(
        50,
        "{s} {do s|prefer to {do s|v|inf}|pres}.",
        "{s} {do s|préférer {do s|v|inf}|pres}.",
        s=people.PRIVATE,
        v=actions.PASTIMES + actions.OUTINGS,
    ),
    frame(
        60,
        "{s} {do s|hope to {do s|v|inf}|pres} {t}.",
        "{s} {do s|espérer {do s|v|inf}|pres} {t}.",
        s=people.PRIVATE,
        v=actions.OUTINGS + actions.BUY_BIG,
        t=times.FUTURE[7:10] + times.FUTURE[:1],
    ),
    frame(
        70,
        "{s} {do s|forget to {do s|v|inf}|past}.",
        "{s} {do s|oublier de {do s|v|inf}|pc}.",
        s=people.PRIVATE,
        v=actions.CHORES
        + [
            p
            for p in actions.GENERAL
            if p.en
            in (
                "do <homework>",
                "call <mother>",
                "call <parents>",
                "wash <hands>",
                "brush <teeth>",
                "close the door",
                "write to <parents>",
                "pack <suitcase>",
            )
        ],
    ),
    frame(
        60,
        "{s} {do s|decide to {do s|v|inf}|past}.",
        "{s} {do s|décider de {do s|v|inf}|pc}.",
        s=people.PRIVATE,
        v=[p for p in actions.EVENTS if not p.en.startswith(("arrive", "lose"))],
    ),
    frame(
        60,
        "{s} {do s|start to {do s|v|inf}|past}.",
        "{s} {do s|commencer à {do s|v|inf}|pc}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.NOW
            if p.en
            in (
                "sing",
                "dance",
                "laugh",
                "cry",
                "work",
                "cook dinner",
                "clean the house",
                "read a book",
                "study French",
                "learn Spanish",
                "learn French",
                "eat a cake",
                "play cards",
                "write a letter",
                "play the piano",
                "clean the kitchen",
                "do <homework>",
                "do the washing-up",
                "read the newspaper",
                "eat a sandwich",
            )
        ],
    ),
    frame(
        60,
        "{s} {do s|finish {do s|v|ing}|perf}.",
        "{s} {do s|finir de {do s|v|inf}|pc}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.NOW
            if p.en
            in (
                "cook dinner",
                "clean the house",
                "read a book",
                "read a letter",
                "eat a cake",
                "write a letter",
                "clean the kitchen",
                "do <homework>",
                "do the washing-up",
                "read the newspaper",
                "eat a sandwich",
                "clean <bedroom>",
                "wash the car",
                "pack <suitcase>",
                "do the cleaning",
                "repair the car",
                "work",
                "do the shopping",
            )
        ],
    ),
    frame(
        50,
        "{s} {do s|try to {do s|v|inf}|prog}.",
        "{s} {do s|essayer de {do s|v|inf}|pres}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.NOW + actions.EVENTS
            if p.en
            in (
                "sleep",
                "work",
                "read a book",
                "learn Spanish",
                "learn French",
                "study French",
                "repair the car",
                "repair <bike>",
                "open the window",
                "open the door",
                "call <mother>",
                "call <friends>",
                "rest",
                "read the newspaper",
                "play the guitar",
                "go to bed early",
                "help the children",
            )
        ],
    ),
    frame(
        60,
        "{s} {do s|need to {do s|v|inf}|pres}.",
        "{s} {do s|avoir besoin de {do s|v|inf}|pres}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.NOW
            if p.en
            in (
                "sleep",
                "work",
                "rest",
                "buy a coat",
                "eat an apple",
                "eat a sandwich",
                "learn French",
                "drink a coffee",
                "drink a glass of water",
                "go to the doctor",
                "go to the dentist",
                "go for a walk",
                "take the train",
                "learn Spanish",
                "have a shower",
                "buy a phone",
                "go to the supermarket",
            )
        ],
    ),
    frame(
        60,
        "{s} {do s|know how to {do s|v|inf}|pres}.",
        "{s} {do s|savoir {do s|v|inf}|pres}.",
        s=people.PRIVATE,
        v=phrases(
            "swim|nager",
            "drive|conduire",
            "dance|danser",
            "sing|chanter",
            "read|lire",
            "cook|cuisiner",
            "play the piano|jouer du piano",
            "play the guitar|jouer de la guitare",
            "make a cake|faire un gâteau",
            "play tennis|jouer au tennis",
            "ride a bike|faire du vélo",
            "repair a car|réparer une voiture",
            "take good photos|prendre de bonnes photos",
        ),
    ),
    frame(
        60,
        "{s} {do s|{v}|can|not}.",
        "{s} {do s|savoir {v}|pres|pas}.",
        s=people.PRIVATE,
        v=phrases(
            "swim|nager",
            "drive|conduire",
            "dance|danser",
            "sing|chanter",
            "cook|cuisiner",
            "play the piano|jouer du piano",
            "play the guitar|jouer de la guitare",
            "play tennis|jouer au tennis",
        ),
    ),
    frame(
        60,
        "{s} {do s|ask {o} to {v}|past}.",
        "{s} {do s|demander à {o} de {v}|pc}.",
        lambda b: str(b["o"].en)[:2] != "my" or b["s"].en != "you",
        s=people.PRONOUNS + people.RELATIVES[4:8],
        o=people.NAMED_COMPANIONS[4:9],
        v=[Phrase(p.en, p.fr) for p in actions.CHORES_TO_ORDER[:14] if "with" not in p.en],
    ),
]

REASONING = [
    frame(
        100,
        "{s} {do s|stay at home|past} because {p} {do p|be {c}|past}.",
        "{s} {do s|rester à la maison|pc} parce que {p} {do p|être|impf} {p~c}.",
        lambda b: b["s"] is b["p"],
        s=people.PRONOUNS,
        p=people.PRONOUNS,
        c=[f for f in FEELINGS if f.en in ("tired", "ill", "sad", "busy", "worried", "alone")],
    ),
    frame(
        110,
        "{s} {do s|be {c}|pres} because {p} {do p|v|past} {t}.",
        "{s} {do s|être|pres} {s~c} parce que {p} {do p|v|pc} {t}.",
        lambda b: b["s"] is b["p"],
        s=people.PRONOUNS,
        p=people.PRONOUNS,
        c=[f for f in FEELINGS if f.en == "tired"],
        v=[
            p
            for p in actions.EVENTS + actions.NOW
            if p.en
            in (
                "work",
                "go to bed late",
                "clean the house",
                "play football",
                "play tennis",
                "swim in the sea",
                "run in the park",
                "dance",
                "work in the garden",
                "get up early",
                "get up at seven o'clock",
                "clean the kitchen",
                "do the cleaning",
                "do the shopping",
                "come home late",
                "study French",
                "walk in the park",
            )
        ],
        t=times.PAST[:5],
    ),
    frame(
        120,
        "{s} {do s|be {c}|pres} because {p} {do p|v|past} {t}.",
        "{s} {do s|être|pres} {s~c} parce que {p} {do p|v|pc} {t}.",
        lambda b: b["s"] is b["p"],
        s=people.PRONOUNS,
        p=people.PRONOUNS,
        c=[f for f in FEELINGS if f.en == "tired"],
        v=phrases(
            "work|travailler",
            "play|jouer",
            "dance|danser",
            "study|étudier",
            "run|courir",
            "swim|nager",
            "drive|conduire",
            "walk|marcher",
        ),
        t=phrases(
            "all morning|toute la matinée",
            "all night|toute la nuit",
            "for two hours|pendant deux heures",
            "all afternoon|tout l'après-midi",
        ),
    ),
    frame(
        80,
        "{s} {do s|v|past} all day {t}.",
        "{s} {do s|v|pc} toute la journée {t}.",
        s=people.PRIVATE,
        v=[
            Phrase("work", "travailler", frozenset({"not-kid"})),
            Phrase("sleep", "dormir"),
            Phrase("read", "lire"),
            Phrase("study", "étudier"),
            Phrase("play", "jouer", frozenset({"not-parent"})),
        ],
        t=phrases("yesterday|hier", "on Sunday|dimanche", "on Monday|lundi"),
    ),
    frame(
        70,
        "{s} {do s|v|past} because {w}.",
        "{s} {do s|v|pc} parce que {w}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.EVENTS
            if p.en
            in (
                "stay at home",
                "take the bus",
                "go home early",
                "close the window",
                "read a book",
                "go home by bus",
            )
        ],
        w=times.WEATHER_PAST[:6],
    ),
    frame(
        60,
        "{s} {do s|be {c}|pres} but {p} {do p|v|goto}.",
        "{s} {do s|être|pres} {s~c} mais {p} {do p|v|proche}.",
        lambda b: b["s"] is b["p"],
        s=people.PRONOUNS,
        p=people.PRONOUNS,
        c=FEELINGS[:2] + FEELINGS[5:6],
        v=actions.CHORES,
    ),
    frame(
        60,
        "{s} {do s|v|past} before going to bed.",
        "{s} {do s|v|pc} avant de {do s|se+coucher|inf}.",
        s=people.PRIVATE,
        v=[
            p
            for p in actions.EVENTS + actions.NOW
            if p.en
            in (
                "read a book",
                "have a shower",
                "have a bath",
                "watch a film",
                "brush <teeth>",
                "drink a glass of water",
                "listen to music",
                "walk the dog",
                "close the window",
                "read a letter",
                "write a letter",
                "eat an apple",
                "call <mother>",
                "read the newspaper",
                "do the washing-up",
            )
        ],
    ),
    frame(
        70,
        "{s} {do s|v|pres} while {w} {do w|u|pres}.",
        "{s} {do s|v|pres} pendant que {w} {do w|u|pres}.",
        lambda b: b["v"] is not b["u"] and b["s"] is not b["w"],
        s=people.PRONOUNS[:1] + people.RELATIVES[:8],
        v=[
            p
            for p in actions.HABITS
            if p.en
            in (
                "cook dinner",
                "do the washing-up",
                "clean the kitchen",
                "read the newspaper",
                "work in the garden",
                "make coffee",
                "do the shopping",
                "make breakfast",
                "listen to the radio",
            )
        ],
        u=[
            p
            for p in actions.HABITS
            if p.en
            in (
                "sleep",
                "watch television",
                "do <homework>",
                "play in the garden",
                "have a shower",
                "listen to music",
                "play the piano",
                "walk the dog",
            )
        ],
        w=[people.HE, people.SHE, *people.OTHERS[:1], *people.RELATIVES[5:7]],
    ),
]

ORDERS = [
    frame(90, "{v}, please.", "{do s|v|imp}, s'il vous plaît.", s=[people.YOU], v=actions.CHORES_TO_ORDER),
    frame(45, "Please {v}.", "{do s|v|imp}, s'il vous plaît.", s=[people.YOU], v=actions.CHORES_TO_ORDER),
    frame(
        80,
        "{n}, {v}, please.",
        "{n}, {do s|v|imp}, s'il te plaît.",
        s=[people.THOU],
        n=people.FAMILIARS,
        v=actions.CHORES_TO_ORDER,
    ),
    frame(
        60,
        "Can you {v}, please?",
        "Pouvez-vous {do s|v|inf}, s'il vous plaît ?",
        s=[people.YOU],
        v=actions.CHORES_TO_ORDER,
    ),
    frame(
        50,
        "Could you {v}, please?",
        "Pourriez-vous {do s|v|inf}, s'il vous plaît ?",
        s=[people.YOU],
        v=actions.CHORES_TO_ORDER,
    ),
    frame(
        60,
        "{n}, can you {v}?",
        "{n}, tu peux {do s|v|inf} ?",
        s=[people.THOU],
        n=people.FAMILIARS,
        v=actions.CHORES_TO_ORDER,
    ),
    frame(50, "You have to {v}.", "Vous devez {do s|v|inf}.", s=[people.YOU], v=actions.CHORES_TO_ORDER),
    frame(60, "Don't {v}.", "{do s|v|imp|pas}.", s=[people.YOU], v=actions.FORBIDDEN),
    frame(
        70,
        "{n}, don't {v}.",
        "{n}, {do s|v|imp|pas}.",
        s=[people.THOU],
        n=people.FAMILIARS,
        v=actions.FORBIDDEN,
    ),
    frame(40, "You must not {v}.", "Vous ne devez pas {do s|v|inf}.", s=[people.YOU], v=actions.FORBIDDEN),
    frame(
        60,
        "Let's {v}.",
        "{do s|v|imp}.",
        s=[people.WE],
        v=[
            p
            for p in actions.OUTINGS + actions.EVENTS
            if "<" not in p.en and "late" not in p.en and "sell" not in p.en and "buy" not in p.en
        ],
    ),
    frame(
        40,
        "Let's {v} {t}.",
        "{do s|v|imp} {t}.",
        s=[people.WE],
        v=[p for p in actions.OUTINGS if "<" not in p.en],
        t=[t for t in times.FUTURE if "not-daily" not in t.tags],
    ),
]

FRAMES = PRESENT + PAST + FUTURE + WISHES + REASONING + ORDERS
