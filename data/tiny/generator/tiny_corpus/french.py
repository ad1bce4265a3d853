"""French grammar: conjugation, articles, agreement, clitics, elision and contraction.

A verb phrase is written as its infinitive. Clitic pronouns come first, joined with "+"
("se+lever", "lui+parler", "se=laver les mains" where the participle does not agree);
``<mère>`` takes the possessive of the subject and ``[fatigué]`` agrees with the subject.
An article that may contract is written "@le", "@la" or "@les".
"""

from __future__ import annotations

import re
from functools import cache

from .conjugation import conjugate, imperative, participle, takes_etre
from .model import Adjective, Noun, Subject

PRONOUNS = ("je", "tu", "il", "nous", "vous", "ils")
REFLEXIVES = ("me", "te", "se", "nous", "vous", "se")
SINGULAR_POSSESSIVES = ("mon", "ton", "son", "notre", "votre", "leur")
PLURAL_POSSESSIVES = ("mes", "tes", "ses", "nos", "vos", "leurs")
POSSESSIVE_FORMS = {"my": 0, "thy": 1, "his": 2, "her": 2, "our": 3, "your": 4, "their": 5}
ASPIRATED = (
    "haut",
    "huit",
    "hamster",
    "héros",
    "hasard",
    "honte",
    "onze",
    "oui",
    "yaourt",
    "yoga",
    "hamburger",
)
INVARIABLE_ADJECTIVES = ("bon marché", "en ", "de ", "à ")
BEFORE_VOWEL = {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil"}
IRREGULAR_FEMININE = {
    "beau": "belle",
    "nouveau": "nouvelle",
    "vieux": "vieille",
    "blanc": "blanche",
    "frais": "fraîche",
    "bon": "bonne",
    "gentil": "gentille",
    "long": "longue",
    "sec": "sèche",
    "doux": "douce",
    "gros": "grosse",
    "cher": "chère",
    "inquiet": "inquiète",
    "complet": "complète",
    "fou": "folle",
    "premier": "première",
    "dernier": "dernière",
    "neuf": "neuve",
    "italien": "italienne",
    "canadien": "canadienne",
    "quel": "quelle",
    "européen": "européenne",
    "bas": "basse",
    "favori": "favorite",
    "léger": "légère",
}
IRREGULAR_PLURAL = {
    "œil": "yeux",
    "pomme de terre": "pommes de terre",
    "salle de bains": "salles de bains",
    "carte postale": "cartes postales",
    "appareil photo": "appareils photo",
    "jus d'orange": "jus d'orange",
    "petit frère": "petits frères",
    "petite sœur": "petites sœurs",
    "numéro de téléphone": "numéros de téléphone",
    "carte de crédit": "cartes de crédit",
    "petit ami": "petits amis",
    "grand-mère": "grands-mères",
}


def starts_with_vowel(text: str) -> bool:
    """Say whether a word asks for elision (a mute h does, an aspirated h does not)."""
    word = text.lstrip("@").lower()
    return bool(word) and word[0] in "aeiouyhàâéèêëîïôûùœ" and not word.startswith(ASPIRATED)


@cache
def plural(word: str) -> str:
    """Return the plural of a noun or an adjective."""
    if word in IRREGULAR_PLURAL:
        return IRREGULAR_PLURAL[word]
    if word.startswith(INVARIABLE_ADJECTIVES) or word[-1] in "sxz":
        return word
    if word.endswith(("eau", "eu")) and word not in ("bleu", "pneu"):
        return word + "x"
    if word.endswith("al") and word not in ("bal", "festival"):
        return word[:-2] + "aux"
    return word + "s"


@cache
def feminine(word: str) -> str:
    """Return the feminine of an adjective."""
    if word in IRREGULAR_FEMININE:
        return IRREGULAR_FEMININE[word]
    if word.startswith(INVARIABLE_ADJECTIVES) or word.endswith("e"):
        return word
    if " " in word:
        adverb, _, last = word.rpartition(" ")
        return f"{adverb} {feminine(last)}"
    for ending, replacement in (("eux", "euse"), ("if", "ive"), ("eur", "euse"), ("el", "elle")):
        if word.endswith(ending):
            return word[: -len(ending)] + replacement
    return word + "e"


def agree(adjective: Adjective | str, *, is_feminine: bool, is_plural: bool) -> str:
    """Return an adjective in the gender and number asked for."""
    if isinstance(adjective, Adjective):
        form = adjective.fr_feminine if is_feminine else adjective.fr
    else:
        form = feminine(adjective) if is_feminine else adjective
    return plural(form) if is_plural else form


def possessive(owner: int, is_feminine: bool, is_plural: bool, following: str) -> str:
    """Return mon, ma, mes ... for the owner's person (0 to 5) before the word that follows."""
    if is_plural:
        return PLURAL_POSSESSIVES[owner]
    form = SINGULAR_POSSESSIVES[owner]
    if owner < 3 and is_feminine and not starts_with_vowel(following):
        return form[0] + "a"
    return form


def _determiner(form: str, is_feminine: bool, is_plural: bool, mass: bool, following: str) -> str:
    """Return the determiner that a form name stands for."""
    definite = "@les" if is_plural else "@la" if is_feminine else "@le"
    if form in POSSESSIVE_FORMS:
        return possessive(POSSESSIVE_FORMS[form], is_feminine, is_plural, following)
    if form == "this":
        singular = "cette" if is_feminine else "cet" if starts_with_vowel(following) else "ce"
        return "ces" if is_plural else singular
    if form in ("the", "gen"):
        return definite
    if form in ("none", "no", "of"):
        return "de"
    if form == "bare":
        return ""
    if is_plural:
        return "des"
    if mass and form in ("one", "part", "some", "du"):
        return "de " + definite
    return "une" if is_feminine else "un"


def noun(entry: Noun, form: str, adjective: Adjective | None = None) -> str:
    """Return a noun phrase: ``form`` names the determiner, a final "+" asks for the plural."""
    is_plural = form.endswith("+") or (form in ("gen", "part", "none") and not entry.mass) or "pl" in entry.tags
    form = form.rstrip("+")
    head = plural(entry.fr) if is_plural and "pl" not in entry.tags else entry.fr
    if adjective is not None:
        text = agree(adjective, is_feminine=entry.feminine, is_plural=is_plural)
        if adjective.before and not is_plural and not entry.feminine and starts_with_vowel(head):
            text = BEFORE_VOWEL.get(text, text)
        head = f"{text} {head}" if adjective.before else f"{head} {text}"
    article = _determiner(form, entry.feminine, is_plural, entry.mass, head)
    if article == "des" and adjective is not None and adjective.before:
        article = "de"
    return f"{article} {head}".strip()


def agree_with_noun(entry: Noun, adjective: Adjective | str, form: str) -> str:
    """Return a predicate adjective that agrees with a noun."""
    is_plural = form.endswith("+") or "pl" in entry.tags or (form == "gen" and not entry.mass)
    return agree(adjective, is_feminine=entry.feminine, is_plural=is_plural)


def _personal(phrase: str, subject: Subject, genders: dict[str, str]) -> str:
    """Fill in what depends on the subject: possessives and agreeing adjectives."""

    def own(match: re.Match[str]) -> str:
        word = match[1]
        gender = genders[word]
        return f"{possessive(subject.person - 1, 'f' in gender, 'p' in gender, word)} {word}"

    def adjective(match: re.Match[str]) -> str:
        return agree(match[1], is_feminine=subject.feminine, is_plural=subject.plural)

    return re.sub(r"\[([^\]]+)\]", adjective, re.sub(r"<([^>]+)>", own, phrase))


def _split(phrase: str, subject: Subject) -> tuple[list[str], bool, str, str]:
    """Split a phrase: clitics, whether they make a participle agree with the subject, infinitive, rest."""
    head, _, rest = phrase.partition(" ")
    *clitics, infinitive = re.split(r"[+=]", head)
    clitics = [REFLEXIVES[subject.person - 1] if word == "se" else word for word in clitics]
    return clitics, head.startswith("se+"), infinitive, rest


def _past_participle(subject: Subject, phrase: str) -> tuple[str, str]:
    """Return the auxiliary and the agreed participle of the passé composé."""
    head = phrase.partition(" ")[0]
    clitics, reflexive, infinitive, _ = _split(phrase, subject)
    form = participle(infinitive)
    if takes_etre(infinitive) or "se" in re.split(r"[+=]", head):
        if reflexive or takes_etre(infinitive):
            form += "e" * subject.feminine
            form += "s" if subject.plural and not form.endswith("s") else ""
        return "être", form
    if "la" in clitics:
        form += "e"
    if "les" in clitics and not form.endswith("s"):
        form += "s"
    return "avoir", form


def _finite(subject: Subject, phrase: str, tense: str) -> tuple[list[str], str, list[str]]:
    """Return the words before the finite verb (clitics), the finite verb, and the words after it."""
    clitics, _, infinitive, rest = _split(phrase, subject)
    person = subject.person
    if tense == "pc":
        auxiliary, form = _past_participle(subject, phrase)
        return clitics, conjugate(auxiliary, "pres", person), [form, rest]
    if tense == "proche":
        return [], conjugate("aller", "pres", person), [*clitics, infinitive, rest]
    return clitics, conjugate(infinitive, tense, person), [rest]


def do(subject: Subject, phrase: str, tense: str, adverb: str, genders: dict[str, str]) -> str:
    """Return the verb phrase in a tense. ``adverb``: "pas", "jamais" ... (with "ne") or "+souvent" (without)."""
    phrase = _personal(phrase, subject, genders)
    negative = bool(adverb) and not adverb.startswith("+")
    if tense == "inf":
        clitics, _, infinitive, rest = _split(phrase, subject)
        return " ".join(filter(None, [f"ne {adverb}" if negative else "", *clitics, infinitive, rest]))
    if tense == "imp":
        return _imperative(subject, phrase, adverb)
    before, verb, after = _finite(subject, phrase, tense)
    return " ".join(filter(None, ["ne" * negative, *before, verb, adverb.lstrip("+"), *after]))


def _imperative(subject: Subject, phrase: str, adverb: str) -> str:
    """Return an order, with the clitics after the verb unless the order is negative."""
    clitics, _, infinitive, rest = _split(phrase, subject)
    verb = imperative(infinitive, subject.person)
    if adverb:
        return " ".join(filter(None, ["ne", *clitics, verb, adverb, rest]))
    tail = "".join("-" + {"me": "moi", "te": "toi"}.get(word, word) for word in clitics)
    return f"{verb}{tail} {rest}".strip()


def subject_pronoun(subject: Subject) -> str:
    """Return the weak pronoun that stands for a subject."""
    base = PRONOUNS[subject.person - 1]
    return base.replace("il", "elle") if subject.feminine and subject.person in (3, 6) else base


def _inverted(subject: Subject, phrase: str, tense: str, adverb: str, genders: dict[str, str]) -> str:
    """Put the verb first: "voulez-vous", "où va-t-il"."""
    before, verb, after = _finite(subject, _personal(phrase, subject, genders), tense)
    weak = subject_pronoun(subject)
    joint = "-t-" if verb[-1] in "aec" and weak[0] in "ieo" else "-"
    negative = bool(adverb) and not adverb.startswith("+")
    start = ["ne" * negative, *before, f"{verb}{joint}{weak}", adverb.lstrip("+"), *after]
    return " ".join(filter(None, start))


def ask(subject: Subject, phrase: str, tense: str, adverb: str, genders: dict[str, str]) -> str:
    """Return a yes/no question: inversion for "vous", intonation for "tu", else "est-ce que"."""
    if subject.person == 5:
        return _inverted(subject, phrase, tense, adverb, genders)
    start = "" if subject.person == 2 else "est-ce que "
    return f"{start}{subject.fr} {do(subject, phrase, tense, adverb, genders)}"


def wh(subject: Subject, phrase: str, tense: str, adverb: str, genders: dict[str, str]) -> str:
    """Return what follows a question word: inversion for pronouns except "je", else "est-ce que"."""
    if subject.pronoun and subject.person != 1:
        return _inverted(subject, phrase, tense, adverb, genders)
    return f"est-ce que {subject.fr} {do(subject, phrase, tense, adverb, genders)}"


_ELISION = re.compile(r"(?<![\w'-])(@?)([JjLlDdNnMmTtSs][ea]|[Qq]ue|[Jj]usque|[Ll]orsque|[Pp]uisque) (?=(@?\w+))")
_ELIDING = {"je", "le", "la", "de", "ne", "me", "te", "se", "que", "jusque", "lorsque", "puisque"}


def _elide(match: re.Match[str]) -> str:
    mark, word, following = match.groups()
    if word.lower() in _ELIDING and starts_with_vowel(following) and not following.startswith("@"):
        return f"{mark}{word[:-1]}'"
    return match[0]


def glue(text: str) -> str:
    """Elide and contract: "je ai" is "j'ai", "de @le pain" is "du pain", "si il" is "s'il"."""
    previous = ""
    while previous != text:
        previous = text
        text = _ELISION.sub(_elide, text)
    text = re.sub(r"\b([Cc])e (?=est\b|était\b)", r"\1'", text)
    text = re.sub(r"\b([Ss])i (?=ils?\b)", r"\1'", text)
    for pair, short in (("de @les", "des"), ("de @le", "du"), ("à @les", "aux"), ("à @le", "au")):
        text = re.sub(rf"(?<!\w){pair}(?= )", short, text)
        text = re.sub(rf"(?<!\w){pair.capitalize()}(?= )", short.capitalize(), text)
    return text.replace("@", "")
