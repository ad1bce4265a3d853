"""Checkpoints: weights and training state on disk, written atomically. No pickle is written or read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from nmt_attn.errors import InputError
from nmt_attn.files import atomic_directory
from nmt_attn.runs.inspection import WEIGHTS
from nmt_attn.runs.weights_header import header_length

TRAINED = "trained.safetensors"
OPTIMISER = "optimiser.safetensors"
STATE = "state.json"
CHECKSUMS = "checksums.json"


@dataclass(frozen=True)
class Checkpoint:
    """The state from which a training is resumed."""

    weights: Mapping[str, Tensor]  # what translates; with training.ema the average
    optimiser: Mapping[str, Tensor]  # moments and generator states, by name
    state: Mapping[str, Any]  # plain numbers: step, epoch, best score, …
    trained: Mapping[str, Tensor] | None = None  # the weights that are being trained, where they are not those above


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; an interrupted or failing write leaves nothing behind.

    Raises:
        NmtError: the disk is full, read-only or not permitted.
    """
    with atomic_directory(folder) as aside:
        _save(checkpoint.weights, aside / WEIGHTS)
        if checkpoint.trained is not None:
            _save(checkpoint.trained, aside / TRAINED)
        _save(checkpoint.optimiser, aside / OPTIMISER)
        (aside / STATE).write_text(json.dumps(checkpoint.state, indent=2) + "\n", encoding="utf-8")
        _write_checksums(aside)


def load_checkpoint(folder: Path, device: torch.device) -> Checkpoint:
    """Read a checkpoint back, after verifying its checksums.

    Raises:
        InputError: a file of it is missing or damaged.
    """
    checksums = _checksums(folder)
    for name in sorted({WEIGHTS, OPTIMISER, STATE, *checksums}):
        _verify(folder / name, checksums)
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{folder / STATE}: cannot be read: {error}") from None
    return Checkpoint(
        weights=_load(folder / WEIGHTS, device),
        optimiser=_load(folder / OPTIMISER, torch.device("cpu")),
        state=state,
        trained=_load(folder / TRAINED, device) if TRAINED in checksums else None,
    )


def load_weights(folder: Path, device: torch.device) -> dict[str, Tensor]:
    """Load the weights of a checkpoint that are used for translation, by name.

    Raises:
        InputError: the file is missing or damaged, or a weight is not finite.
    """
    if (folder / CHECKSUMS).exists():  # weights that somebody else has put there have none
        _verify(folder / WEIGHTS, _checksums(folder))
    weights = _load(folder / WEIGHTS, device)
    for name, weight in weights.items():
        if not bool(torch.isfinite(weight).all()):
            raise InputError(f"{folder / WEIGHTS}: {name} holds numbers that are not finite")
    return weights


def weights_sha256(folder: Path) -> str:
    """Hash the weights of a checkpoint that are used for translation."""
    return _sha256(folder / WEIGHTS)


def save_weights(weights: Mapping[str, Tensor], folder: Path) -> None:
    """Write the weights of a checkpoint from which training cannot be resumed."""
    _save(weights, folder / WEIGHTS)
    _write_checksums(folder)


# --- checksums --------------------------------------------------------------------------------------------------


def _write_checksums(folder: Path) -> None:
    """Write down the SHA-256 of every file in ``folder``."""
    sums = {path.name: _sha256(path) for path in sorted(folder.iterdir()) if path.name != CHECKSUMS}
    (folder / CHECKSUMS).write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8")


def _checksums(folder: Path) -> dict[str, str]:
    path = folder / CHECKSUMS
    try:
        sums = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged or not readable: {error}") from None
    names = {WEIGHTS, TRAINED, OPTIMISER, STATE}
    if not isinstance(sums, dict) or not sums.keys() <= names:
        raise InputError(f"{path}: damaged: it does not hold the checksums of a checkpoint")
    return sums


def _verify(path: Path, checksums: Mapping[str, str]) -> None:
    try:
        found = _sha256(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if found != checksums.get(path.name):
        raise InputError(f"{path}: damaged: it is not what {CHECKSUMS} says it was")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- tensors ----------------------------------------------------------------------------------------------------


def _save(tensors: Mapping[str, Tensor], path: Path) -> None:
    try:
        save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, path)
    except SafetensorError as error:  # wraps the system's own error, a full disk for one
        raise OSError(0, str(error)) from None


def _load(path: Path, device: torch.device) -> dict[str, Tensor]:
    header_length(path)  # refuses what would block, and what takes long to read
    try:
        return {name: tensor.to(device) for name, tensor in load_file(path).items()}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: damaged or not a safetensors file: {error}") from None
