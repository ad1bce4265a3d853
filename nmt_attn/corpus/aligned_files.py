"""Files that belong together by their names: ``train.en`` and ``train.fr``, ``valid.en`` and ``valid.fr``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt_attn.corpus.archive import is_hidden, is_side_file, without_packing
from nmt_attn.corpus.guessed_languages import GuessedLanguages, code_of, from_name
from nmt_attn.corpus.labelled_folder import PARTS
from nmt_attn.errors import InputError

_YEAR = re.compile(r"\d+$")
_SIDES = {
    **dict.fromkeys(("src", "source"), "source"),
    **dict.fromkeys(("tgt", "trg", "target", "ref", "reference"), "target"),
}


@dataclass(frozen=True)
class AlignedFiles:
    """Files of sentences, line by line translations of each other."""

    parts: dict[str, tuple[Path, Path]]
    """Source and target file of ``train``, and of ``valid`` and ``test`` where there are any."""
    languages: GuessedLanguages
    left_alone: tuple[Path, ...] = ()
    """Files that belong to none of these."""


@dataclass(frozen=True)
class _Name:
    """The name of a file, taken apart."""

    path: Path
    stem: str
    ending: str
    """A language code as it is written, or a word for a side."""

    @property
    def part(self) -> str | None:
        """Return the part of the corpus that the name speaks of; ``newstest2014`` is a test part."""
        words = [_YEAR.sub("", word).removeprefix("news") for word in re.split(r"[._-]", self.stem.lower())]
        return next((PARTS[word] for word in words if word in PARTS), None)


def aligned_files(paths: Sequence[Path], *, in_order: bool) -> AlignedFiles | None:
    """Put files together by their names; None if no two of them belong together.

    Args:
        paths: the files.
        in_order: the source comes first, as when somebody has named them one by one.

    Raises:
        InputError: it is not clear which ones belong together.
    """
    names = [name for path in paths if (name := _taken_apart(path)) is not None]
    groups: dict[str, dict[str, _Name]] = {}
    for name in names:
        groups.setdefault(name.stem, {})[name.ending] = name
    groups = {stem: group for stem, group in groups.items() if len(group) > 1}
    if not groups:
        return None
    by_part = _by_part(groups)
    train = by_part["train"]
    if len(train) > 2:
        raise InputError(
            f"{_listed(train)} are translations of each other in {len(train)} languages; name two with --from, the "
            "source first"
        )
    source, target, languages = _sides(list(train.values()), in_order)
    parts = {
        part: (group[source].path, group[target].path)
        for part, group in by_part.items()
        if source in group and target in group
    }
    used = {path for pair in parts.values() for path in pair}
    return AlignedFiles(parts, languages, tuple(path for path in paths if path not in used))


def _taken_apart(path: Path) -> _Name | None:
    """Split a name into a stem and the code or the side at its end."""
    name = without_packing(path.name)
    if is_hidden(path.name) or is_side_file(path.name):
        return None
    plain = name.lower().endswith(".txt")
    stem, separator, ending = _split(name[:-4] if plain else name, "._-" if plain else ".")
    if not (separator or plain) or not (code_of(ending) or ending.lower() in _SIDES):
        return None
    return _Name(path, stem, ending)


def _split(name: str, separators: str) -> tuple[str, str, str]:
    place = max(name.rfind(separator) for separator in separators)
    return ("", "", name) if place < 0 else (name[:place], name[place], name[place + 1 :])


def _by_part(groups: dict[str, dict[str, _Name]]) -> dict[str, dict[str, _Name]]:
    """Return the files of each part, the first ones of several to evaluate on.

    Files of no part are to train on, if there are no others for that.
    """
    found: dict[str, dict[str, _Name]] = {}
    without: list[dict[str, _Name]] = []
    for group in groups.values():
        part = next(iter(group.values())).part
        if part is None:
            without.append(group)
        elif part == "train" and part in found:
            raise InputError(
                f"{_listed(found[part])} and {_listed(group)}: both could be the training part; name the files with "
                "--from, or put the others elsewhere"
            )
        else:
            found.setdefault(part, group)
    if "train" not in found:
        if len(without) != 1:
            listed = "; ".join(_listed(group) for group in [*without, *found.values()])
            raise InputError(f"it is not clear which files are to train on: {listed}; call them train, or name two")
        found["train"] = without[0]
    return found


def _sides(names: Sequence[_Name], in_order: bool) -> tuple[str, str, GuessedLanguages]:
    """Return the ending of the source and of the target, and the languages that they stand for."""
    first, second = names
    if not in_order:
        first, second = sorted(names, key=lambda name: _rank(name, names))
    codes = [code_of(name.ending) for name in (first, second)]
    if codes[0] and codes[1]:
        reason = f"the endings .{first.ending} and .{second.ending}"
        return first.ending, second.ending, GuessedLanguages(codes[0], codes[1], reason)
    return first.ending, second.ending, from_name(first.stem)


def _rank(name: _Name, names: Sequence[_Name]) -> tuple[int, str]:
    """Order two files: a name says which is the source, else English is, else the first of the alphabet."""
    side = _SIDES.get(name.ending.lower())
    if side is not None:
        return (0 if side == "source" else 2), name.ending
    stated, code = from_name(name.stem), code_of(name.ending)
    codes = {code_of(other.ending) for other in names}
    if stated.known and {stated.source, stated.target} == codes:
        return (0 if code == stated.source else 2), name.ending
    return (0 if code is not None and code.split("-")[0] == "en" else 1), name.ending


def _listed(group: dict[str, _Name]) -> str:
    return ", ".join(str(name.path) for name in group.values())
