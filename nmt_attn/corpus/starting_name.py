"""A name for a run, made out of the name of its data."""

from __future__ import annotations

import re
from pathlib import Path

from nmt_attn.corpus.archive import without_packing
from nmt_attn.corpus.found_data import Found, FoundFiles, FoundPairs
from nmt_attn.corpus.guessed_languages import NOT_KNOWN, GuessedLanguages
from nmt_attn.corpus.labelled_folder import PARTS
from nmt_attn.corpus.manifest import MANIFEST_FILE


def data_name(found: Found) -> Path:
    """Return the file or folder that data is called by: where that is only the name of a part, the folder around it."""
    if isinstance(found, FoundPairs):
        return found.path
    path = found.files.parts["train"][0] if isinstance(found, FoundFiles) else next(iter(found.paths.values()))
    named_by_part = path.name.split(".")[0].lower() in PARTS
    return path.absolute().parent if named_by_part else path


def free_name(base: Path, guess: GuessedLanguages = NOT_KNOWN) -> str:
    """Make a name for the run out of that of the data; not one whose folders hold something else already."""
    base = base if base.name else base.absolute()
    stem = base.name if base.is_dir() else without_packing(base.name).split(".")[0]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:60] or "mine"
    pair = f"{stem}-{guess.source}-{guess.target}" if guess.known else f"{stem}-run"
    candidates = [stem, pair, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next((name for name in candidates if _is_free(name)), stem)


def _is_free(name: str) -> bool:
    data = Path("data") / name
    return not (Path("runs") / name).exists() and (not data.exists() or (data / MANIFEST_FILE).is_file())
