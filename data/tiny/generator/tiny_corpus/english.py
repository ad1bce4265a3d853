"""English grammar: articles, plurals, verb forms, do-support and contractions.

A verb phrase is written as its base form: "read a book". ``<mother>`` takes the possessive
of the subject ("his mother"); reflexive pronouns are written "<self>".
"""

from __future__ import annotations

import re
from functools import cache

from .model import Adjective, Noun, Subject

IRREGULAR_PAST = {
    "be": ("was", "been"),
    "have": ("had", "had"),
    "do": ("did", "done"),
    "go": ("went", "gone"),
    "get": ("got", "got"),
    "make": ("made", "made"),
    "take": ("took", "taken"),
    "see": ("saw", "seen"),
    "come": ("came", "come"),
    "eat": ("ate", "eaten"),
    "drink": ("drank", "drunk"),
    "read": ("read", "read"),
    "write": ("wrote", "written"),
    "buy": ("bought", "bought"),
    "sell": ("sold", "sold"),
    "find": ("found", "found"),
    "lose": ("lost", "lost"),
    "forget": ("forgot", "forgotten"),
    "leave": ("left", "left"),
    "sleep": ("slept", "slept"),
    "speak": ("spoke", "spoken"),
    "say": ("said", "said"),
    "tell": ("told", "told"),
    "give": ("gave", "given"),
    "wear": ("wore", "worn"),
    "know": ("knew", "known"),
    "think": ("thought", "thought"),
    "swim": ("swam", "swum"),
    "sing": ("sang", "sung"),
    "run": ("ran", "run"),
    "drive": ("drove", "driven"),
    "meet": ("met", "met"),
    "pay": ("paid", "paid"),
    "send": ("sent", "sent"),
    "spend": ("spent", "spent"),
    "break": ("broke", "broken"),
    "win": ("won", "won"),
    "wake": ("woke", "woken"),
    "put": ("put", "put"),
    "hear": ("heard", "heard"),
    "understand": ("understood", "understood"),
    "learn": ("learned", "learned"),
    "teach": ("taught", "taught"),
    "feel": ("felt", "felt"),
    "fall": ("fell", "fallen"),
    "hurt": ("hurt", "hurt"),
    "cut": ("cut", "cut"),
    "choose": ("chose", "chosen"),
    "bring": ("brought", "brought"),
    "sit": ("sat", "sat"),
    "lend": ("lent", "lent"),
    "ride": ("rode", "ridden"),
    "become": ("became", "become"),
    "show": ("showed", "shown"),
    "begin": ("began", "begun"),
    "feed": ("fed", "fed"),
    "ring": ("rang", "rung"),
    "draw": ("drew", "drawn"),
    "grow": ("grew", "grown"),
}
IRREGULAR_PLURAL = {
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "wife": "wives",
    "knife": "knives",
    "person": "people",
    "sheep": "sheep",
    "fish": "fish",
}
DOUBLED = (
    "travel",
    "get",
    "run",
    "swim",
    "put",
    "stop",
    "shop",
    "chat",
    "cut",
    "sit",
    "plan",
    "forget",
    "begin",
    "win",
)
VOWEL_SOUND_EXCEPTIONS = ("university", "uniform", "useful", "european")
SILENT_H = ("hour", "honest")
POSSESSIVES = ("my", "your", "his", "our", "your", "their")
SELVES = ("myself", "yourself", "himself", "ourselves", "yourself", "themselves")
MODALS = ("will", "can", "could", "would", "must", "should")
NEGATIVE_MODALS = {
    "will": "won't",
    "can": "can't",
    "could": "couldn't",
    "would": "wouldn't",
    "should": "shouldn't",
}


@cache
def plural(word: str) -> str:
    """Return the plural of a noun; only the last word of a compound changes."""
    head, space, last = word.rpartition(" ")
    if last in IRREGULAR_PLURAL:
        return head + space + IRREGULAR_PLURAL[last]
    if word.endswith(("s", "x", "ch", "sh", "tomato", "potato", "hero")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    if word.endswith("shelf"):
        return word[:-1] + "ves"
    return word + "s"


def indefinite(following: str) -> str:
    """Return "a" or "an" for the word that follows."""
    word = following.lower()
    vowel = word[0] in "aeiou" and not word.startswith(VOWEL_SOUND_EXCEPTIONS)
    return "an" if vowel or word.startswith(SILENT_H) else "a"


def noun(entry: Noun, form: str, adjective: Adjective | None = None) -> str:
    """Return a noun phrase: ``form`` names the determiner, a final "+" asks for the plural."""
    is_plural = form.endswith("+") or (form in ("gen", "part", "none") and not entry.mass)
    form = form.rstrip("+")
    head = plural(entry.en) if is_plural and "pl" not in entry.tags else entry.en
    if adjective is not None:
        head = f"{adjective.en} {head}"
    if form in ("my", "your", "his", "her", "our", "their", "the", "no"):
        return f"{form} {head}"
    if form == "thy":
        return f"your {head}"
    if form == "this":
        return f"{'these' if is_plural or 'pl' in entry.tags else 'this'} {head}"
    if form in ("some", "part") or (form == "one" and (entry.mass or "pl" in entry.tags)):
        return f"some {head}"
    if form in ("a", "one") and not is_plural and "pl" not in entry.tags:
        return f"{indefinite(head)} {head}"
    return head


@cache
def third_person(verb: str) -> str:
    """Return the present form for he or she."""
    if verb in ("have", "do", "go"):
        return {"have": "has", "do": "does", "go": "goes"}[verb]
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "x", "ch", "sh")) else "s")


