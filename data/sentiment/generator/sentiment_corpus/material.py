"""Reader of the text files in ``material/``: one file a domain, and one with what all domains share.

A file consists of sections. ``== list dish`` opens a list of words separated by commas, where "+" marks a plural;
every other section has one entry a line. A line that begins with "#" is a comment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LABELS = ("neg", "pos")
FOLDER = Path(__file__).resolve().parent.parent / "material"
SHARED_FILE = "shared.txt"
_SIDES = {"neg": "bad", "pos": "good"}  # words of the section headings
_SLOT = re.compile(r"\{([^{}]*)\}")
_ABOUT_ONE = re.compile(r"\b(I|me|my)\b")
_ABOUT_US = re.compile(r"\b(we|us|our)\b", re.IGNORECASE)

Sections = dict[str, list[str]]


@dataclass(frozen=True)
class Noun:
    """A word or a group of words that fills a slot."""

    text: str
    is_plural: bool = False


@dataclass(frozen=True)
class Template:
    """A pattern with slots. No two parts of a review share a topic; a drastic clause is never only conceded."""

    text: str
    topics: frozenset[str] = frozenset()
    is_drastic: bool = False
    only_for: str = ""

    def suits(self, *, label: str, is_we: bool) -> bool:
        """Say whether it can be used in a review with this label, told by one person or by several."""
        plain = _SLOT.sub("", self.text)
        wrong = _ABOUT_ONE if is_we else _ABOUT_US
        return self.only_for in ("", label) and not wrong.search(plain)


@dataclass(frozen=True)
class Aspect:
    """A list of nouns (by its name) with adjectives for each label that fit all of them."""

    nouns: str
    topics: frozenset[str]
    adjectives: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Domain:
    """All that is said about one kind of thing, for instance hotels. Tables by label have the keys of LABELS."""

    name: str
    lists: dict[str, tuple[Noun, ...]]
    is_personal: bool
    aspects: tuple[Aspect, ...]
    clauses: dict[str, tuple[Template, ...]]
    things: dict[str, tuple[str, ...]]
    expected: dict[str, tuple[str, ...]]
    acts: tuple[str, ...]
    openings: tuple[Template, ...]
    facts: tuple[Template, ...]
    by_hand: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Shared:
    """Patterns that serve every domain. Tables by label have the keys of LABELS."""

    claims: tuple[Template, ...]
    conceded_claims: tuple[Template, ...]
    things: tuple[Template, ...]
    outcomes: dict[str, tuple[Template, ...]]
    expectations: dict[str, tuple[Template, ...]]
    verdicts: dict[str, tuple[Template, ...]]
    shapes: dict[str, tuple[Template, ...]]


def read_sections(path: Path) -> Sections:
    """Return the lines of each section by its heading; blank lines and comments are left out."""
    sections: Sections = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            lines = sections.setdefault(line[3:], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return sections


def _words(lines: Sequence[str]) -> tuple[str, ...]:
    """Split lines at their commas."""
    return tuple(word.strip() for line in lines for word in line.split(","))


def _lists(sections: Sections) -> dict[str, tuple[Noun, ...]]:
    """Return the word lists by name."""
    names = [heading for heading in sections if heading.startswith("list ")]
    return {
        name[5:]: tuple(Noun(word.rstrip("+"), word.endswith("+")) for word in _words(sections[name])) for name in names
    }


def _template(line: str, topical: frozenset[str] = frozenset()) -> Template:
    """Read a pattern: ``! `` marks a drastic one, ``word: `` its topic or its only label; slots give more topics."""
    is_drastic, line = line.startswith("! "), line.removeprefix("! ")
    found = re.match(r"(\w+): ", line)
    prefix, text = (found[1], line[found.end() :]) if found else ("", line)
    only_for = next((label for label, side in _SIDES.items() if side == prefix), "")
    slots = {slot.split()[0] for slot in _SLOT.findall(text)} & topical
    topics = slots if only_for or not prefix else slots | {prefix}
    return Template(text, frozenset(topics), is_drastic, only_for)


def _templates(lines: Sequence[str], topical: frozenset[str] = frozenset()) -> tuple[Template, ...]:
    """Read one pattern a line."""
    return tuple(_template(line, topical) for line in lines)


def _aspect(line: str, about: Sequence[str]) -> Aspect:
    """Read ``nouns (topic) | good adjectives | bad adjectives``; the topic may be left out."""
    head, good, bad = line.split(" | ")
    nouns, _, topic = head.removesuffix(")").partition(" (")
    topics = {nouns, topic} - {"", *about}
    return Aspect(nouns, frozenset(topics), {"pos": _words([good]), "neg": _words([bad])})


def read_domain(path: Path, shared: Sections) -> Domain:
    """Read the file of a domain; the lists and facts of the shared file are added to its own."""
    own = read_sections(path)
    about = _words(own.get("about", []))
    topical = frozenset(_lists(own)) - set(about)
    dated = frozenset(("day", "month", "hour", "with", "town"))  # a review names each of these once among its facts
    facts = _templates(own["facts"], dated) * 2 + _templates(shared["facts"], dated)
    left_out = set(_words(own.get("leave out", [])))
    return Domain(
        name=path.stem,
        lists=_lists(shared) | _lists(own),
        is_personal="speaker" in own,
        aspects=tuple(_aspect(line, about) for line in own["aspects"]),
        clauses={label: _templates(own[_SIDES[label]], topical) for label in LABELS},
        things={label: _words(own[f"{_SIDES[label]} things"]) for label in LABELS},
        expected={"pos": _words(own["hopes"]), "neg": _words(own["fears"])},
        acts=_words(own["acts"]),
        openings=_templates(own["openings"], dated),
        facts=tuple(fact for fact in facts if not fact.topics & left_out),
        by_hand={label: tuple(own[f"by hand {_SIDES[label]}"]) for label in LABELS},
    )


def read_shared(sections: Sections) -> Shared:
    """Take the patterns for every domain from the sections of the shared file."""

    def by_label(kind: str) -> dict[str, tuple[Template, ...]]:
        return {label: _templates(sections[f"{_SIDES[label]} {kind}"]) for label in LABELS}

    return Shared(
        claims=_templates(sections["claims"]),
        conceded_claims=_templates(sections["conceded claims"]),
        things=_templates(sections["things"]),
        outcomes=by_label("outcomes"),
        expectations=by_label("expectations"),
        verdicts=by_label("verdicts"),
        shapes={kind: _templates(sections[f"{kind} shapes"]) for kind in ("plain", "turning", "expecting")},
    )


def read_material() -> tuple[Shared, list[Domain]]:
    """Read all files, the domains in the order of their names."""
    shared = read_sections(FOLDER / SHARED_FILE)
    paths = sorted(path for path in FOLDER.glob("*.txt") if path.name != SHARED_FILE)
    return read_shared(shared), [read_domain(path, shared) for path in paths]
