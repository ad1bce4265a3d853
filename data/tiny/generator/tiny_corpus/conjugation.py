"""French conjugation by rule, with a table for the irregular verbs."""

from __future__ import annotations

from functools import cache

PRESENT_ER = ("e", "es", "e", "ons", "ez", "ent")
FUTURE = ("ai", "as", "a", "ons", "ez", "ont")
IMPERFECT = ("ais", "ais", "ait", "ions", "iez", "aient")
ETRE_VERBS = frozenset(
    (
        "aller",
        "venir",
        "revenir",
        "devenir",
        "partir",
        "repartir",
        "sortir",
        "entrer",
        "rentrer",
        "arriver",
        "rester",
        "tomber",
        "monter",
        "descendre",
        "naître",
        "mourir",
        "retourner",
    )
)

# infinitive: the six present forms; past participle; future stem
_IRREGULAR = """
être: suis es est sommes êtes sont; été; ser
avoir: ai as a avons avez ont; eu; aur
aller: vais vas va allons allez vont; allé; ir
faire: fais fais fait faisons faites font; fait; fer
pouvoir: peux peux peut pouvons pouvez peuvent; pu; pourr
vouloir: veux veux veut voulons voulez veulent; voulu; voudr
devoir: dois dois doit devons devez doivent; dû; devr
savoir: sais sais sait savons savez savent; su; saur
venir: viens viens vient venons venez viennent; venu; viendr
tenir: tiens tiens tient tenons tenez tiennent; tenu; tiendr
prendre: prends prends prend prenons prenez prennent; pris; prendr
mettre: mets mets met mettons mettez mettent; mis; mettr
voir: vois vois voit voyons voyez voient; vu; verr
croire: crois crois croit croyons croyez croient; cru; croir
boire: bois bois boit buvons buvez boivent; bu; boir
dire: dis dis dit disons dites disent; dit; dir
lire: lis lis lit lisons lisez lisent; lu; lir
écrire: écris écris écrit écrivons écrivez écrivent; écrit; écrir
conduire: conduis conduis conduit conduisons conduisez conduisent; conduit; conduir
connaître: connais connais connaît connaissons connaissez connaissent; connu; connaîtr
partir: pars pars part partons partez partent; parti; partir
sortir: sors sors sort sortons sortez sortent; sorti; sortir
dormir: dors dors dort dormons dormez dorment; dormi; dormir
servir: sers sers sert servons servez servent; servi; servir
sentir: sens sens sent sentons sentez sentent; senti; sentir
ouvrir: ouvre ouvres ouvre ouvrons ouvrez ouvrent; ouvert; ouvrir
offrir: offre offres offre offrons offrez offrent; offert; offrir
courir: cours cours court courons courez courent; couru; courr
rire: ris ris rit rions riez rient; ri; rir
suivre: suis suis suit suivons suivez suivent; suivi; suivr
vivre: vis vis vit vivons vivez vivent; vécu; vivr
recevoir: reçois reçois reçoit recevons recevez reçoivent; reçu; recevr
naître: nais nais naît naissons naissez naissent; né; naîtr
asseoir: assieds assieds assied asseyons asseyez asseyent; assis; assiér
éteindre: éteins éteins éteint éteignons éteignez éteignent; éteint; éteindr
envoyer: envoie envoies envoie envoyons envoyez envoient; envoyé; enverr
"""
_PREFIXED = {
    "revenir": "venir",
    "souvenir": "venir",
    "devenir": "venir",
    "apprendre": "prendre",
    "comprendre": "prendre",
    "promettre": "mettre",
    "relire": "lire",
    "repartir": "partir",
    "endormir": "dormir",
    "revoir": "voir",
    "sourire": "rire",
    "refaire": "faire",
    "reprendre": "prendre",
}
_SUBJUNCTIVE_STYLE_IMPERATIVE = {"être": ("sois", "soyons", "soyez"), "avoir": ("aie", "ayons", "ayez")}


