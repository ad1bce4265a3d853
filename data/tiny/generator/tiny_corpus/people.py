"""Subjects of sentences: pronouns, relatives, friends and first names."""

from __future__ import annotations

from .model import Phrase, Subject, phrases


def _people(table: str) -> list[Subject]:
    """Read a table: English | French | person and gender | tags."""
    entries = []
    for line in table.strip().splitlines():
        en, fr, code, *tags = line.split("|")
        entries.append(Subject(en, fr, int(code[0]), "f" in code, "p" in code, frozenset(tags)))
    return entries


SPEAKER, YOU, HE, SHE, WE, THEY = PRONOUNS = _people("""
I|je|1p
you|vous|5p
he|il|3p
she|elle|3fp
we|nous|4p
they|ils|6p
""")
THOU = Subject("you", "tu", 2, pronoun=True)
THOU_F = Subject("you", "tu", 2, feminine=True, pronoun=True)
RELATIVES = _people("""
my brother|mon frère|3
my sister|ma sœur|3f
my mother|ma mère|3f|parent
my father|mon père|3|parent
my parents|mes parents|6|parent
my son|mon fils|3|kid
my daughter|ma fille|3f|kid
my wife|ma femme|3f|grown
my husband|mon mari|3|grown
my uncle|mon oncle|3|grown
my aunt|ma tante|3f|grown
my cousin|mon cousin|3
my grandmother|ma grand-mère|3f|old
my grandfather|mon grand-père|3|old
my best friend|mon meilleur ami|3
my friends|mes amis|6
my little brother|mon petit frère|3|kid
my little sister|ma petite sœur|3f|kid
""")
OTHERS = _people("""
the children|les enfants|6|kid
our neighbour|notre voisin|3|grown
our neighbours|nos voisins|6|grown
the teacher|le professeur|3|out
her husband|son mari|3|grown
his wife|sa femme|3f|grown
his sister|sa sœur|3f
her brother|son frère|3
my boss|mon chef|3|out
the doctor|le médecin|3|out
my friend Julie|mon amie Julie|3f
my sisters|mes sœurs|6f
your parents|vos parents|6|parent
the students|les étudiants|6
""")
NAMES = _people("""
Paul|Paul|3
Marie|Marie|3f
Thomas|Thomas|3
Julie|Julie|3f
Anna|Anna|3f
Lucas|Lucas|3
Emma|Emma|3f
Pierre|Pierre|3
""")
SOMEONE = PRONOUNS * 3 + RELATIVES + OTHERS + NAMES
THIRD = [HE, SHE, THEY] * 3 + RELATIVES + OTHERS + NAMES
PRIVATE = PRONOUNS * 3 + RELATIVES + NAMES + [s for s in OTHERS if "out" not in s.tags]
SINGULAR = [s for s in PRIVATE if s.person in (1, 3)]
SINGULAR_THIRD = [HE, SHE] * 4 + [s for s in RELATIVES + NAMES if s.person == 3]
ADULTS = [s for s in PRIVATE if "kid" not in s.tags and "old" not in s.tags]
WORKERS = [HE, SHE, HE, SHE] + [
    s for s in RELATIVES + OTHERS + NAMES if s.person == 3 and not s.tags & {"kid", "old", "out"}
]
NOUN_SUBJECTS = RELATIVES + OTHERS + NAMES
YOUR_PEOPLE = _people("""
your brother|votre frère|3
your sister|votre sœur|3f
your mother|votre mère|3f|parent
your father|votre père|3|parent
your parents|vos parents|6|parent
your friends|vos amis|6
your son|votre fils|3|kid
your daughter|votre fille|3f|kid
your husband|votre mari|3|grown
your wife|votre femme|3f|grown
""")
ASKED = [YOU] * 10 + [HE, SHE, THEY] * 2 + YOUR_PEOPLE + NAMES
WITNESSES = [SPEAKER, YOU, HE, SHE, WE, THEY]

FRIENDS_M = [Phrase(n, n) for n in ("Paul", "Thomas", "Lucas", "Pierre")] + phrases("Dad|papa", "my friend|mon ami")
FRIENDS_F = [Phrase(n, n) for n in ("Marie", "Julie", "Anna", "Emma")] + phrases("Mum|maman", "my love|mon amour")
FAMILIARS = FRIENDS_M + FRIENDS_F
COMPANIONS = phrases(
    "my friends|mes amis",
    "my brother|mon frère",
    "my sister|ma sœur",
    "my parents|mes parents",
    "Paul|Paul",
    "Marie|Marie",
    "Julie|Julie",
    "Thomas|Thomas",
    "Anna|Anna",
    "the children|les enfants",
    "our neighbours|nos voisins",
    "my cousin|mon cousin",
    "me|moi",
    "us|nous",
    "her|elle",
    "him|lui",
    "them|eux",
)
NAMED_COMPANIONS = COMPANIONS[:12]
OBJECTS = phrases("him|le", "her|la", "them|les")
