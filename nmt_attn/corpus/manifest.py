"""``manifest.json``: what went into the prepared data, what was dropped and why, and what came out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from nmt_attn.config.schema import Config
from nmt_attn.errors import InputError
from nmt_attn.files import read_small
from nmt_attn.text.lines import TrainingLines
from nmt_attn.text.tokenizer import Tokenizer

MANIFEST_FILE = "manifest.json"
MAX_BYTES = 16 << 20

# Raised when the same input and configuration would come out differently, so that old data is made anew.
FORMAT = 3

# Still read, so that a run of then is evaluated on the data of then; what came later has its default.
_READABLE = (2, FORMAT)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputFile(_Entry):
    """A file that was read."""

    role: str
    """Role of the file: ``corpus``, ``train.source``, ``test.target.0``, …"""
    path: str
    member: str | None
    """The file inside a zip archive, or both of them."""
    url: str | None
    """Address that it was downloaded from, if it was."""
    size: int
    mtime_ns: int
    sha256: str


class SideCounts(_Entry):
    """Lengths of one side of a split, in tokens."""

    tokens: int
    mean_length: float
    max_length: int


class SplitCounts(_Entry):
    """Contents of a split, in numbers."""

    sentences: int
    """Distinct source sentences (given files: lines)."""
    pairs: int
    groups: int | None
    """Groups of sentences that hang together (null where the split was given)."""
    source: SideCounts
    target: SideCounts


class Splits(_Entry):
    """The three splits."""

    train: SplitCounts
    valid: SplitCounts
    test: SplitCounts


class Known(_Entry):
    """Held-out sentences with a side that is also in train (only given files can have any)."""

    valid: int
    test: int


class LabelledCounts(_Entry):
    """Labels of the texts of a classifier's data, in numbers."""

    labels: dict[str, dict[str, int]]
    """Texts by part and label."""
    cut: dict[str, int]
    """Texts by part that are longer than ``data.filter.max_tokens``, and therefore cut."""
    max_tokens: int
    contradictions: int
    """Training texts that occur with several labels."""


class Vocabulary(_Entry):
    """The tokenizer in numbers."""

    kind: str
    joint: bool
    source_size: int
    target_size: int


class Manifest(_Entry):
    """All that is known about prepared data."""

    format: int
    nmt_version: str
    source_lang: str
    target_lang: str
    settings: str
    """A hash of the configuration keys that change the outcome."""
    inputs: list[InputFile]
    pairs_read: int
    """Lines of the corpus, blank ones included; parallel files: lines times target files."""
    dropped: dict[str, int]
    """Pairs dropped, by reason. ``pairs_read`` is the sum of these and of the pairs of the three splits."""
    html_entities: int = 0
    """Pairs, kept or not, that hold HTML entities such as ``&amp;`` which normalisation leaves as they are."""
    notes: list[str] = []
    """Remarks about the input, one line each."""
    splits: Splits
    known: Known
    vocabulary: Vocabulary
    files: dict[str, int]
    """The files of the prepared data with their sizes in bytes."""
    sha256: dict[str, str] = {}
    """SHA-256 of the same files (none in format 2)."""
    labelled: LabelledCounts | None = None
    """The labels (null: sentence pairs)."""
    lines: TrainingLines | None = None
    """Numbers of sentences in the lines of the training part (null: made before they were counted)."""

    def same_data_as(self, other: Manifest) -> bool:
        """Say whether both describe the same split of the same sentences, tokenised alike."""
        own, others = ({entry.role: entry.sha256 for entry in manifest.inputs} for manifest in (self, other))
        return self.settings == other.settings and own == others

    def save(self, folder: Path) -> None:
        """Write it into ``folder``."""
        (folder / MANIFEST_FILE).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it from ``folder``.

        Raises:
            InputError: there is none, it is damaged, or a version of nmt wrote it that is much older, or newer.
        """
        path = folder / MANIFEST_FILE
        try:
            manifest = cls.model_validate_json(read_small(path, MAX_BYTES))
        except OSError:
            raise InputError(f"{folder}: no prepared data; make it with: nmt prepare --config FILE") from None
        except ValidationError:
            raise InputError(f"{path}: damaged; run nmt prepare --force") from None
        if manifest.format not in _READABLE:
            raise InputError(f"{path}: written by another version of nmt; run nmt prepare --force")
        return manifest


_OF_TEXTS = ("max_tokens", "keep", "overlap")
_NO_SETTINGS: dict[str, Any] = {
    **dict.fromkeys(("directory", "corpus", "parallel", "labelled", "split", "processes"), True),
    "filter": set(_OF_TEXTS),
}
_NOT_READ = {"path", "url", "sha256", "allow_http", "fields", "ignore_labels"}


def settings_hash(config: Config, tokenizer: Tokenizer | None = None) -> str:
    """Hash the configuration keys that change prepared data; the content of the input files is left out.

    Args:
        config: the experiment.
        tokenizer: the one that cuts the data, where it is not learned from this very data.
    """
    data = config.data
    settings: dict[str, Any] = data.model_dump(mode="json", exclude=_NO_SETTINGS)
    settings["task"] = settings.pop("synthetic")  # its old name, so that data of then is not taken for stale
    if not data.normalise.html_tags:  # nor for want of a key that came later
        del settings["normalise"]["html_tags"]
    if data.tokenizer.sample is None:
        del settings["tokenizer"]["sample"]
    settings["same_ids"] = config.same_ids
    if config.task == "classification":
        settings["classification"] = data.filter.model_dump(mode="json", include=set(_OF_TEXTS))
        settings["labelled"] = None if data.labelled is None else sorted(data.labelled.given())
        settings["read"] = data.corpus.model_dump(mode="json", include={"columns", "fields", "ignore_labels"})
    if tokenizer is not None:
        models = (tokenizer.source_model, tokenizer.target_model)
        settings["given_tokenizer"] = [hashlib.sha256(model).hexdigest() for model in models]
    if data.parallel is None:
        settings["corpus"] = data.corpus.model_dump(mode="json", exclude=_NOT_READ)
        settings["split"] = data.split.model_dump(mode="json")
    else:
        settings["targets"] = {name: len(given.references) for name, given in data.parallel.given().items()}
    text = json.dumps([FORMAT, settings], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
