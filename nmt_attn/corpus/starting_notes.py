"""What a user is told about the data that was found, a line each; the first line sums it up."""

from __future__ import annotations

from nmt_attn.corpus.found_data import FoundFiles, FoundPairs, FoundTexts
from nmt_attn.corpus.guessed_languages import GuessedLanguages
from nmt_attn.text.normalise import tidy

_SHOWN = 60  # characters of a sentence


def notes_of_pairs(found: FoundPairs | FoundFiles, guess: GuessedLanguages, held: int) -> list[str]:
    """Describe a corpus of pairs; ``held`` sentences are held out for each part."""
    count = found.figures.texts
    direction = f"{guess.source} → {guess.target}" if guess.known else "languages not known"
    if isinstance(found, FoundFiles):
        parts = ", ".join(f"{part} {lines:,} lines" for part, lines in found.lines.items())
        train = " and ".join(str(path) for path in found.files.parts["train"])
        notes = [f"Translation, {direction}: parallel files ({parts}), {train} and so on"]
        if "valid" not in found.files.parts:
            notes.append("no validation files, so no checkpoint can be the best; give some as data.parallel.valid")
        notes += [f"left alone: {path}" for path in found.files.left_alone[:5]]
    else:
        notes = [f"Translation, {direction}: {count:,} pairs in {tidy(str(found.path))}"]
        notes.append(f"the first pair: {_short(found.first[0])} → {_short(found.first[1])}")
        notes.append(f"held out for validation and for the test: {held:,} sentences each")
    if guess.known:
        notes.append(f"languages: {guess.source} → {guess.target}, guessed from {guess.reason}")
    else:
        notes.append("languages: no name says which they are; set data.source_lang and data.target_lang in it")
    return notes


def notes_of_texts(found: FoundTexts, held: int) -> list[str]:
    """Describe labelled texts; ``held`` of them are held out for each part that is not given."""
    labels = {label: count for label, count in found.figures.labels.most_common() if label not in found.ignored}
    shown = ", ".join(f"{tidy(label)} {count:,}" for label, count in list(labels.items())[:6])
    more = ", …" if len(labels) > 6 else ""
    where = " and ".join(tidy(str(path)) for path in found.paths.values())
    notes = [f"Classification: {sum(found.parts.values()):,} texts in {where}, {len(labels)} labels ({shown}{more})"]
    given = ", ".join(f"{part} {count:,}" for part, count in found.parts.items() if part)
    if given:
        notes.append(f"split already: {given}")
    if held:
        notes.append(f"held out: {held:,} texts for each part that is not in the files")
    notes += [f"left out: texts with the label {tidy(label)!r}" for label in found.ignored[:5]]
    notes.append("language: en, for want of anything that says it; data.source_lang is the key")
    return notes


def _short(text: str) -> str:
    text = tidy(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
