"""The files that prepared data is made of: which they are, whether they are there, what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from nmt_attn.config.schema import CorpusConfig, DataConfig
from nmt_attn.corpus.download import download
from nmt_attn.corpus.languages import Languages
from nmt_attn.corpus.manifest import InputFile
from nmt_attn.corpus.progress import note
from nmt_attn.corpus.read import members_of
from nmt_attn.errors import ConfigError, InputError


def input_paths(config: DataConfig) -> dict[str, Path]:
    """Return the files that the configuration names, by role; none for pairs that are made up.

    Raises:
        ConfigError: it names none.
    """
    if config.parallel is not None:
        files = config.parallel.given()
        roles = {f"{name}.source": given.source for name, given in files.items()}
        for name, given in files.items():
            roles.update({f"{name}.target.{index}": path for index, path in enumerate(given.target)})
        return roles
    if config.synthetic is not None:
        return {}
    if config.corpus.path is None:
        raise ConfigError(
            "nothing to learn from: set data.corpus.path to a file of pairs, data.parallel to your own files, or "
            "data.synthetic to a kind of made-up pairs"
        )
    return {"corpus": config.corpus.path}


def fetch_inputs(config: DataConfig) -> list[InputFile]:
    """Download what is missing and has an address, and describe every file.

    Raises:
        ConfigError: the configuration names no files.
        InputError: a file is missing or unreadable, or the address is wrong.
        DownloadError: the download failed.
    """
    languages = Languages(config.source_lang, config.target_lang)
    return [_fetch(role, path, config.corpus, languages) for role, path in input_paths(config).items()]


def _fetch(role: str, path: Path, corpus: CorpusConfig, languages: Languages) -> InputFile:
    fetched_from = None
    if role == "corpus" and corpus.url is not None and not path.exists():
        note(f"fetching {corpus.url}")
        fetched_from = download(corpus.url, path, allow_http=corpus.allow_http).url
    if not path.is_file():
        kind = "is a folder; expected a file" if path.is_dir() else "no such file"
        key = f"data.{role}.path" if role == "corpus" else f"data.parallel.{role.split('.')[0]}"
        advice = "; set data.corpus.url to have it fetched" if role == "corpus" and not path.exists() else ""
        raise InputError(f"{path}: {kind} ({key}){advice}")
    members = members_of(path, languages) if role == "corpus" else None
    try:
        status = path.stat()
        return InputFile(
            role=role,
            path=str(path),
            member=str(members) if members is not None else None,
            url=fetched_from,
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            sha256=sha256_of(path),
        )
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def is_unchanged(recorded: InputFile, path: Path) -> bool:
    """Say whether ``path`` holds what was recorded. A file that is gone from the same place counts as unchanged."""
    try:
        status = path.stat()
    except OSError:
        return recorded.path == str(path)
    if status.st_size != recorded.size:
        return False
    if recorded.path == str(path) and status.st_mtime_ns == recorded.mtime_ns:
        return True  # no need to read it all
    try:
        return sha256_of(path) == recorded.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """Hash the content of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
