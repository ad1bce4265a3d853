"""What tasks have to say about the folder that ``nmt export`` writes; the folder itself is the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from nmt_attn.config.schema import Config
from nmt_attn.text.tokenizer import BOS, EOS, PAD, UNK, Tokenizer
from nmt_attn.text.tokenizer_files import INFO_FILE

if TYPE_CHECKING:
    import onnx

    from nmt_attn.export.graph import Value

TOKENIZER = "tokenizer"
"""The folder of the tokenizer."""

TOKENIZER_FILE = f"{TOKENIZER}/{INFO_FILE}"

SPECIAL_IDS = {"pad": PAD, "unk": UNK, "bos": BOS, "eos": EOS}


@dataclass(frozen=True)
class Trained:
    """A checkpoint that has been loaded, with the configuration of its run."""

    name: str  # run/checkpoint
    config: Config
    tokenizer: Tokenizer
    weights: Mapping[str, Tensor]


@dataclass(frozen=True)
class Contents:
    """The part of an exported folder that a network makes."""

    models: dict[str, onnx.ModelProto]  # by the name of the file
    description: dict[str, Any]  # of model.json
    difference: Callable[[Path], float]  # between the network and the models in a folder, the largest seen


@dataclass(frozen=True)
class TaskExport:
    """The export of a task."""

    format: str  # in model.json
    models: tuple[str, ...]  # file names
    program: dict[str, Path]  # files that are put beside the models as they stand, by name
    configure: Callable[[Path, Sequence[str]], Config]  # from a file, and overrides that must have an effect
    contents: Callable[[Trained], Contents]


def listed(values: Sequence[Value]) -> list[dict[str, Any]]:
    """List inputs or outputs as ``model.json`` has them."""
    return [{"name": value.name, "type": value.type, "shape": list(value.shape)} for value in values]