@cache
def _irregular() -> dict[str, tuple[tuple[str, ...], str, str]]:
    """Read the table above: infinitive to present forms, participle and future stem."""
    table = {}
    for line in _IRREGULAR.strip().splitlines():
        infinitive, rest = line.split(": ")
        present, past, stem = rest.split("; ")
        table[infinitive] = (tuple(present.split()), past, stem)
    for infinitive, model in _PREFIXED.items():
        prefix = infinitive[: -len(model)]
        present_forms, past, stem = table[model]
        table[infinitive] = (tuple(prefix + form for form in present_forms), prefix + past, prefix + stem)
    return table


def _er_stems(infinitive: str) -> tuple[str, str, str]:
    """Return the stems of an -er verb: usual, before "ons", and before a silent ending."""
    stem = infinitive[:-2]
    if stem.endswith("g"):
        return stem, stem + "e", stem
    if stem.endswith("c"):
        return stem, stem[:-1] + "ç", stem
    if infinitive in ("appeler", "rappeler", "jeter"):
        return stem, stem, stem + stem[-1]
    if stem.endswith("y"):
        return stem, stem, stem[:-1] + "i"
    if len(stem) > 2 and stem[-2] in "eé" and stem[-1] in "lmnprtvd" and stem not in ("prêt", "arrêt"):
        return stem, stem, stem[:-2] + "è" + stem[-1]
    return stem, stem, stem


@cache
def present(infinitive: str) -> tuple[str, ...]:
    """Return the six present forms."""
    if infinitive in _irregular():
        return _irregular()[infinitive][0]
    if infinitive.endswith("er"):
        stem, before_ons, silent = _er_stems(infinitive)
        stems = (silent, silent, silent, before_ons, stem, silent)
        return tuple(part + ending for part, ending in zip(stems, PRESENT_ER, strict=True))
    if infinitive.endswith("ir"):
        stem = infinitive[:-2]
        return tuple(stem + ending for ending in ("is", "is", "it", "issons", "issez", "issent"))
    if infinitive.endswith("re"):
        stem = infinitive[:-2]
        return tuple(stem + ending for ending in ("s", "s", "", "ons", "ez", "ent"))
    raise ValueError(f"not a French infinitive: {infinitive!r}")


@cache
def participle(infinitive: str) -> str:
    """Return the past participle, masculine singular."""
    if infinitive in _irregular():
        return _irregular()[infinitive][1]
    return infinitive[:-2] + {"er": "é", "ir": "i", "re": "u"}[infinitive[-2:]]


@cache
def future_stem(infinitive: str) -> str:
    """Return the stem that the endings of the future and the conditional are added to."""
    if infinitive in _irregular():
        return _irregular()[infinitive][2]
    if infinitive.endswith("er"):
        stem, _, silent = _er_stems(infinitive)
        return infinitive if "é" in stem[-2:] else silent + "er"
    return infinitive if infinitive.endswith("ir") else infinitive[:-1]


@cache
def conjugate(infinitive: str, tense: str, person: int) -> str:
    """Return one simple form: ``tense`` is pres, impf, fut or cond; ``person`` counts from 1."""
    if tense == "pres":
        return present(infinitive)[person - 1]
    if tense == "fut":
        return future_stem(infinitive) + FUTURE[person - 1]
    if tense == "cond":
        return future_stem(infinitive) + IMPERFECT[person - 1]
    if tense == "impf":
        stem = "ét" if infinitive == "être" else present(infinitive)[3][:-3]
        if person in (4, 5) and stem != "ét" and infinitive.endswith(("ger", "cer")):
            stem = infinitive[:-2]
        return stem + IMPERFECT[person - 1]
    raise ValueError(f"unknown tense {tense!r}")


def imperative(infinitive: str, person: int) -> str:
    """Return the imperative for tu (2), nous (4) or vous (5)."""
    if infinitive in _SUBJUNCTIVE_STYLE_IMPERATIVE:
        return _SUBJUNCTIVE_STYLE_IMPERATIVE[infinitive][{2: 0, 4: 1, 5: 2}[person]]
    form = present(infinitive)[person - 1]
    return form[:-1] if person == 2 and form.endswith(("es", "as")) else form


def takes_etre(infinitive: str) -> bool:
    """Say whether the passé composé is built with être."""
    return infinitive in ETRE_VERBS
