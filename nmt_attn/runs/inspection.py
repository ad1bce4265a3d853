"""Checks of an untrusted run before any of it is loaded.

Nothing outside the run is read for it, and it cannot ask for more memory than the size of its files justifies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from nmt_attn.config.loading import load_config
from nmt_attn.config.schema import Config
from nmt_attn.errors import InputError
from nmt_attn.files import read_small
from nmt_attn.text.sentencepiece_model import count_pieces
from nmt_attn.text.tokenizer_files import INFO_FILE, MAX_INFO_BYTES, MAX_MODEL_BYTES

WEIGHTS = "model.safetensors"
"""The file of a checkpoint with the weights used for translation."""

_POINTERS = ("best", "latest")
_POINTER = re.compile(r"(checkpoints/[0-9]{1,18})?\s*")
_READ = ("config.yaml", "manifest.json", "metrics.jsonl", "run.json", *_POINTERS, "tokenizer", "checkpoints")

# A weight takes four bytes; in half precision two, in double eight. The rest is for the header.
_FEWEST_BYTES, _MOST_BYTES = 2, 8
_SLACK = 1 << 20


def refuse_foreign(run: Path) -> None:
    """Make sure that everything that is read from a run lies in it.

    Raises:
        InputError: a link leads out of the run, or a pointer file names anything but one of its checkpoints.
    """
    inside = run.resolve()
    for path in _what_is_read(run):
        try:
            target = path.resolve()
        except (OSError, RuntimeError):  # a link to itself
            raise InputError(f"{path}: a link that leads nowhere") from None
        if not target.is_relative_to(inside):
            raise InputError(
                f"{path}: a link out of the run, to {target}; a run is complete in itself: copy the file there, or "
                "link the whole run"
            )
    for name in _POINTERS:
        if (run / name).exists():
            content = read_small(run / name, 1000).decode("utf-8", "replace")
            if not _POINTER.fullmatch(content):
                raise InputError(f"{run / name}: holds {content[:80]!r}; expected checkpoints/<step>")


def _what_is_read(run: Path) -> Iterator[Path]:
    """Yield the paths level by level, so that a folder is opened only after it has been found to lie inside."""
    for name in _READ:
        yield run / name
    for pattern in ("tokenizer/*", "checkpoints/*", "checkpoints/*/*"):
        yield from run.glob(pattern)


def refuse_misfit(run: Path, checkpoint: Path) -> None:
    """Make sure that the size of the network in the configuration fits the size of the weights.

    Building the network takes the memory that the configuration and the tokenizer ask for. Loading the weights takes
    what their file says. So both are compared first, without either; each single weight is checked when it is loaded.

    Raises:
        InputError: the sizes do not fit, or the configuration is wrong.
    """
    weights = checkpoint / WEIGHTS
    vocabulary = _vocabulary(run / "tokenizer")
    if vocabulary is None:
        return  # whoever loads the tokenizer says what is wrong with it, and no network is built
    if not weights.is_file():
        raise InputError(f"{weights}: {'not an ordinary' if weights.exists() else 'no such'} file")
    needed = count_weights(load_config(run / "config.yaml"), *vocabulary)
    size = weights.stat().st_size
    if not _FEWEST_BYTES * needed <= size <= _MOST_BYTES * needed + _SLACK:
        raise InputError(
            f"{weights}: damaged, or of another network: it has {size:,} bytes, but {run / 'config.yaml'} and the "
            f"tokenizer ask for {needed:,} weights"
        )


def count_weights(config: Config, source_size: int, target_size: int) -> int:
    """Count the weights of a network by building it from names and shapes alone, which takes no memory for them.

    Args:
        config: the task, and the sizes and kinds of the network's parts.
        source_size: the size of the source vocabulary.
        target_size: the size of the target vocabulary, or the number of labels.
    """
    from nmt_attn.model.family import network_without_weights

    network = network_without_weights(config, source_size, target_size)
    return sum(weight.numel() for weight in network.weights().values())


class _ModelFile(BaseModel):
    file: Literal["joint.model", "source.model", "target.model"]


class _TokenizerFiles(BaseModel):
    """The part of ``tokenizer.json`` that names the model file of each side."""

    source: _ModelFile
    target: _ModelFile
    labels: list[str] = []


def _vocabulary(tokenizer: Path) -> list[int] | None:
    """Return the sizes of the source and the target vocabulary; None if the files are missing or damaged."""
    try:
        files = _TokenizerFiles.model_validate_json(read_small(tokenizer / INFO_FILE, MAX_INFO_BYTES))
        sizes = [
            count_pieces(read_small(tokenizer / side.file, MAX_MODEL_BYTES)) for side in (files.source, files.target)
        ]
    except (OSError, ValidationError):
        return None
    return [sizes[0], len(files.labels)] if files.labels else sizes
