"""The kinds of things that a path can be (a run, prepared data, a configuration and others), and facts about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmt_attn.config.differences import changed_values
from nmt_attn.config.loading import load_config
from nmt_attn.errors import InputError
from nmt_attn.files import read_small
from nmt_attn.reporting.inspected_model import (
    Values,
    checkpoint_values,
    metrics_values,
    run_values,
    safetensors_values,
    tokenizer_values,
)
from nmt_attn.runs.directory import RunDirectory
from nmt_attn.runs.inspection import WEIGHTS
from nmt_attn.runs.summary import why_no_run
from nmt_attn.text.tokenizer_files import INFO_FILE

_MANIFEST_FILE = "manifest.json"  # of prepared data, the code of which is loaded where there is one
_EXPORT_FILE, _EXPORT_FORMAT, _MAX_EXPORT_BYTES = "model.json", "nmt-onnx", 4 << 20

_KNOWN = (
    "a run, a checkpoint, prepared data, a tokenizer, an exported model, metrics.jsonl, weights (.safetensors) or a "
    "configuration (.yaml)"
)


@dataclass(frozen=True)
class Inspected:
    """What lies at a path, and what is known about it."""

    kind: str
    path: Path
    values: Values

    def to_json(self) -> Values:
        """Return it as plain values for JSON."""
        return {"kind": self.kind, "path": str(self.path), **self.values}


def inspect_path(path: Path) -> Inspected:
    """Say what lies at a path.

    Raises:
        InputError: there is nothing, it is damaged, or it is nothing that nmt writes or reads.
        ConfigError: it is a configuration that is wrong.
    """
    try:
        if path.is_dir():
            kind, place, describe = _of_folder(path)
        elif path.is_file():
            kind, place, describe = _of_file(path)
        else:
            what = "no such file or folder" if not path.exists() else "neither a folder nor an ordinary file"
            raise InputError(f"{path}: {what}; nmt inspect looks at {_KNOWN}")
        return Inspected(kind, place, describe(place))
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read: {error.strerror}") from None


_Found = tuple[str, Path, Callable[[Path], Values]]


def _of_folder(path: Path) -> _Found:
    if (path / _EXPORT_FILE).is_file():
        return "exported model", path, export_values
    if why_no_run(path) is None:
        return "run", path, run_values
    if (path / _MANIFEST_FILE).is_file():
        return "prepared data", path, prepared_values
    if (path / INFO_FILE).is_file():
        return "tokenizer", path, tokenizer_values
    if (path / WEIGHTS).exists() or path.absolute().parent.name == "checkpoints":
        return "checkpoint", path, checkpoint_values
    if any(why_no_run(inside) is None for inside in path.iterdir() if inside.is_dir()):
        raise InputError(f"{path}: a folder with runs in it; list them with: nmt runs {path}")
    raise InputError(f"{path}: a folder with nothing of nmt in it; nmt inspect looks at {_KNOWN}")


def _of_file(path: Path) -> _Found:
    """Tell a file by its name; one that belongs to a folder stands for that folder."""
    name, folder = path.name, path.parent
    if name in (_MANIFEST_FILE, INFO_FILE, _EXPORT_FILE, "run.json", "origin.json", "state.json", "checksums.json"):
        return _of_folder(folder)
    if name in ("best", "latest") and (folder / "config.yaml").is_file():
        checkpoint = RunDirectory(folder).pointed(name)
        if checkpoint is None:
            raise InputError(f"{path}: the checkpoint that it names is not there")
        return "checkpoint", checkpoint, checkpoint_values
    by_ending: dict[str, tuple[str, Callable[[Path], Values]]] = {
        ".safetensors": ("weights", safetensors_values),
        ".jsonl": ("log of a training", metrics_values),
        ".yaml": ("configuration", configuration_values),
        ".yml": ("configuration", configuration_values),
    }
    if path.suffix not in by_ending:
        raise InputError(f"{path}: no file of nmt, by its name; nmt inspect looks at {_KNOWN}")
    kind, describe = by_ending[path.suffix]
    return kind, path, describe


def configuration_values(path: Path) -> Values:
    """Describe a configuration file.

    Raises:
        ConfigError: it is wrong.
    """
    config = load_config(path)
    return {
        "name": config.name,
        "task": config.task,
        "run": str(config.run_directory),
        "prepared_data": str(config.data_directory),
        "changed_configuration": changed_values(config),
    }


def export_values(folder: Path) -> Values:
    """Describe what ``nmt export`` has written.

    Raises:
        InputError: it is damaged, or of another program.
    """
    path = folder / _EXPORT_FILE
    try:
        about = json.loads(read_small(path, _MAX_EXPORT_BYTES))
        is_ours = str(about["format"]).startswith(_EXPORT_FORMAT)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{path}: damaged: not the description of an exported model") from None
    if not is_ours:
        raise InputError(f"{path}: not of nmt: its format is {str(about['format'])[:80]!r}")
    files = sorted(file for file in folder.iterdir() if file.is_file())
    languages = [about.get("source_lang"), about.get("target_lang")]
    decoding = about.get("decoding")
    return {
        "format": str(about["format"]),
        "of": _text(about.get("run")),
        "nmt": _text(about.get("nmt")),
        "languages": " → ".join(map(str, languages)) if all(languages) else None,
        "decoding": decoding if isinstance(decoding, dict) else None,
        "vocabulary": tokenizer_values(folder / "tokenizer") if (folder / "tokenizer").is_dir() else None,
        "files": [{"file": file.name, "bytes": file.stat().st_size} for file in files],
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def prepared_values(folder: Path) -> Values:
    """Describe prepared data by its manifest.

    Raises:
        InputError: the manifest is damaged, or of another version.
    """
    from nmt_attn.corpus.manifest import Manifest

    manifest = Manifest.load(folder)
    labelled = manifest.labelled
    splits = {name: getattr(manifest.splits, name) for name in ("train", "valid", "test")}
    values: Values = {
        "languages": None if labelled is not None else f"{manifest.source_lang} → {manifest.target_lang}",
        "made_by": f"nmt {manifest.nmt_version}, format {manifest.format}",
        "read": manifest.pairs_read,
        "kept": sum(counts.pairs for counts in splits.values()),
        "dropped": {reason: count for reason, count in manifest.dropped.items() if count},
        "notes": "; ".join(manifest.notes) or None,
        "bytes": sum(manifest.files.values()),
        "inputs": [
            {"role": entry.role, "path": entry.path, "bytes": entry.size, "sha256": entry.sha256}
            for entry in manifest.inputs
        ],
        "splits": [],
        "vocabulary": {
            "pieces_are": manifest.vocabulary.kind,
            "joint": None if labelled is not None else manifest.vocabulary.joint,
            ("tokens" if labelled is not None else "source_tokens"): manifest.vocabulary.source_size,
            ("labels" if labelled is not None else "target_tokens"): manifest.vocabulary.target_size,
        },
    }
    for name, counts in splits.items():
        row: Values = {"split": name, "sentences": counts.sentences, "pairs": counts.pairs}
        for side in ("source",) if labelled is not None else ("source", "target"):
            of_side = getattr(counts, side)
            row[f"{side}_tokens"], row[f"mean_of_{side}"] = of_side.tokens, round(of_side.mean_length, 1)
            row[f"longest_{side}"] = of_side.max_length
        values["splits"].append(row)
    if labelled is not None:
        names = sorted({label for part in labelled.labels.values() for label in part})
        values["labels"] = [
            {"label": label, **{part: counts.get(label, 0) for part, counts in labelled.labels.items()}}
            for label in names
        ]
    return values