@cache
def past_forms(verb: str) -> tuple[str, str]:
    """Return the simple past and the past participle."""
    if verb in IRREGULAR_PAST:
        return IRREGULAR_PAST[verb]
    if verb.endswith("e"):
        return verb + "d", verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied", verb[:-1] + "ied"
    form = verb + (verb[-1] if verb in DOUBLED else "") + "ed"
    return form, form


@cache
def gerund(verb: str) -> str:
    """Return the form in -ing."""
    if verb in DOUBLED:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith("ee") and verb != "be":
        return verb[:-1] + "ing"
    return verb + "ing"


def _be(subject: Subject, past: bool) -> str:
    """Return the form of "be": am, is, are, was, were."""
    if subject.person == 1:
        return "was" if past else "am"
    if subject.person == 3:
        return "was" if past else "is"
    return "were" if past else "are"


def personal(phrase: str, subject: Subject) -> str:
    """Fill in the possessives and reflexives that depend on the subject."""
    person = subject.person - 1
    own = "her" if subject.feminine and person == 2 else POSSESSIVES[person]
    self_ = "herself" if subject.feminine and person == 2 else SELVES[person]
    phrase = phrase.replace("<self>", self_)
    return re.sub(r"<([^>]+)>", rf"{own} \1", phrase)


def _auxiliary(subject: Subject, verb: str, tense: str) -> tuple[str, str]:
    """Return the auxiliary (empty where there is none) and the main verb of a statement."""
    third = subject.person == 3
    if tense in MODALS:
        return tense, verb
    if tense in ("prog", "goto", "pastprog"):
        main = f"going to {verb}" if tense == "goto" else gerund(verb)
        return _be(subject, tense == "pastprog"), main
    if tense == "perf":
        return "has" if third else "have", past_forms(verb)[1]
    if verb == "be":
        return _be(subject, tense == "past"), ""
    if tense == "past":
        return "", past_forms(verb)[0]
    return "", third_person(verb) if third else verb


def _negated(auxiliary: str) -> str:
    """Return the contracted negative of an auxiliary."""
    if auxiliary in NEGATIVE_MODALS:
        return NEGATIVE_MODALS[auxiliary]
    return auxiliary + " not" if auxiliary in ("am", "must") else auxiliary + "n't"


def do(subject: Subject, phrase: str, tense: str, adverb: str) -> str:
    """Return the verb phrase in a tense. ``adverb``: "not", "not ... yet" or "+often" (before the main verb)."""
    phrase = personal(phrase, subject)
    verb, _, rest = phrase.partition(" ")
    middle = adverb.lstrip("+") if adverb.startswith("+") else ""
    if tense == "inf":
        return " ".join(filter(None, [adverb.lstrip("+"), phrase]))
    if tense == "ing":
        return f"{gerund(verb)} {rest}".strip()
    if tense == "imp":
        return f"don't {phrase}" if adverb == "not" else " ".join(filter(None, [middle, phrase]))
    auxiliary, main = _auxiliary(subject, verb, tense)
    if adverb == "not":
        if not auxiliary:
            helper = "did" if tense == "past" else "does" if subject.person == 3 else "do"
            auxiliary, main = helper, verb
        auxiliary = _negated(auxiliary)
    return " ".join(filter(None, [auxiliary, middle, main, rest]))


def ask(subject: Subject, phrase: str, tense: str, adverb: str) -> str:
    """Return a question, after any question word: "do you want", "is he reading"."""
    phrase = personal(phrase, subject)
    verb, _, rest = phrase.partition(" ")
    auxiliary, main = _auxiliary(subject, verb, tense)
    if not auxiliary:
        auxiliary = "did" if tense == "past" else "does" if subject.person == 3 else "do"
        main = verb
    if adverb == "not":
        auxiliary, adverb = _negated(auxiliary), ""
    return " ".join(filter(None, [auxiliary, subject.en, adverb.lstrip("+"), main, rest]))
