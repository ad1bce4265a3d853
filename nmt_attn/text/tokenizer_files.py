"""The files of a saved tokenizer: ``tokenizer.json``, and the sentencepiece models that it names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from nmt_attn.config.language_codes import standard_code
from nmt_attn.config.schema import NormaliseConfig
from nmt_attn.errors import InputError
from nmt_attn.files import read_small
from nmt_attn.text.lines import TrainingLines

INFO_FILE = "tokenizer.json"
MAX_INFO_BYTES = 1 << 20
MAX_MODEL_BYTES = 64 << 20
_FORMAT = 1


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# A language code, or nothing where a tokenizer was saved before it knew its languages.
_Code = Annotated[str, AfterValidator(lambda code: standard_code(code) if code else "")]


class ModelFile(_Strict):
    """A serialised sentencepiece model."""

    file: Literal["joint.model", "source.model", "target.model"]
    sha256: str


class TokenizerInfo(_Strict):
    """Content of ``tokenizer.json``."""

    format: Literal[1]
    kind: Literal["unigram", "bpe", "word", "char"]
    normalise: NormaliseConfig
    source: ModelFile
    target: ModelFile
    source_lang: _Code = ""
    target_lang: _Code = ""
    lines: TrainingLines | None = None
    labels: tuple[str, ...] = ()


def write_files(folder: Path, source_model: bytes, target_model: bytes, about: Mapping[str, Any]) -> None:
    """Write the models and ``tokenizer.json`` into ``folder``, which is made where it is missing.

    Args:
        folder: where they go.
        source_model: serialised sentencepiece model.
        target_model: that of the other side; the same one is written once.
        about: what else :class:`TokenizerInfo` has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    joint = source_model == target_model
    source, target = ("joint.model", "joint.model") if joint else ("source.model", "target.model")
    for name, model in ((source, source_model), (target, target_model)):
        (folder / name).write_bytes(model)
    info = {
        "format": _FORMAT,
        "source": {"file": source, "sha256": _sha256(source_model)},
        "target": {"file": target, "sha256": _sha256(target_model)},
        **about,
    }
    text = TokenizerInfo.model_validate(info).model_dump_json(indent=2)
    (folder / INFO_FILE).write_text(text + "\n", encoding="utf-8")


def read_info(folder: Path) -> TokenizerInfo:
    """Read ``tokenizer.json``.

    Raises:
        InputError: it is missing or damaged.
    """
    path = folder / INFO_FILE
    try:
        return TokenizerInfo.model_validate_json(read_small(path, MAX_INFO_BYTES))
    except OSError as error:
        raise InputError(f"{path}: cannot read the tokenizer: {error.strerror}") from None
    except ValidationError:
        raise InputError(f"{path}: damaged, or written by another version of nmt") from None


def read_models(folder: Path, info: TokenizerInfo) -> tuple[bytes, bytes]:
    """Read the models of both sides.

    Raises:
        InputError: one is missing, or is not the one that ``info`` names.
    """
    source = _read_model(folder, info.source)
    return source, source if info.target == info.source else _read_model(folder, info.target)


def _read_model(folder: Path, entry: ModelFile) -> bytes:
    path = folder / entry.file
    try:
        model = read_small(path, MAX_MODEL_BYTES)
    except OSError as error:
        raise InputError(f"{path}: cannot read the tokenizer: {error.strerror}") from None
    if _sha256(model) != entry.sha256:
        raise InputError(f"{path}: damaged: its sha256 is not the one in {INFO_FILE}")
    return model


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
