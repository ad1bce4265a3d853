"""Demo sentences kept out of the corpus, so that a trained model has not seen them."""

from __future__ import annotations

from .template import Pair

DEMO_PAIRS = (
    ("My sister is reading a book in the garden.", "Ma sœur lit un livre dans le jardin."),
    ("We are going to the market tomorrow morning.", "Nous allons au marché demain matin."),
    ("Do you want a cup of tea?", "Voulez-vous une tasse de thé ?"),
    ("I have never seen this film.", "Je n'ai jamais vu ce film."),
    ("Where did you buy these shoes?", "Où avez-vous acheté ces chaussures ?"),
    (
        "She is tired because she worked all day.",
        "Elle est fatiguée parce qu'elle a travaillé toute la journée.",
    ),
)
OTHER_WORDINGS = (
    "We are going to go to the market tomorrow morning.",
    "Nous allons aller au marché demain matin.",
    "Veux-tu une tasse de thé ?",
    "Tu veux une tasse de thé ?",
    "Où as-tu acheté ces chaussures ?",
    "We're going to the market tomorrow morning.",
    "I've never seen this film.",
    "She's tired because she worked all day.",
    "My sister's reading a book in the garden.",
    "Would you like a cup of tea?",
)
_SIDES = {side for pair in DEMO_PAIRS for side in pair} | set(OTHER_WORDINGS)


def is_held_out(pair: Pair) -> bool:
    """Say whether either side of a pair is a demo sentence."""
    return pair[0] in _SIDES or pair[1] in _SIDES
